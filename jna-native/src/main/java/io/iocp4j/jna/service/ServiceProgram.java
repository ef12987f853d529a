package io.iocp4j.jna.service;

/** The program that runs as a service. Both methods are called once, on a thread of the service manager. */
public interface ServiceProgram {
    /**
     * Begins to serve, and returns when it does.
     *
     * @throws Exception if it cannot; the service then stops with an error, and {@link WindowsService#run} throws it
     */
    void start() throws Exception;

    /** Ends what {@link #start} began, within {@link WindowsService#STOP_LIMIT}. */
    void stop();
}
