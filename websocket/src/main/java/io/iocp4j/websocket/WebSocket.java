package io.iocp4j.websocket;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import javax.net.ssl.SSLSession;

/**
 * One end of a WebSocket (RFC 6455), of a server or of a client. It has two APIs: callbacks of a
 * {@link WebSocketListener}, or blocking calls for virtual threads ({@link #receive()}, and this as an
 * {@code Iterable}); all sending belongs to both.
 *
 * <p>Every method may be called by any thread and is harmless after the end; no callback runs inside the call that
 * caused it. Messages of one thread arrive in its order.
 */
public sealed interface WebSocket extends AutoCloseable, Iterable<Message> permits MessageSender {
    /** The life of a WebSocket. It only moves down this list. */
    enum State {
        /** Both sides may send. */
        OPEN,
        /**
         * A Close frame has gone, and the answer or the end of the connection is awaited; what else comes is dropped.
         */
        CLOSING,
        /** Nothing more is sent or delivered. */
        CLOSED
    }

    // ------------------------------------------------------------------ sending without waiting

    /**
     * Queues a text message and never waits.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     * @return false if the message was taken, but the queue is above the high-water mark or another message is being
     *     streamed ({@code onDrain} follows), or if the WebSocket is not open and the message was dropped, perhaps
     *     because this one was too much for {@link io.iocp4j.core.TcpOptions#sendQueueMax(int)}
     */
    default boolean trySend(String text) {
        return trySend(Message.text(text));
    }

    /**
     * Queues a copy of a binary message and never waits.
     *
     * @param data the whole array
     * @return as {@link #trySend(String)}
     */
    default boolean trySend(byte[] data) {
        return trySend(ByteBuffer.wrap(data));
    }

    /**
     * Queues a copy of a binary message and never waits.
     *
     * @param data between position and limit; its position moves to its limit if it was taken
     * @return as {@link #trySend(String)}
     */
    boolean trySend(ByteBuffer data);

    /**
     * Queues a message and never waits.
     *
     * @param message a {@link SharedMessage} is not copied by a server, whose queue retains it until it is sent or
     *     dropped
     * @return as {@link #trySend(String)}
     */
    boolean trySend(Message message);

    /**
     * Queues a message, never waits, and tells when it has gone.
     *
     * @param message as {@link #trySend(Message)}
     * @return completes on a worker when the operating system has taken the message; exceptionally with an
     *     {@link IoException}, with {@link IoError#OPERATION_ABORTED} if this side ended the WebSocket or it was not
     *     open
     */
    CompletableFuture<Void> sendAsync(Message message);

    // ------------------------------------------------------------------ sending as the slow-consumer policy says

    /**
     * Sends a text message as the {@link SlowConsumer} policy says: unless set otherwise it waits while the queue is
     * above the high-water mark or another message is being streamed. On a worker, where nothing may wait, it is queued
     * all the same: the message that is too much for {@link io.iocp4j.core.TcpOptions#sendQueueMax(int)} ends the
     * WebSocket.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     * @throws WebSocketException if the WebSocket is not open, or ends meanwhile, or this message was too much; it then
     *     names the limit
     * @throws IoException if the thread is interrupted
     */
    default void send(String text) throws IOException {
        send(Message.text(text));
    }

    /**
     * Sends a copy of a binary message as {@link #send(String)}.
     *
     * @param data the whole array
     * @throws IOException as {@link #send(String)}
     */
    default void send(byte[] data) throws IOException {
        send(ByteBuffer.wrap(data));
    }

    /**
     * Sends a copy of a binary message as {@link #send(String)}.
     *
     * @param data between position and limit; its position moves to its limit if it was taken
     * @throws IOException as {@link #send(String)}
     */
    void send(ByteBuffer data) throws IOException;

    /**
     * Sends a message as {@link #send(String)}.
     *
     * @param message as {@link #trySend(Message)}
     * @throws IOException as {@link #send(String)}
     */
    void send(Message message) throws IOException;

    /**
     * Sends a binary message while it is written, in frames of up to 16 KiB; it ends when the stream is closed. Writing
     * waits as {@link SlowConsumer#BLOCK} says. Other messages of this side wait behind it, up to 1 MiB of them where
     * they may not wait themselves, above which the connection ends; pings, pongs and Close frames do not wait. To give
     * up, {@link #abort()}.
     *
     * @return for one thread
     * @throws IOException as {@link #send(String)}
     * @throws IllegalStateException on a worker while another message is being streamed
     */
    OutputStream outputStream() throws IOException;

    /**
     * Sends a text message while it is written, as {@link #outputStream()}.
     *
     * @return for one thread
     * @throws IOException as {@link #send(String)}
     * @throws IllegalStateException on a worker while another message is being streamed
     */
    Writer writer() throws IOException;

    /**
     * Waits until the operating system has taken all that was sent before.
     *
     * @throws IOException if the connection ends before, or the thread is interrupted
     * @throws IllegalStateException on a worker of the port
     */
    void flush() throws IOException;

    // ------------------------------------------------------------------ pings and facts of sending

    /**
     * Sends a ping; the peer's pong comes to {@link WebSocketListener#onPong}.
     *
     * @param payload up to 125 bytes
     * @return as {@link #trySend(String)}
     */
    boolean ping(ByteBuffer payload);

    /**
     * Sends a ping and measures the time to its pong.
     *
     * @return completes on a worker; exceptionally with a {@link WebSocketException} if the WebSocket ends before, or
     *     64 pings are waiting for their pong already
     */
    CompletableFuture<Duration> ping();

    /**
     * The last time between a ping of this side and its pong.
     *
     * @return null before the first pong
     */
    Duration latency();

    /**
     * The data that was accepted for sending and not yet taken by the operating system.
     *
     * @return bytes, frame headers included
     */
    long bufferedAmount();

    /**
     * Sets when the peer counts as slow and when {@code onDrain} follows.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     */
    void waterMarks(int lowBytes, int highBytes);

    /**
     * Messages that {@link SlowConsumer#DROP} did not send.
     *
     * @return how many
     */
    long messagesDropped();

    // ------------------------------------------------------------------ receiving

    /**
     * Waits for a message. Only for a WebSocket with the blocking API; one thread at a time.
     *
     * @return the message; null when this side has closed, or the peer with {@link CloseCode#NORMAL},
     *     {@link CloseCode#GOING_AWAY} or no code at all
     * @throws WebSocketException if the WebSocket ended in any other way: it has the status, such as that of a peer
     *     that closed with {@link CloseCode#INTERNAL_ERROR}
     * @throws IoException if the thread is interrupted
     * @throws IllegalStateException on a worker, or if the messages go to a listener
     */
    Message receive() throws IOException;

    /**
     * Waits for a message for a limited time; a time-out leaves the WebSocket as it is.
     *
     * @param limit above 0
     * @return as {@link #receive()}
     * @throws IOException as {@link #receive()}, or an {@link IoException} with {@link IoError#TIMED_OUT} when none
     *     began in time
     */
    Message receive(Duration limit) throws IOException;

    /**
     * Waits for a message and reads it as a stream: while it arrives where {@link WebSocketOptions#parts(boolean)} is
     * on, else from memory.
     *
     * @return to be read to its end, or closed, before the next message; null as {@link #receive()}
     * @throws IOException as {@link #receive()}
     */
    MessageInput receiveStream() throws IOException;

    /**
     * The messages from now on, as {@link #receive()} returns them.
     *
     * @return ends where {@code receive()} returns null, and throws {@link UncheckedIOException} where that throws
     */
    @Override
    Iterator<Message> iterator();

    /**
     * Stops the delivery of messages behind the one that is being delivered; TCP slows the peer down. Nothing that the
     * peer sends is seen until {@link #resume()}: neither its pings, which are answered late, nor its Close frame, nor
     * the end of the connection. The heartbeat does not judge a peer that is not read from, unless it takes nothing of
     * what waits for it. Ending the WebSocket ends the pause. One message that is on its way may overtake a pause by
     * another thread than that of the callbacks.
     */
    void pause();

    /** Lets messages come again. */
    void resume();

    // ------------------------------------------------------------------ ending

    /**
     * Closes with {@link CloseCode#NORMAL} as {@link #close(int, String)}; with the blocking API, and not on
     * a worker, also waits for {@link #closed()}, for the close timeout at the most.
     */
    @Override
    void close();

    /**
     * Begins the close handshake: the Close frame is queued behind what was sent, {@code onClose} comes at once, and
     * what the peer still sends is dropped until its own Close frame or the end of the close timeout. A message that is
     * being streamed is cut, with what waits behind it. Does not wait.
     *
     * @param code what may be sent, see {@link CloseCode#mayBeSent}
     * @param reason at most 123 bytes of UTF-8
     * @throws IllegalArgumentException if either is out of range
     */
    void close(int code, String reason);

    /** Ends without a handshake: what is queued is dropped, the peer sees the connection go. */
    void abort();

    // ------------------------------------------------------------------ facts

    /**
     * The state of the WebSocket.
     *
     * @return the state now
     */
    State state();

    /**
     * The opening handshake: the request, the response, and what was agreed on.
     *
     * @return the facts
     */
    HandshakeInfo handshake();

    /**
     * The peer's address.
     *
     * @return known also after the end
     */
    InetSocketAddress remote();

    /**
     * The address of this side.
     *
     * @return null if the connection is gone
     */
    InetSocketAddress local();

    /**
     * The TLS session, for the certificate of the peer among others.
     *
     * @return null without TLS
     */
    SSLSession tlsSession();

    /**
     * The end of the WebSocket: known from the moment when it begins, in {@code onClose} among others, and not only
     * when the connection is gone as {@link #closed()} tells. Whether it was {@link CloseStatus#clean()} is certain
     * only there.
     *
     * @return null while the WebSocket is open
     */
    CloseStatus closeStatus();

    /**
     * Completes when the connection is gone; only then it is known whether the peer has answered a Close frame.
     *
     * @return completes normally, always
     */
    CompletableFuture<CloseStatus> closed();

    /**
     * The object that the application attached.
     *
     * @return null if nothing
     */
    Object attachment();

    /**
     * Attaches something of the application.
     *
     * @param object anything
     */
    void attachment(Object object);

    /**
     * Runs a task among the callbacks of this WebSocket; dropped if its connection is gone by then.
     *
     * @param task must not wait
     */
    void execute(Runnable task);

    /**
     * Runs a task later among the callbacks of this WebSocket; dropped if its connection is gone by then.
     *
     * @param delay from now
     * @param task must not wait
     * @return cancel it to take the task back
     */
    Future<?> schedule(Duration delay, Runnable task);
}
