package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.TcpConnection;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * One end of a WebSocket (RFC 6455), of a server or of a client. Every method may be called by any thread and is harmless after the end;
 * no callback runs inside the call that caused it. Messages of one thread arrive in its order.
 */
public final class WebSocket {
    private static final System.Logger LOG = System.getLogger(WebSocket.class.getName());

    /** Where a WebSocket stands. It only moves down this list. */
    public enum State {
        /** Both sides may send. */
        OPEN,
        /** A Close frame has gone, and the answer or the end of the connection is awaited; what else comes is dropped. */
        CLOSING,
        /** Nothing more is sent or delivered. */
        CLOSED
    }

    private final TcpConnection tcp;
    private final OpeningHandshake handshake;
    private final WebSocketListener listener;
    private final WebSocketSettings settings;
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;

    private final Object lock = new Object();
    // guarded by lock
    private final Outgoing outgoing;
    private final ClosingHandshake closing;

    // used by the callbacks of the connection only
    private boolean closeReported;
    private boolean pausedForPongs;

    private volatile Object attachment;

    /**
     * Takes over a connection behind its opening handshake. Whoever owns the connection's handler passes its callbacks on, from
     * {@link #onOpen} to {@link #onTcpClose}.
     */
    WebSocket(TcpConnection tcp, Role role, OpeningHandshake handshake, WebSocketListener listener, WebSocketSettings settings) {
        this.tcp = tcp;
        this.handshake = handshake;
        this.listener = listener;
        this.settings = settings;
        this.decoder = new FrameDecoder(settings.limits(), role == Role.SERVER);
        this.assembler = new MessageAssembler(settings.limits(), new Incoming());
        this.outgoing = new Outgoing(tcp, role);
        this.closing = new ClosingHandshake(lock, tcp, role, outgoing, settings.closeTimeout(), this::deliverClose);
    }

    // ------------------------------------------------------------------ sending

    /**
     * Queues a text message and never waits.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     * @return false from the moment that the queue is above the high-water mark until {@code onDrain} (the message was taken all the
     *     same), or if the WebSocket is not open (the message was dropped)
     */
    public boolean trySend(String text) {
        return tryFrame(Opcode.TEXT, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Queues a copy of a binary message and never waits.
     *
     * @param data the whole array
     * @return as {@link #trySend(String)}
     */
    public boolean trySend(byte[] data) {
        return tryFrame(Opcode.BINARY, ByteBuffer.wrap(data));
    }

    /**
     * Queues a copy of a binary message and never waits.
     *
     * @param data between position and limit; its position moves to its limit if it was taken
     * @return as {@link #trySend(String)}
     */
    public boolean trySend(ByteBuffer data) {
        return tryFrame(Opcode.BINARY, data);
    }

    /**
     * Queues a message and never waits.
     *
     * @param message a {@link SharedMessage} is not copied by a server, whose queue retains it until it is sent or dropped
     * @return as {@link #trySend(String)}
     */
    public boolean trySend(Message message) {
        synchronized (lock) {
            return closing.isOpen() && switch (message) {
                case SharedMessage shared -> outgoing.shared(shared);
                case PlainMessage plain -> outgoing.frame(true, plain.isText() ? Opcode.TEXT : Opcode.BINARY, plain.data());
            };
        }
    }

    /**
     * Sends a ping; the peer's pong comes to {@link WebSocketListener#onPong}.
     *
     * @param payload up to 125 bytes
     * @return as {@link #trySend(String)}
     */
    public boolean ping(ByteBuffer payload) {
        return tryFrame(Opcode.PING, payload);
    }

    private boolean tryFrame(Opcode opcode, ByteBuffer payload) {
        synchronized (lock) {
            return closing.isOpen() && outgoing.frame(true, opcode, payload);
        }
    }

    /**
     * What was accepted for sending and not yet taken by the operating system.
     *
     * @return bytes, frame headers included
     */
    public long bufferedAmount() {
        return tcp.bufferedAmount();
    }

    /**
     * Sets when {@code trySend} returns false and when {@code onDrain} follows.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     */
    public void waterMarks(int lowBytes, int highBytes) {
        tcp.waterMarks(lowBytes, highBytes);
    }

    // ------------------------------------------------------------------ ending

    /** Closes with {@link CloseCode#NORMAL}. */
    public void close() {
        close(CloseCode.NORMAL, "");
    }

    /**
     * Begins the close handshake: the Close frame is queued behind what was sent, {@code onClose} comes at once, and what the peer still
     * sends is dropped until its own Close frame or the end of the close timeout. Does not wait.
     *
     * @param code what may be sent, see {@link CloseCode#mayBeSent}
     * @param reason at most 123 bytes of UTF-8
     * @throws IllegalArgumentException if either is out of range
     */
    public void close(int code, String reason) {
        synchronized (lock) {
            closing.begin(code, reason);
        }
    }

    /** Ends without a handshake: what is queued is dropped, the peer sees the connection go. */
    public void abort() {
        synchronized (lock) {
            closing.abort("aborted");
        }
    }

    /** A violation of the protocol, or an exception of the application. */
    private void fail(int code, String reason) {
        synchronized (lock) {
            closing.fail(code, reason);
        }
        decoder.stop();
    }

    // ------------------------------------------------------------------ facts

    /**
     * Where it stands.
     *
     * @return the state now
     */
    public State state() {
        synchronized (lock) {
            return closing.state();
        }
    }

    /**
     * How it was opened: the request, the response, and what was agreed on.
     *
     * @return the facts
     */
    public OpeningHandshake handshake() {
        return handshake;
    }

    /**
     * The peer's address.
     *
     * @return known also after the end
     */
    public InetSocketAddress remote() {
        return tcp.remote();
    }

    /**
     * Completes when the connection is gone; only then it is known whether the peer has answered a Close frame.
     *
     * @return completes normally, always
     */
    public CompletableFuture<CloseStatus> closed() {
        return closing.closed().copy();
    }

    /**
     * What the application attached.
     *
     * @return null if nothing
     */
    public Object attachment() {
        return attachment;
    }

    /**
     * Attaches something of the application.
     *
     * @param object anything
     */
    public void attachment(Object object) {
        attachment = object;
    }

    /**
     * Runs a task among the callbacks of this WebSocket; dropped if its connection is gone by then.
     *
     * @param task must not wait
     */
    public void execute(Runnable task) {
        tcp.execute(task);
    }

    /**
     * Runs a task later among the callbacks of this WebSocket; dropped if its connection is gone by then.
     *
     * @param delay from now
     * @param task must not wait
     * @return cancel it to take the task back
     */
    public Future<?> schedule(Duration delay, Runnable task) {
        return tcp.schedule(delay, task);
    }

    @Override
    public String toString() {
        return "WebSocket[" + state() + ", " + handshake.request().path() + ", peer " + remote() + "]";
    }

    // ------------------------------------------------------------------ from the connection, as its callbacks

    void onOpen() {
        deliver(() -> listener.onOpen(this));
    }

    void onData(ByteBuffer data) {
        try {
            decoder.decode(data, assembler);
        } catch (ProtocolException e) {
            LOG.log(Level.DEBUG, "{0}: {1}", this, e.getMessage());
            fail(e.closeCode(), e.getMessage());
        } catch (Throwable thrown) {
            failByListener(thrown);
        }
    }

    void onDrain() {
        if (pausedForPongs) {
            pausedForPongs = false;
            tcp.resume();
        }
        if (state() == State.OPEN) {
            deliver(() -> listener.onDrain(this));
        }
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
        }
        deliverClose();
        tcp.closed().thenAccept(closing::finish);
    }

    /** As a callback of the connection, where it is posted to and where its end comes too. */
    private void deliverClose() {
        CloseStatus why;
        synchronized (lock) {
            why = closing.status();
        }
        if (!closeReported) {
            closeReported = true;
            try {
                listener.onClose(this, why);
            } catch (Throwable thrown) {
                LOG.log(Level.WARNING, "onClose of " + this + " threw", thrown);
            }
        }
    }

    private interface Callback {
        void call() throws Exception;
    }

    private void deliver(Callback callback) {
        try {
            callback.call();
        } catch (Throwable thrown) {
            failByListener(thrown);
        }
    }

    private void failByListener(Throwable thrown) {
        LOG.log(Level.WARNING, "the listener of " + this + " threw; the connection ends", thrown);
        fail(CloseCode.INTERNAL_ERROR, "");
    }

    /** What the assembler found. */
    private final class Incoming implements MessageListener {
        @Override
        public void onText(String text) throws ProtocolException {
            if (state() == State.OPEN) {
                deliver(() -> listener.onText(WebSocket.this, text));
            }
        }

        @Override
        public void onBinary(ByteBuffer data) throws ProtocolException {
            if (state() == State.OPEN) {
                deliver(() -> listener.onBinary(WebSocket.this, data));
            }
        }

        @Override
        public void onPing(ByteBuffer payload) {
            boolean room;
            synchronized (lock) {
                room = !closing.isOpen() || outgoing.frame(true, Opcode.PONG, payload);
            }
            if (!room) {
                // a peer that pings and does not read gets no further: its next pings stay with it
                pausedForPongs = true;
                tcp.pause();
            }
        }

        @Override
        public void onPong(ByteBuffer payload) {
            if (state() == State.OPEN) {
                deliver(() -> listener.onPong(WebSocket.this, payload));
            }
        }

        @Override
        public void onCloseFrame(int code, String reason) {
            decoder.stop();
            synchronized (lock) {
                closing.answer(code, reason);
            }
        }
    }
}
