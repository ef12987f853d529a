package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * One end of a WebSocket: joins what comes in, what goes out, the heartbeat and the closing handshake, each of which is
 * in a file of its own, under one lock.
 */
final class WebSocketConnection implements WebSocket {
    private final TcpConnection tcp;
    private final Role role;
    private final HandshakeInfo handshake;
    private final WebSocketListener listener;
    private final MessageReceiver incoming;
    private final Heartbeat heartbeat;
    private final MessageSender sender;
    private final TopicMember membership;
    private final IdleAndAgeLimit lifespan;
    private final Rest rest;
    private final WebSocketEvent event = new WebSocketEvent();

    private final Object lock = new Object();
    // guarded by lock
    private final FrameWriter outgoing;
    private final ClosingHandshake closing;

    // used by the callbacks of the connection only
    private boolean over;

    private volatile Object attachment;

    /**
     * Takes over a connection behind its opening handshake. Whoever owns the connection's handler passes its callbacks
     * on, from {@link #onOpen} to {@link #onTcpClose}.
     */
    WebSocketConnection(TcpConnection tcp, Role role, HandshakeInfo handshake, WebSocketListener listener,
            WebSocketOptions<?> options) {
        this.tcp = tcp;
        this.role = role;
        this.handshake = handshake;
        this.listener = listener;
        this.heartbeat = new Heartbeat(this, tcp, options);
        this.lifespan = new IdleAndAgeLimit(this, tcp, options);
        this.rest = new Rest(this, tcp);
        this.incoming = new MessageReceiver(this, tcp, rest, role, listener, heartbeat, handshake.deflate(), options);
        this.outgoing = new FrameWriter(lock, tcp, rest, role, handshake.deflate(), options.deflate(), this::tellDrain);
        this.closing = new ClosingHandshake(lock, tcp, role, outgoing, options.closeTimeout(), this::over);
        this.sender = new MessageSender(lock, tcp, closing, outgoing, options.slowConsumer());
        this.membership = new TopicMember(lock, closing, sender, tcp.completionPort().buffers());
        event.begin();
    }

    // ------------------------------------------------------------------ sending

    @Override
    public boolean trySend(ByteBuffer data) {
        return sender.tryBinary(data);
    }

    @Override
    public boolean trySend(Message message) {
        return sender.tryMessage(message);
    }

    @Override
    public CompletableFuture<Void> sendAsync(Message message) {
        return sender.async(message);
    }

    @Override
    public void send(ByteBuffer data) throws IOException {
        sender.binary(data);
    }

    @Override
    public void send(Message message) throws IOException {
        sender.message(message);
    }

    @Override
    public OutputStream outputStream() throws IOException {
        return sender.stream(Opcode.BINARY);
    }

    @Override
    public Writer writer() throws IOException {
        return new OutputStreamWriter(sender.stream(Opcode.TEXT), StandardCharsets.UTF_8);
    }

    @Override
    public void flush() throws IOException {
        requireNotWorker();
        sender.flush();
    }

    @Override
    public boolean ping(ByteBuffer payload) {
        return sender.tryPing(payload);
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
    public long bufferedAmount() {
        synchronized (lock) {
            return outgoing.bufferedAmount();
        }
    }

    @Override
    public void waterMarks(int lowBytes, int highBytes) {
        tcp.waterMarks(lowBytes, highBytes);
    }

    @Override
    public long messagesDropped() {
        return sender.dropped();
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
        incoming.pause();
    }

    @Override
    public void resume() {
        incoming.resume();
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

    /** A violation of the protocol, or an exception of the application. */
    void fail(int code, String reason) {
        synchronized (lock) {
            closing.fail(code, reason);
        }
    }

    // ------------------------------------------------------------------ facts

    @Override
    public State state() {
        synchronized (lock) {
            return closing.state();
        }
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
    public CompletableFuture<CloseStatus> closed() {
        return closing.closed().copy();
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

    // ------------------------------------------------------------------ from the connection, as its callbacks

    void onOpen() {
        heartbeat.start();
        lifespan.start();
        incoming.opened();
    }

    void onData(ByteBuffer data) {
        incoming.data(data);
    }

    void onDrain() {
        synchronized (lock) {
            outgoing.drained();
        }
        tellDrain();
    }

    /** The peer has ended its side; after a Close frame the end was told before. */
    void onEnd() {
        synchronized (lock) {
            closing.peerEnded();
        }
    }

    /** Memory is tight: what is kept for the next message goes, and the context of what is sent. */
    void onMemoryTight() {
        incoming.rest();
        synchronized (lock) {
            outgoing.tight();
        }
    }

    /** Memory is scarce, and this holds most: what came goes, and the peer hears why if it listens. */
    void onMemoryScarce(String reason) {
        incoming.drop();
        if (listener instanceof BlockingReceiver inbox) {
            inbox.drop();
        }
        fail(CloseCode.TRY_AGAIN_LATER, reason);
    }

    void onTcpClose(CloseInfo info) {
        onGone(ClosingHandshake.reason(info), info.initiator());
    }

    /** The connection is over, at a client perhaps without an {@link #onOpen} before. */
    void onGone(String reason, Initiator initiator) {
        synchronized (lock) {
            closing.lost(reason, initiator);
            outgoing.release();
        }
        over();
        incoming.release();
        tcp.closed().thenAccept(this::finish);
    }

    private void tellDrain() {
        boolean tell;
        synchronized (lock) {
            tell = closing.isOpen() && outgoing.mayBeTold();
        }
        if (tell) {
            incoming.drained();
        }
    }

    /** The end has begun, or the connection is gone and there was no time for that. */
    private void over() {
        if (over) {
            return;
        }
        over = true;
        List<CompletableFuture<Void>> unsent;
        CloseStatus why;
        synchronized (lock) {
            unsent = outgoing.takeUnsent();
            why = closing.status();
        }
        membership.end();
        incoming.closed(why);
        heartbeat.end();
        lifespan.end();
        rest.end();
        unsent.forEach(future -> future.completeExceptionally(sender.aborted("send")));
        // the peer's answer may wait behind a pause
        incoming.resume();
    }

    private void finish(CloseInfo info) {
        CloseStatus status;
        synchronized (lock) {
            status = closing.finish(info);
            event.closed(tcp, role, handshake, status, incoming.messages(), outgoing.messages());
        }
        closing.closed().complete(status);
    }

    // ------------------------------------------------------------------ for the parts of a WebSocket

    boolean isOpen() {
        synchronized (lock) {
            return closing.isOpen();
        }
    }

    /** How it ended, null while it is open. */
    CloseStatus closeStatus() {
        synchronized (lock) {
            return closing.status();
        }
    }

    boolean endedOrderly() {
        synchronized (lock) {
            return closing.isOrderly();
        }
    }

    /** Both directions; as a callback. */
    long messages() {
        synchronized (lock) {
            return incoming.messages() + outgoing.messages();
        }
    }

    /** No message has come or gone for a while; as a callback. */
    void rest() {
        incoming.rest();
        synchronized (lock) {
            outgoing.rest();
        }
    }

    /** What is kept for the next message, in bytes; as a callback. */
    int keptBytes() {
        synchronized (lock) {
            return incoming.keptBytes() + outgoing.keptBytes();
        }
    }

    MemoryAccount memory() {
        return tcp.memory();
    }

    boolean isPaused() {
        return incoming.isPaused();
    }

    void pong(ByteBuffer payload) {
        synchronized (lock) {
            if (closing.isOpen()) {
                outgoing.pong(payload);
            }
        }
    }

    void answerClose(int code, String reason) {
        synchronized (lock) {
            closing.answer(code, reason);
        }
    }

    TopicMember membership() {
        return membership;
    }

    /** The clock of the port. */
    long nanoTime() {
        return tcp.completionPort().nanoTime();
    }

    void requireNotWorker() {
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for it: use a listener, or a thread of your own");
        }
    }
}
