package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;

/**
 * A TCP socket associated with a port. Every operation ends in exactly one completion, even if it fails at once or the
 * handle is closed meanwhile. Operating errors are never thrown. One receive and one send may be pending at a time.
 *
 * <p>Engines and applications must not synchronize on a socket, because this library uses its monitor.
 */
public interface PortSocket {
    /**
     * Binds to an address of this machine, before the connect. Without this call the system chooses one.
     *
     * @param local port 0 lets the system choose
     * @throws IoException if the address is taken or not ours, or the handle is closed
     */
    void bind(InetSocketAddress local) throws IoException;

    /**
     * Connects. Completes with 0 bytes.
     *
     * @param remote the peer
     * @param context a fresh context, whose reference goes to the port
     */
    void connect(InetSocketAddress remote, IoContext context);

    /**
     * Receives at least 1 byte and at most the room of the buffer. 0 bytes and no error mean that the peer
     * disconnected.
     *
     * @param buffer between position and limit; the port's until the completion. The position moves by the bytes
     *        received
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalArgumentException if the buffer has no room, since 0 bytes could then not be distinguished from a
     *        disconnect
     * @throws IllegalStateException if a receive is pending, or the context is not fresh, or the port was closed
     */
    void receive(ByteBuffer buffer, IoContext context);

    /**
     * Sends one buffer, as {@link #send(ByteBuffer[], int, IoContext)} does.
     *
     * @param buffer the port's until the completion, its position moves by the bytes sent
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalArgumentException if there is nothing to send
     * @throws IllegalStateException if a send is pending, or the context is not fresh, or the port was closed
     */
    default void send(ByteBuffer buffer, IoContext context) {
        send(new ByteBuffer[] {buffer}, 1, context);
    }

    /**
     * Sends the buffers in order, as far as the operating system takes them now. A send of fewer bytes is a success.
     *
     * @param buffers the array may be reused after the call; the buffers are the port's until the completion, their
     *        positions move by the bytes sent
     * @param count how many of the array to send, 1 to {@link CompletionPort#GATHER_MAX}
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalArgumentException if there is nothing to send
     * @throws IllegalStateException if a send is pending, or the context is not fresh, or the port was closed
     */
    void send(ByteBuffer[] buffers, int count, IoContext context);

    /**
     * Sends what the operating system takes at once, without an operation. An engine that cannot do so, or not on this
     * thread, sends nothing.
     *
     * @param buffer the caller's again on return; its position moves by the bytes sent
     * @return the bytes sent, 0 or more; also 0 if a send is pending or the handle is closed
     * @throws IOException if the connection is broken. The system may report this only once, so no operation will
     */
    default long sendNow(ByteBuffer buffer) throws IOException {
        return 0;
    }

    /**
     * Sends the buffers in order as {@link #sendNow(ByteBuffer)} does.
     *
     * @param buffers the caller's again on return, as the array; their positions move by the bytes sent
     * @param count how many of the array to send, 1 to {@link CompletionPort#GATHER_MAX}
     * @return the bytes sent, 0 or more; also 0 if a send is pending or the handle is closed
     * @throws IOException as {@link #sendNow(ByteBuffer)}
     */
    default long sendNow(ByteBuffer[] buffers, int count) throws IOException {
        return 0;
    }

    /**
     * Sends FIN. Must be called with no send pending.
     *
     * @throws IoException if the socket is not connected any more
     */
    void shutdownOutput() throws IoException;

    /**
     * Closes the handle. Pending operations complete with {@link IoError#OPERATION_ABORTED}. A second call does
     * nothing.
     */
    void close();

    /**
     * Sets an option of {@link java.net.StandardSocketOptions}, of {@code jdk.net.ExtendedSocketOptions}, or
     * {@link TcpOptions#USER_TIMEOUT}.
     *
     * @param <T> the type of its value
     * @param option which
     * @param value its value
     * @throws IoException if the system refuses, the handle is closed, or, with {@link IoError#NOT_SUPPORTED}, the
     *        engine cannot set it
     */
    <T> void option(SocketOption<T> option, T value) throws IoException;

    /**
     * Sets the key that is called when the port closes; an accepted socket starts with {@link CompletionKey#NONE}. If
     * the port is closing already, the new key is called too.
     *
     * @param key the new one
     */
    void key(CompletionKey key);

    /**
     * Our address.
     *
     * @return null before the connection is there
     */
    InetSocketAddress local();

    /**
     * The peer's address, also after the handle was closed.
     *
     * @return null before the connection is there
     */
    InetSocketAddress remote();
}
