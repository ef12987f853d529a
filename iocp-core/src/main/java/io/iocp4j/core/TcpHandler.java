package io.iocp4j.core;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The application's side of one connection. The callbacks of a connection never overlap and come from the port's
 * workers: none may wait. An exception of a callback ends its connection with {@link IoError#HANDLER_FAILED}, and only
 * that.
 *
 * <p>Order: {@code onOpen}, then any of the others, {@code onClose} last and exactly once.
 */
public interface TcpHandler {
    /**
     * The connection is there. The first receive is submitted when this returns, unless the connection was paused.
     *
     * @param connection open for sending
     * @throws IOException to end the connection
     */
    default void onOpen(TcpConnection connection) throws IOException {
    }

    /**
     * Bytes came.
     *
     * @param connection the connection
     * @param data lent for the call, at least one byte; to keep it, see {@link TcpConnection#retainReceived()}
     * @throws IOException to end the connection
     */
    default void onData(TcpConnection connection, ByteBuffer data) throws IOException {
    }

    /**
     * The queue, which was above the high-water mark, is down to the low-water mark.
     *
     * @param connection the connection
     * @throws IOException to end the connection
     */
    default void onDrain(TcpConnection connection) throws IOException {
    }

    /**
     * The peer has ended its sending side, and all its data was delivered. Unless half-open connections were asked for,
     * this side ends too when the call returns, after what is queued.
     *
     * @param connection still open for sending
     * @throws IOException to end the connection
     */
    default void onEnd(TcpConnection connection) throws IOException {
    }

    /**
     * Nothing was received or sent for the time of {@link TcpConnection#idleTimeout}. A notice only; the connection
     * stays.
     *
     * @param connection the connection
     * @throws IOException to end the connection
     */
    default void onTimeout(TcpConnection connection) throws IOException {
    }

    /**
     * The memory of the port is tight: let go of what this connection keeps for speed only, such as buffers for its
     * next message.
     *
     * @param connection the connection, which stays
     * @throws IOException to end the connection
     */
    default void onMemoryTight(TcpConnection connection) throws IOException {
    }

    /**
     * The memory of the port is scarce, and this connection holds most of it: the last words. When this returns, the
     * connection is aborted with {@link IoError#NO_BUFFERS}, unless this has closed it and little is left to be sent.
     *
     * @param connection still open for sending
     * @param reason in words, with the limit
     * @throws IOException to end the connection
     */
    default void onMemoryScarce(TcpConnection connection, String reason) throws IOException {
    }

    /**
     * The connection is over: at once after a {@code close()} or {@code abort()} of this side, else when both
     * directions have ended or the first error came. Also called, then without an {@code onOpen} before it, when a
     * connect fails or the connection is closed before it is open.
     *
     * @param connection closed, every call on it is harmless
     * @param why how it ended
     */
    default void onClose(TcpConnection connection, CloseInfo why) {
    }
}
