package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;

/**
 * One end of a WebSocket after its opening handshake: the handler of its TCP connection. Its superclass
 * {@link MessageSender} sends, {@link MessageReceiver} receives, and {@link ClosingHandshake} ends it. The lock guards
 * sending and the end; receiving and callbacks are strand only.
 */
final class WebSocketConnection extends MessageSender implements TcpHandler, ServedConnection {
    private final Role role;
    private final HandshakeInfo handshake;
    private final WebSocketListener listener;
    private final MessageReceiver receiver;
    private final Heartbeat heartbeat;
    private final IdleAndAgeLimit limits;
    private final TopicMember member;
    private final Consumer<WebSocketConnection> onGone;
    private final WebSocketEvent event = new WebSocketEvent();

    /** The end was reported to the listener. Strand only. */
    private boolean over;

    private volatile Object attachment;

    /**
     * Makes the new handler of a connection after its opening handshake; {@link #opened} starts it. A client also makes
     * one for an opening that failed, to report {@link #gone} to the listener.
     *
     * @param onGone called after all other callbacks
     */
    WebSocketConnection(TcpConnection tcp, Role role, HandshakeInfo handshake, WebSocketListener listener,
            WebSocketOptions<?> options, Consumer<WebSocketConnection> onGone) {
        super(tcp, role, handshake.deflate(), options);
        this.role = role;
        this.handshake = handshake;
        this.listener = listener;
        this.onGone = onGone;
        this.heartbeat = new Heartbeat(this, tcp, options);
        this.limits = new IdleAndAgeLimit(this, tcp, options);
        this.receiver = new MessageReceiver(this, tcp, role, listener, heartbeat, handshake.deflate(), options);
        this.member = new TopicMember(this);
        event.begin();
    }

    // ------------------------------------------------------------------ receiving

    @Override
    public Message receive() throws IOException {
        return BlockingReceiver.of(listener).receive(this, 0);
    }

    @Override
    public Message receive(Duration limit) throws IOException {
        WebSocketOptions.positive(limit, "limit");
        return BlockingReceiver.of(listener).receive(this, TimeUnit.NANOSECONDS.convert(limit));
    }

    @Override
    public MessageInput receiveStream() throws IOException {
        return BlockingReceiver.of(listener).receiveStream(this);
    }

    @Override
    public Iterator<Message> iterator() {
        BlockingReceiver.of(listener);
        return new MessageIterator(this);
    }

    @Override
    public void pause() {
        receiver.pause();
    }

    @Override
    public void resume() {
        receiver.resume();
    }

    // ------------------------------------------------------------------ ending

    @Override
    public void close() {
        close(CloseCode.NORMAL, "");
        if (listener instanceof BlockingReceiver && !tcp.completionPort().isWorker()) {
            closing.awaitClosed();
        }
    }

    @Override
    public void close(int code, String reason) {
        synchronized (lock) {
            closing.begin(code, reason);
        }
    }

    @Override
    public void abort() {
        abort("aborted");
    }

    void abort(String reason) {
        synchronized (lock) {
            closing.abort(reason);
        }
    }

    /** Ends the WebSocket because of a protocol violation, or an exception of the application. */
    void fail(int code, String reason) {
        synchronized (lock) {
            closing.fail(code, reason);
        }
    }

    @Override
    public void stop() {
        tcp.execute(() -> close(CloseCode.GOING_AWAY, "the server stops"));
    }

    // ------------------------------------------------------------------ facts

    @Override
    public State state() {
        synchronized (lock) {
            return closing.state();
        }
    }

    @Override
    public CloseStatus closeStatus() {
        synchronized (lock) {
            return closing.status();
        }
    }

    @Override
    public CompletableFuture<CloseStatus> closed() {
        return closing.closed().copy();
    }

    @Override
    public HandshakeInfo handshake() {
        return handshake;
    }

    @Override
    public InetSocketAddress remote() {
        return tcp.remote();
    }

    @Override
    public InetSocketAddress local() {
        return tcp.local();
    }

    @Override
    public SSLSession tlsSession() {
        return tcp.tlsSession();
    }

    @Override
    public CompletableFuture<Duration> ping() {
        return heartbeat.ping();
    }

    @Override
    public Duration latency() {
        return heartbeat.latency();
    }

    @Override
    public Object attachment() {
        return attachment;
    }

    @Override
    public void attachment(Object object) {
        attachment = object;
    }

    @Override
    public void execute(Runnable task) {
        tcp.execute(task);
    }

    @Override
    public Future<?> schedule(Duration delay, Runnable task) {
        return tcp.schedule(delay, task);
    }

    @Override
    public String toString() {
        return "WebSocket[" + state() + ", " + handshake.request().path() + ", peer " + remote() + "]";
    }

    // ------------------------------------------------------------------ callbacks of the connection

    /** Starts: this is the handler of the connection from now on. Strand only. */
    void opened() {
        heartbeat.start();
        limits.start();
        receiver.opened();
    }

    @Override
    public void onData(TcpConnection connection, ByteBuffer data) {
        receiver.data(data);
    }

    @Override
    public void onDrain(TcpConnection connection) {
        queueDrained();
    }

    /** The peer has ended its side. Has no further effect after a Close frame. */
    @Override
    public void onEnd(TcpConnection connection) {
        synchronized (lock) {
            closing.peerEnded();
        }
    }

    /** Frees the memory kept for the next message, and the context of compression. */
    @Override
    public void onMemoryTight(TcpConnection connection) {
        receiver.trim();
        trimSending(true);
    }

    /** This connection holds the most memory: drops received data, and tells the peer the reason. */
    @Override
    public void onMemoryScarce(TcpConnection connection, String reason) {
        receiver.drop();
        if (listener instanceof BlockingReceiver blocking) {
            blocking.drop();
        }
        fail(CloseCode.TRY_AGAIN_LATER, reason);
    }

    @Override
    public void onClose(TcpConnection connection, CloseInfo why) {
        gone(ClosingHandshake.reason(why), why.initiator());
        onGone.accept(this);
    }

    /** The connection has ended; at a client, {@link #opened} may not have run. Strand only. */
    void gone(String reason, Initiator initiator) {
        synchronized (lock) {
            closing.lost(reason, initiator);
            writer.release();
        }
        over();
        receiver.release();
        tcp.closed().thenAccept(this::finish);
    }

    /** Reports the end, once: when it begins, or at the latest when the connection has ended. */
    @Override
    void over() {
        if (over) {
            return;
        }
        over = true;
        CloseStatus why = closeStatus();
        member.end();
        receiver.closed(why);
        heartbeat.end();
        limits.end();
        trimmer.end();
        failUnsent();
        // a pause must not hold back the Close frame of the peer
        receiver.resume();
    }

    private void finish(CloseInfo info) {
        CloseStatus status;
        synchronized (lock) {
            status = closing.finish(info);
            event.closed(tcp, role, handshake, status, receiver.messages(), messagesSent());
        }
        closing.closed().complete(status);
    }

    // ------------------------------------------------------------------ for the parts of a WebSocket

    @Override
    void drained() {
        receiver.drained();
    }

    @Override
    long messages() {
        synchronized (lock) {
            return receiver.messages() + messagesSent();
        }
    }

    @Override
    void trim() {
        receiver.trim();
        trimSending(false);
    }

    /** The bytes that are kept for the next message. Strand only. */
    int keptBytes() {
        synchronized (lock) {
            return receiver.keptBytes() + writer.keptBytes();
        }
    }

    boolean isOpen() {
        synchronized (lock) {
            return closing.isOpen();
        }
    }

    boolean endedOrderly() {
        synchronized (lock) {
            return closing.isOrderly();
        }
    }

    boolean isPaused() {
        return receiver.isPaused();
    }

    void pong(ByteBuffer payload) {
        synchronized (lock) {
            if (closing.isOpen()) {
                writer.pong(payload);
            }
        }
    }

    void answerClose(int code, String reason) {
        synchronized (lock) {
            closing.answer(code, reason);
        }
    }

    TopicMember member() {
        return member;
    }

    MemoryAccount memory() {
        return tcp.memory();
    }

    /** The clock of the port. */
    long nanoTime() {
        return tcp.completionPort().nanoTime();
    }
}
