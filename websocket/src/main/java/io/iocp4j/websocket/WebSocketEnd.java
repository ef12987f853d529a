package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpConnection;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One end of a WebSocket: joins what comes in, what goes out, the heartbeat and the closing handshake, each of which is in a file of its
 * own, under one lock.
 */
final class WebSocketEnd implements WebSocket {
    private final TcpConnection tcp;
    private final Role role;
    private final OpeningHandshake handshake;
    private final WebSocketListener listener;
    private final WebSocketSettings settings;
    private final Incoming incoming;
    private final Heartbeat heartbeat;
    private final Lifespan lifespan;
    private final WebSocketEvent event = new WebSocketEvent();

    private final Object lock = new Object();
    // guarded by lock
    private final Outgoing outgoing;
    private final ClosingHandshake closing;
    private long dropped;
    private Set<Topic> topics = Set.of();

    // used by the callbacks of the connection only
    private boolean over;

    private volatile Object attachment;

    /**
     * Takes over a connection behind its opening handshake. Whoever owns the connection's handler passes its callbacks on, from
     * {@link #onOpen} to {@link #onTcpClose}.
     */
    WebSocketEnd(TcpConnection tcp, Role role, OpeningHandshake handshake, WebSocketListener listener, WebSocketSettings settings) {
        this.tcp = tcp;
        this.role = role;
        this.handshake = handshake;
        this.listener = listener;
        this.settings = settings;
        this.heartbeat = new Heartbeat(this, tcp, settings);
        this.lifespan = new Lifespan(this, tcp, settings);
        this.incoming = new Incoming(this, role, listener, heartbeat, handshake.deflate(), settings);
        this.outgoing = new Outgoing(lock, tcp, role, handshake.deflate(), settings.deflate());
        this.closing = new ClosingHandshake(lock, tcp, role, outgoing, settings.closeTimeout(), this::over);
        event.begin();
    }

    // ------------------------------------------------------------------ sending without waiting

    @Override
    public boolean trySend(ByteBuffer data) {
        synchronized (lock) {
            return closing.isOpen() && outgoing.binary(data);
        }
    }

    @Override
    public boolean trySend(Message message) {
        synchronized (lock) {
            return closing.isOpen() && outgoing.message(message);
        }
    }

    @Override
    public CompletableFuture<Void> sendAsync(Message message) {
        synchronized (lock) {
            if (closing.isOpen()) {
                outgoing.message(message);
                return outgoing.taken();
            }
        }
        return CompletableFuture.failedFuture(aborted("send"));
    }

    // ------------------------------------------------------------------ sending as the slow-consumer policy says

    @Override
    public void send(ByteBuffer data) throws IOException {
        synchronized (lock) {
            if (admit()) {
                outgoing.binary(data);
            }
        }
    }

    @Override
    public void send(Message message) throws IOException {
        synchronized (lock) {
            if (admit()) {
                outgoing.message(message);
            }
        }
    }

    @Override
    public OutputStream outputStream() throws IOException {
        return stream(Opcode.BINARY);
    }

    @Override
    public Writer writer() throws IOException {
        return new OutputStreamWriter(stream(Opcode.TEXT), StandardCharsets.UTF_8);
    }

    @Override
    public void flush() throws IOException {
        requireNotWorker();
        CompletableFuture<Void> taken;
        synchronized (lock) {
            taken = outgoing.taken();
        }
        try {
            taken.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw aborted("flush");
        } catch (ExecutionException e) {
            throw new WebSocketException("flush: " + e.getCause().getMessage(), closeStatus());
        }
    }

    /** Whether the message is to be sent; under the lock. */
    private boolean admit() throws IOException {
        if (settings.slowConsumer() == SlowConsumer.BLOCK) {
            outgoing.awaitRoom(null);
        }
        boolean admitted = admitNow();
        requireOpen("send");
        return admitted;
    }

    /** What the policy says where nothing may wait; under the lock. */
    private boolean admitNow() {
        if (closing.isOpen() && !outgoing.hasRoom()) {
            switch (settings.slowConsumer()) {
                case BLOCK -> { }
                case DROP -> {
                    dropped++;
                    return false;
                }
                case CLOSE -> closing.begin(CloseCode.POLICY_VIOLATION, "the peer reads too slowly");
            }
        }
        return closing.isOpen();
    }

    /** From a topic: the policy where nothing may wait. */
    void publish(SharedMessage message) {
        synchronized (lock) {
            if (admitNow()) {
                outgoing.message(message);
            }
        }
    }

    SharedMessage share(Message message) {
        if (message instanceof SharedMessage shared) {
            shared.retain();
            return shared;
        }
        Opcode opcode = message.isText() ? Opcode.TEXT : Opcode.BINARY;
        SharedMessage shared = SharedMessage.of(tcp.port().buffers(), opcode, message.data(), ByteBuffer.allocate(0));
        return message.isCompressible() ? shared : shared.uncompressed();
    }

    private MessageOutput stream(Opcode opcode) throws IOException {
        synchronized (lock) {
            outgoing.awaitRoom(null);
            requireOpen("send");
            return outgoing.beginStream(new MessageOutput(this, opcode));
        }
    }

    /** From the stream of a message; returns those who wait for what has waited behind it. */
    void sendPart(MessageOutput stream, boolean last, Opcode opcode, ByteBuffer payload) throws IOException {
        Runnable outside = () -> { };
        synchronized (lock) {
            outgoing.awaitRoom(stream);
            requireOpen("send");
            outgoing.part(last, opcode, payload);
            if (last) {
                outside = outgoing.endStream();
            }
        }
        outside.run();
        if (last) {
            // who was told that a message had to wait behind the stream may go on
            tcp.execute(this::tellDrain);
        }
    }

    // ------------------------------------------------------------------ pings and facts of sending

    @Override
    public boolean ping(ByteBuffer payload) {
        synchronized (lock) {
            return closing.isOpen() && outgoing.control(Opcode.PING, payload);
        }
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
        synchronized (lock) {
            return dropped;
        }
    }

    // ------------------------------------------------------------------ receiving

    @Override
    public Message receive() throws IOException {
        return inbox().receive(this, 0);
    }

    @Override
    public Message receive(Duration limit) throws IOException {
        WebSocketBuilder.positive(limit, "limit");
        return inbox().receive(this, TimeUnit.NANOSECONDS.convert(limit));
    }

    @Override
    public MessageInput receiveStream() throws IOException {
        return inbox().receiveStream(this);
    }

    @Override
    public Iterator<Message> iterator() {
        inbox();
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

    private Inbox inbox() {
        if (listener instanceof Inbox inbox) {
            return inbox;
        }
        throw new IllegalStateException("the messages of this WebSocket go to its listener");
    }

    // ------------------------------------------------------------------ ending

    @Override
    public void close() {
        close(CloseCode.NORMAL, "");
        if (listener instanceof Inbox && !tcp.port().isWorker()) {
            try {
                closing.closed().get(settings.closeTimeout().toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (TimeoutException late) {
                // the handshake has its own timer, which is about to cut the connection
                return;
            } catch (ExecutionException e) {
                throw new AssertionError("completes normally, always", e);
            }
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
    public OpeningHandshake handshake() {
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

    void onTcpClose(CloseInfo info) {
        String reason = info.error() == null ? "the connection ended without a Close frame" : info.error().toString();
        onGone(reason, info.initiator());
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
        List<Topic> left;
        CloseStatus why;
        synchronized (lock) {
            unsent = outgoing.takeUnsent();
            left = List.copyOf(topics);
            why = closing.status();
        }
        left.forEach(topic -> topic.remove(this));
        incoming.closed(why);
        heartbeat.end();
        lifespan.end();
        unsent.forEach(future -> future.completeExceptionally(aborted("send")));
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

    boolean isPaused() {
        return incoming.isPaused();
    }

    void pauseTcp() {
        tcp.pause();
    }

    void resumeTcp() {
        tcp.resume();
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

    /** Enters a topic unless it is over. Under the lock, so that it cannot end between. */
    boolean enter(Topic topic, Runnable add) {
        synchronized (lock) {
            if (!closing.isOpen()) {
                return false;
            }
            topics = topics.isEmpty() ? new HashSet<>() : topics;
            topics.add(topic);
            add.run();
            return true;
        }
    }

    void leave(Topic topic, Runnable remove) {
        synchronized (lock) {
            if (topics.contains(topic)) {
                topics.remove(topic);
                remove.run();
            }
        }
    }

    void requireNotWorker() {
        if (tcp.port().isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for it: use a listener, or a thread of your own");
        }
    }

    private void requireOpen(String operation) throws WebSocketException {
        if (!closing.isOpen()) {
            throw new WebSocketException(operation, closing.status());
        }
    }

    private IoException aborted(String operation) {
        return new IoException(IoError.OPERATION_ABORTED, operation, tcp.local(), tcp.remote(), null);
    }
}
