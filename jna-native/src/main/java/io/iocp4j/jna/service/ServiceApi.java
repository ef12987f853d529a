package io.iocp4j.jna.service;

import java.util.function.IntUnaryOperator;

/**
 * The calls of the system that services need (winsvc.h). A result below 0 is an error of the system with a minus.
 * Strings and structures live only as long as the call.
 */
interface ServiceApi {
    int ACCESS_DENIED = 5;
    int TIMEOUT = 1053;
    int ALREADY_RUNNING = 1056;
    int DISABLED = 1058;
    int NO_SUCH_SERVICE = 1060;
    int NOT_ACTIVE = 1062;
    int NOT_A_SERVICE = 1063;
    int SERVICE_SPECIFIC = 1066;
    int MARKED_FOR_DELETE = 1072;
    int EXISTS = 1073;
    int NOT_IMPLEMENTED = 120;

    int STATE_STOPPED = 1;
    int STATE_START_PENDING = 2;
    int STATE_STOP_PENDING = 3;
    int STATE_RUNNING = 4;

    int CONTROL_STOP = 1;
    int CONTROL_INTERROGATE = 4;
    int CONTROL_SHUTDOWN = 5;

    int ACCEPT_STOP = 1;
    int ACCEPT_SHUTDOWN = 4;

    int MANAGER_CONNECT = 0x0001;
    int MANAGER_CREATE = 0x0002;

    int SERVICE_CHANGE = 0x0002;
    int SERVICE_QUERY_STATUS = 0x0004;
    int SERVICE_START = 0x0010;
    int SERVICE_STOP = 0x0020;
    int SERVICE_DELETE = 0x10000;

    /** SERVICE_STATUS_PROCESS, as far as it is of use. */
    record Status(int state, int exitCode, int specificCode, int processId) {
    }

    /** OpenSCManagerW. */
    long openManager(int access);

    /** CreateServiceW: a process of its own that starts with the system. */
    long create(long manager, String name, String displayName, String command, String account);

    /** OpenServiceW. */
    long open(long manager, String name, int access);

    /** CloseServiceHandle. */
    void close(long handle);

    /** ChangeServiceConfig2W with SERVICE_CONFIG_DESCRIPTION. */
    int describe(long service, String text);

    /**
     * ChangeServiceConfig2W with SERVICE_CONFIG_FAILURE_ACTIONS and SERVICE_CONFIG_FAILURE_ACTIONS_FLAG: restart, also
     * if the service stops with an error.
     *
     * @param delayMillis before each restart
     * @param resetSeconds without a failure after which failures are forgotten
     */
    int restartOnFailure(long service, int delayMillis, int resetSeconds);

    /** StartServiceW. */
    int start(long service);

    /** ControlService with SERVICE_CONTROL_STOP. */
    int stop(long service);

    /** DeleteService. */
    int delete(long service);

    /** QueryServiceStatusEx; null if it fails. */
    Status query(long service);

    /**
     * NotifyServiceStatusChangeW, and SleepEx until the notice comes or the time is over. Once for each handle.
     *
     * @param state the service is waited for
     * @param millis the longest wait
     * @return 0 for either, or an error
     */
    int awaitState(long service, int state, int millis);

    /**
     * StartServiceCtrlDispatcherW: returns when the service has stopped.
     *
     * @param main called on a thread of the service manager
     */
    int dispatch(String name, Runnable main);

    /**
     * RegisterServiceCtrlHandlerExW.
     *
     * @param handler takes a control code and returns an error of the system, or 0; called on the thread of
     *         {@link #dispatch}
     * @return the handle of the service's status
     */
    long register(String name, IntUnaryOperator handler);

    /** SetServiceStatus. */
    int report(long status, int state, int accepted, int exitCode, int specificCode, int checkPoint, int waitMillis);
}
