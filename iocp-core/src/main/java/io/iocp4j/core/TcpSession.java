package io.iocp4j.core;

/**
 * The work of a virtual thread with its connection, in the blocking API. The connection is closed when the work
 * returns, and aborted when it throws.
 */
@FunctionalInterface
public interface TcpSession {
    /**
     * Reads and writes with blocking calls.
     *
     * @param connection open
     * @throws Exception to abort the connection. It is logged, unless a call of this very connection threw it, or it is
     *         an {@link java.io.IOException}, or the exception of a future, caused by such a failure. So a session may
     *         {@code join} the future of {@link TcpConnection#acceptTls}
     */
    void run(TcpConnection connection) throws Exception;
}
