package io.iocp4j.bench.server;

/** A server that listens on the loopback address. Any thread. */
public interface RunningServer extends AutoCloseable {
    /**
     * Returns the port it listens on.
     *
     * @return 1 to 65535
     */
    int port();

    /** Ends the listener, every connection and every thread of the server. */
    @Override
    void close();
}
