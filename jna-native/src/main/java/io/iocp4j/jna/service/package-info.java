/**
 * Services of Windows: to install a program as one, to start and stop it, and to be one. An application gives its part
 * as a {@link io.iocp4j.jna.service.ServiceProgram}, and calls {@link io.iocp4j.jna.service.WindowsService}.
 *
 * <h2>What flows where</h2>
 * <pre>
 * install, uninstall, start, stop, status
 *   WindowsService        opens the service manager and the service, makes the calls, closes both
 * run
 *   WindowsService        dispatch: the calling thread belongs to the service manager until the service has stopped
 *     v                   a thread of the service manager
 *   ServiceHost.main      registers the control handler, starts the program, waits for stop, stops the program
 *     ^                   the calling thread, inside of dispatch
 *   ServiceHost.control   stop or shutdown: reports that the stop is pending, and wakes the other thread
 * </pre>
 *
 * <h2>Who owns what</h2>
 * Each call of WindowsService closes the handles that it opened. The handle of a service's status is never closed:
 * that is the rule of Windows.
 *
 * <h2>The seam for tests</h2>
 * {@code ServiceApi} lists the calls of the system, {@code JnaServiceApi} makes them. The tests put a fake service
 * manager behind the interface, and run the real one of Wine by {@code jna-native/wine-test service}.
 */
package io.iocp4j.jna.service;
