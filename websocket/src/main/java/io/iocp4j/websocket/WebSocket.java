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
 * One end of a WebSocket (RFC 6455), at a server or a client. It has two APIs to receive: callbacks of a
 * {@link WebSocketListener}, or blocking calls for virtual threads ({@link #receive()}, and this object as an
 * {@code Iterable}). Both send with the same methods.
 *
 * <p>Any thread may call any method, also after the end. A call never runs a callback. The messages of one thread
 * arrive in order.
 */
public sealed interface WebSocket extends AutoCloseable, Iterable<Message> permits MessageSender {
    /** The life of a WebSocket. It only moves down this list. */
    enum State {
        /** Both sides may send. */
        OPEN,
        /**
         * A Close frame was sent. This side waits for that of the peer, or for the end of the connection, and drops
         * other frames.
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
     * @return true if more may be sent. False if the message was queued, but the queue is above the high-water mark or
     *     another message is being streamed ({@code onDrain} follows). False too if the message was dropped, because
     *     the WebSocket is not open, or because it exceeded {@link io.iocp4j.core.TcpOptions#maxSendQueue(int)} and so
     *     ended the connection
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
     * @param message not copied by a server if it is a {@link SharedMessage}; the queue retains it until it is sent or
     *     dropped
     * @return as {@link #trySend(String)}
     */
    boolean trySend(Message message);

    /**
     * Queues a message, never waits, and reports when it was taken.
     *
     * @param message as {@link #trySend(Message)}
     * @return completes on a worker when the operating system has taken the message; exceptionally with an
     *     {@link IoException}. Its error is {@link IoError#OPERATION_ABORTED} if this side ended the WebSocket or it
     *     was not open; the message of the exception says how it ended
     */
    CompletableFuture<Void> sendAsync(Message message);

    // ------------------------------------------------------------------ sending as the slow-consumer policy says

    /**
     * Sends a text message by the {@link SlowConsumer} policy. By default it waits while the queue is above the
     * high-water mark or another message is being streamed. On a worker, which must not wait, it queues the message;
     * one that exceeds {@link io.iocp4j.core.TcpOptions#maxSendQueue(int)} ends the WebSocket.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     * @throws WebSocketException if the WebSocket is not open, or ends meanwhile, or this message exceeds the queue. It
     *     says which side ended the WebSocket, with which status, or which limit was met
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
     * Sends a binary message while it is written, in frames of up to 16 KiB. It ends when the stream is closed. Writing
     * waits as with {@link SlowConsumer#BLOCK}. Other messages of this side wait until then; those sent without waiting
     * are kept, up to 1 MiB, beyond which the connection ends. Pings, pongs and Close frames do not wait.
     *
     * <p>The end of the WebSocket cuts the message: a close by either side, {@link #abort()}, or the end of the
     * connection. The peer then gets no last frame, so it never takes the message for a whole one. Messages that wait
     * behind it are dropped, and every further call of the stream that sends throws a {@link WebSocketException}.
     *
     * <p>Closing the stream ends the message as a whole one, also after an exception of the code that writes it. To
     * give the message up, close or abort the WebSocket first.
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
     * Waits until the operating system has taken everything sent before.
     *
     * @throws IOException if the connection ends before, or the thread is interrupted
     * @throws IllegalStateException on a worker of the port
     */
    void flush() throws IOException;

    // ------------------------------------------------------------------ pings and facts of sending

    /**
     * Sends a ping. The pong is reported by {@link WebSocketListener#onPong}.
     *
     * @param payload up to 125 bytes
     * @return as {@link #trySend(String)}
     * @throws IllegalArgumentException if it is longer; nothing is sent then
     */
    boolean ping(ByteBuffer payload);

    /**
     * Sends a ping and measures the time to its pong.
     *
     * @return completes on a worker; exceptionally with a {@link WebSocketException} if the WebSocket ends before, or
     *     if 64 pings already wait for their pongs
     */
    CompletableFuture<Duration> ping();

    /**
     * The last round-trip time between a ping of this side and its pong.
     *
     * @return null before the first pong
     */
    Duration latency();

    /**
     * The bytes queued for sending that the operating system has not taken yet.
     *
     * @return bytes, frame headers included
     */
    long bufferedAmount();

    /**
     * Sets when the peer counts as slow and when {@code onDrain} follows.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below {@code lowBytes}
     */
    void waterMarks(int lowBytes, int highBytes);

    /**
     * The number of messages that {@link SlowConsumer#DROP} did not send.
     *
     * @return 0 or more
     */
    long messagesDropped();

    // ------------------------------------------------------------------ receiving

    /**
     * Waits for a message. Only for a WebSocket with the blocking API; one thread at a time.
     *
     * @return the message; null when this side has closed, or the peer with {@link CloseCode#NORMAL},
     *     {@link CloseCode#GOING_AWAY} or no code at all
     * @throws WebSocketException with the status if the WebSocket ended in any other way, such as a close by the peer
     *     with {@link CloseCode#INTERNAL_ERROR}
     * @throws IoException if the thread is interrupted
     * @throws IllegalStateException on a worker, or if the messages go to a listener
     */
    Message receive() throws IOException;

    /**
     * Waits for a message for a limited time. A timeout does not change the WebSocket.
     *
     * @param limit above 0
     * @return as {@link #receive()}
     * @throws IOException as {@link #receive()}, or an {@link IoException} with {@link IoError#TIMED_OUT} if none
     *     began in time
     */
    Message receive(Duration limit) throws IOException;

    /**
     * Waits for a message and reads it as a stream: while it arrives if {@link WebSocketOptions#parts(boolean)} is on,
     * else from memory.
     *
     * @return to be read to its end, or closed, before the next message; null as {@link #receive()}
     * @throws IOException as {@link #receive()}
     */
    MessageInput receiveStream() throws IOException;

    /**
     * Iterates over the messages from now on, as {@link #receive()} returns them.
     *
     * @return ends when {@code receive()} would return null, and throws {@link UncheckedIOException} when it would
     * throw
     */
    @Override
    Iterator<Message> iterator();

    /**
     * Stops the delivery of messages after the current one. TCP then slows down the peer. Until {@link #resume()} this
     * side does not see what the peer sends: it answers pings late, and notices neither a Close frame nor the end of
     * the connection. The heartbeat keeps the peer, unless bytes wait for it and it takes none. The end of the
     * WebSocket ends the pause. After a pause by a thread other than that of the callbacks, one more message may be
     * delivered.
     */
    void pause();

    /** Continues the delivery of messages. */
    void resume();

    // ------------------------------------------------------------------ ending

    /**
     * Closes with {@link CloseCode#NORMAL} as {@link #close(int, String)}. With the blocking API, unless on a worker,
     * it also waits for {@link #closed()}, at most for the close timeout.
     */
    @Override
    void close();

    /**
     * Begins the closing handshake and does not wait. The Close frame is queued after the messages, and {@code onClose}
     * runs at once. Messages of the peer are dropped until its Close frame, or the end of the close timeout. A message
     * that is being streamed is cut, and the messages that wait for its end are dropped, see {@link #outputStream()}.
     *
     * @param code a code that may be sent, see {@link CloseCode#mayBeSent}
     * @param reason at most 123 bytes of UTF-8
     * @throws IllegalArgumentException if either is out of range
     */
    void close(int code, String reason);

    /** Ends the connection without a handshake and drops the queue. A message that is being streamed is cut. */
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
     * The address of the peer, or of the proxy that a client goes through.
     *
     * @return the address, also after the end
     */
    InetSocketAddress remote();

    /**
     * The address of this side.
     *
     * @return null if the connection has ended
     */
    InetSocketAddress local();

    /**
     * The TLS session, for example for the certificate of the peer.
     *
     * @return null without TLS
     */
    SSLSession tlsSession();

    /**
     * Tells how the WebSocket ends or has ended, as soon as the end begins, for example in {@code onClose}. Its
     * {@link CloseStatus#clean()} is final only in {@link #closed()}.
     *
     * @return null while the WebSocket is open
     */
    CloseStatus closeStatus();

    /**
     * Completes when the connection has ended. Only then is it certain whether the peer has answered a Close frame.
     *
     * @return completes normally, always
     */
    CompletableFuture<CloseStatus> closed();

    /**
     * The object that the application attached.
     *
     * @return null if there is none
     */
    Object attachment();

    /**
     * Attaches an object of the application.
     *
     * @param object may be null
     */
    void attachment(Object object);

    /**
     * Runs a task among the callbacks of this WebSocket. Drops it if the connection has ended by then.
     *
     * @param task must not wait
     */
    void execute(Runnable task);

    /**
     * Runs a task later among the callbacks of this WebSocket. Drops it if the connection has ended by then.
     *
     * @param delay from now, zero or more
     * @param task must not wait
     * @return the task, which can be cancelled
     */
    Future<?> schedule(Duration delay, Runnable task);
}
