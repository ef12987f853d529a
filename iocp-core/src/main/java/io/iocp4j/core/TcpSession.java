package io.iocp4j.core;

/**
 * The work of a virtual thread with its connection, in the blocking API. When {@link #run} returns, the connection is
 * closed; when it throws, the connection is aborted.
 */
@FunctionalInterface
public interface TcpSession {
    /**
     * Reads and writes with blocking calls.
     *
     * @param connection open
     * @throws Exception to abort the connection. The exception is logged, unless a call on this connection threw it, or
     *        it is an {@link java.io.IOException} or the exception of a future that such a failure caused. So a session
     *        may {@code join} the future of {@link TcpConnection#flushed}
     */
    void run(TcpConnection connection) throws Exception;
}
