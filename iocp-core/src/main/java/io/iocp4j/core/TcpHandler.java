package io.iocp4j.core;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The application's side of one connection. The callbacks of a connection never overlap. The port's workers run them,
 * so no callback may block. An exception of a callback ends its own connection with {@link IoError#HANDLER_FAILED}, and
 * nothing else.
 *
 * <p>{@code onOpen} comes first, then any of the others. {@code onClose} comes last and exactly once.
 */
public interface TcpHandler {
    /**
     * The connection is open. The first receive is submitted when this returns, unless the connection was paused.
     *
     * @param connection open for sending
     * @throws IOException to end the connection
     */
    default void onOpen(TcpConnection connection) throws IOException {
    }

    /**
     * Bytes arrived.
     *
     * @param connection the connection
     * @param data lent for the call, at least one byte; to keep it, see {@link TcpConnection#retainReceived()}
     * @throws IOException to end the connection
     */
    default void onData(TcpConnection connection, ByteBuffer data) throws IOException {
    }

    /**
     * The send queue, which was above the high-water mark, has fallen to the low-water mark.
     *
     * @param connection the connection
     * @throws IOException to end the connection
     */
    default void onDrain(TcpConnection connection) throws IOException {
    }

    /**
     * The peer has ended its sending side, and all its data was delivered. Unless {@link TcpOptions#allowHalfOpen} is
     * on, this side ends too when the call returns: FIN follows the queued data, and what is sent later is dropped.
     *
     * @param connection still open for sending
     * @throws IOException to end the connection
     */
    default void onEnd(TcpConnection connection) throws IOException {
    }

    /**
     * Nothing was received or sent for the time of {@link TcpConnection#idleTimeout}. This is only a notice; the
     * connection stays open.
     *
     * @param connection the connection
     * @throws IOException to end the connection
     */
    default void onTimeout(TcpConnection connection) throws IOException {
    }

    /**
     * The memory of the port is tight. The handler should release the memory that it keeps only for speed, such as
     * buffers for the next message.
     *
     * @param connection the connection, which stays
     * @throws IOException to end the connection
     */
    default void onMemoryTight(TcpConnection connection) throws IOException {
    }

    /**
     * The memory of the port is scarce, and this connection holds the most of it. The handler may send its last
     * message. When this returns, the connection is aborted with {@link IoError#NO_BUFFERS}, unless this call has
     * closed it and little is left to be sent.
     *
     * @param connection still open for sending
     * @param reason in words, with the limit
     * @throws IOException to end the connection
     */
    default void onMemoryScarce(TcpConnection connection, String reason) throws IOException {
    }

    /**
     * The connection has ended. Called at once after a {@code close()} or {@code abort()} of this side, else when both
     * directions have ended or at the first error. Also called, without an {@code onOpen} before it, when a connect
     * fails or the connection is closed before it is open.
     *
     * @param connection closed, every call on it is harmless
     * @param why how it ended
     */
    default void onClose(TcpConnection connection, CloseInfo why) {
    }
}
