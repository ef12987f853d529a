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
 * One WebSocket, the server's end (RFC 6455). Every method may be called by any thread and is harmless after the end; no callback runs
 * inside the call that caused it. Messages of one thread arrive in its order.
 */
public final class WebSocket {
    private static final System.Logger LOG = System.getLogger(WebSocket.class.getName());

    /** A control frame has 125 bytes, and the code takes two of them (RFC 6455 section 5.5). */
    private static final int CLOSE_REASON_MAX = 123;

    /** Where a WebSocket stands. It only moves down this list. */
    public enum State {
        /** Both sides may send. */
        OPEN,
        /** This side has sent its Close frame and waits for the peer's; what else comes is dropped. */
        CLOSING,
        /** Nothing more is sent or delivered. */
        CLOSED
    }

    private final TcpConnection tcp;
    private final HttpRequest request;
    private final String subprotocol;
    private final WebSocketListener listener;
    private final Duration closeTimeout;
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;
    private final CompletableFuture<CloseStatus> closed = new CompletableFuture<>();

    private final Object lock = new Object();
    // guarded by lock
    private State state = State.OPEN;
    private CloseStatus status;
    private boolean peerClosed;
    private final ByteBuffer header = ByteBuffer.allocate(10);

    // used by the callbacks of the connection only
    private final Incoming incoming = new Incoming();
    private boolean closeReported;
    private boolean pausedForPongs;

    private volatile Object attachment;

    WebSocket(TcpConnection tcp, HttpRequest request, String subprotocol, WebSocketListener listener, Limits limits,
            Duration closeTimeout) {
        this.tcp = tcp;
        this.request = request;
        this.subprotocol = subprotocol;
        this.listener = listener;
        this.closeTimeout = closeTimeout;
        this.decoder = new FrameDecoder(limits, true);
        this.assembler = new MessageAssembler(limits, incoming);
    }

    // ------------------------------------------------------------------ sending

    /**
     * Queues a text message.
     *
     * @param text encoded as UTF-8; unpaired surrogates become '?'
     * @return false from the moment that the queue is above the high-water mark until {@code onDrain} (the message was taken all the
     *     same), or if the WebSocket is not open (the message was dropped)
     */
    public boolean send(String text) {
        return send(Opcode.TEXT, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Queues a copy of a binary message.
     *
     * @param data between position and limit; its position moves to its limit if it was taken
     * @return as {@link #send(String)}
     */
    public boolean send(ByteBuffer data) {
        return send(Opcode.BINARY, data);
    }

    /**
     * Queues a message that was framed before, without a copy.
     *
     * @param message the queue retains it until it is sent or dropped
     * @return as {@link #send(String)}
     */
    public boolean send(Message message) {
        synchronized (lock) {
            return state == State.OPEN && tcp.send(message.frame());
        }
    }

    /**
     * Sends a ping; the peer's pong comes to {@link WebSocketListener#onPong}.
     *
     * @param payload up to 125 bytes
     * @return as {@link #send(String)}
     */
    public boolean ping(ByteBuffer payload) {
        return send(Opcode.PING, payload);
    }

    private boolean send(Opcode opcode, ByteBuffer payload) {
        synchronized (lock) {
            return state == State.OPEN && sendFrame(opcode, payload);
        }
    }

    private boolean sendFrame(Opcode opcode, ByteBuffer payload) {
        FrameEncoder.putHeader(header.clear(), true, false, opcode, payload.remaining());
        return tcp.send(header.flip(), payload);
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
     * Sets when {@code send} returns false and when {@code onDrain} follows.
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
        begin(new CloseStatus(code, reason, Initiator.LOCAL, false), FrameEncoder.closePayload(code, reason));
    }

    /** Ends without a handshake: what is queued is dropped, the peer sees the connection go. */
    public void abort() {
        synchronized (lock) {
            end(new CloseStatus(CloseCode.ABNORMAL, "aborted", Initiator.LOCAL, false));
        }
        tcp.abort();
    }

    /** Sends our Close frame first. */
    private void begin(CloseStatus why, ByteBuffer payload) {
        synchronized (lock) {
            if (state != State.OPEN) {
                return;
            }
            state = State.CLOSING;
            report(why);
            sendFrame(Opcode.CLOSE, payload);
            tcp.schedule(closeTimeout, this::closeTimedOut);
        }
    }

    private void closeTimedOut() {
        synchronized (lock) {
            state = State.CLOSED;
        }
        decoder.stop();
        if (tcp.bufferedAmount() == 0) {
            // the peer had its time; it need not have that of TCP as well
            tcp.abort();
        } else {
            tcp.close();
        }
    }

    /** The end without a frame of ours, or after both. Under the lock. */
    private void end(CloseStatus why) {
        if (state != State.CLOSED) {
            state = State.CLOSED;
            report(why);
        }
    }

    /** The listener hears of the first end only. Under the lock. */
    private void report(CloseStatus why) {
        if (status == null) {
            status = why;
            tcp.execute(this::deliverClose);
        }
    }

    /** As a callback of the connection, where it is posted to and where its end comes too. */
    private void deliverClose() {
        CloseStatus why;
        synchronized (lock) {
            why = status;
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

    /** A violation of the protocol, or an exception of the application. */
    private void fail(int code, String reason) {
        synchronized (lock) {
            if (state == State.OPEN) {
                boolean fits = reason.getBytes(StandardCharsets.UTF_8).length <= CLOSE_REASON_MAX;
                sendFrame(Opcode.CLOSE, FrameEncoder.closePayload(code, fits ? reason : ""));
            }
            end(new CloseStatus(code, reason, Initiator.LOCAL, false));
        }
        decoder.stop();
        tcp.close();
    }

    // ------------------------------------------------------------------ facts

    /**
     * Where it stands.
     *
     * @return the state now
     */
    public State state() {
        synchronized (lock) {
            return state;
        }
    }

    /**
     * The handshake.
     *
     * @return as it was received
     */
    public HttpRequest request() {
        return request;
    }

    /**
     * What was agreed on.
     *
     * @return null if nothing was
     */
    public String subprotocol() {
        return subprotocol;
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
        return closed.copy();
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
        return "WebSocket[" + state() + ", " + request.path() + ", peer " + remote() + "]";
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
            end(new CloseStatus(CloseCode.ABNORMAL, "the peer ended the connection without a Close frame", Initiator.REMOTE, false));
        }
    }

    void onTcpClose(CloseInfo info) {
        synchronized (lock) {
            String reason = info.error() == null ? "the connection ended without a Close frame" : info.error().toString();
            end(new CloseStatus(CloseCode.ABNORMAL, reason, info.initiator(), false));
        }
        deliverClose();
        tcp.closed().thenRun(() -> {
            synchronized (lock) {
                boolean clean = peerClosed && status.code() != CloseCode.ABNORMAL;
                status = new CloseStatus(status.code(), status.reason(), status.initiator(), clean);
            }
            closed.complete(status);
        });
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
                room = state != State.OPEN || sendFrame(Opcode.PONG, payload);
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
                peerClosed = true;
                if (state == State.OPEN) {
                    // the echo has the code that came, and none if none came (section 5.5.1)
                    sendFrame(Opcode.CLOSE, code == CloseCode.NO_STATUS ? ByteBuffer.allocate(0)
                            : FrameEncoder.closePayload(code, reason));
                }
                end(new CloseStatus(code, reason, Initiator.REMOTE, true));
            }
            // the server ends the TCP connection first (section 7.1.1)
            tcp.close();
        }
    }
}
