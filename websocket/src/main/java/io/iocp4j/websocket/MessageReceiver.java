package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.frame.FrameHeader;
import io.iocp4j.websocket.frame.FrameListener;
import io.iocp4j.websocket.frame.MessageAssembler;
import io.iocp4j.websocket.frame.MessageInflater;
import io.iocp4j.websocket.frame.MessageListener;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.DeflateAgreement;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * The receiving half of a WebSocket: decodes bytes of the connection into callbacks of the listener. Strand only,
 * except for {@link #pause} and {@link #resume}.
 *
 * <table>
 * <caption>Everything that can arrive</caption>
 * <tr><td>text, binary</td><td>{@link #onText}, {@link #onBinary}: to the listener</td></tr>
 * <tr><td>a part of a message</td><td>{@link #onPart}, instead of those, if the options say so</td></tr>
 * <tr><td>ping</td><td>{@link #onPing}: answered with a pong, then to the listener</td></tr>
 * <tr><td>pong</td><td>{@link #onPong}: to the heartbeat, or the listener</td></tr>
 * <tr><td>close</td><td>{@link #onCloseFrame}: to the {@link ClosingHandshake}</td></tr>
 * <tr><td>a violation</td><td>{@link ProtocolException} from {@code decode}, with the code of the RFC</td></tr>
 * </table>
 *
 * <p>A pause takes effect after the message that is being delivered. The rest of the received bytes is kept, and the
 * connection is paused. Any thread may ask for a pause, but only the strand pauses and resumes the connection.
 * Otherwise the earlier of two requests might win, and new bytes could overtake the kept ones.
 *
 * <p>Decoding takes turns. After about a millisecond the rest is kept as in a pause, and decoded after the work of
 * other connections. One receive of 128 KiB can be 128 MiB of messages in the most compressed form.
 */
final class MessageReceiver implements MessageListener, FrameListener {
    private static final System.Logger LOG = new GuardedLog(WebSocketListener.class);

    /** The length of a turn in nanoseconds. It does not interrupt a callback. */
    static final long TURN_NANOS_MAX = 1_000_000;
    /**
     * The frames between two readings of the clock, which is also read for each inflated piece of 8 KiB. The first
     * reading begins the turn.
     */
    private static final int FRAMES_PER_LOOK = 8;

    private final WebSocketConnection socket;
    private final TcpConnection tcp;
    private final WebSocketListener listener;
    private final Heartbeat heartbeat;
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;
    /** Null if no compression was agreed on. */
    private final MessageInflater inflater;
    private final MemoryCharge heap;
    private final MemoryCharge context;

    /**
     * Bytes that are not decoded yet, because the application has paused or the turn is over; empty if only the
     * assembler holds some. It is a copy, because received memory is lent. It holds at most one receive, because the
     * connection is paused meanwhile; and one more if the answer to an earlier HTTP request has resumed it.
     */
    private ByteBuffer rest;
    private boolean failed;
    private long messages;

    // the turn that decodes
    private int frames;
    private boolean timed;
    private long beganNanos;
    private boolean turnOver;
    /** A later turn is queued. */
    private boolean laterDue;

    private volatile boolean paused;
    /** A queued callback will apply the last pause or resume. Guarded by this. */
    private boolean changeDue;

    MessageReceiver(WebSocketConnection socket, TcpConnection tcp, Role role, WebSocketListener listener,
            Heartbeat heartbeat, DeflateAgreement agreement, WebSocketOptions<?> options) {
        this.socket = socket;
        this.tcp = tcp;
        this.listener = listener;
        this.heartbeat = heartbeat;
        this.inflater = agreement == null ? null : agreement.inflater(role, options.deflate(),
                options.limits().maxMessage());
        this.decoder = new FrameDecoder(options.limits().maxFrame(), role == Role.SERVER, agreement != null);
        this.assembler = new MessageAssembler(options.limits().maxMessage(), options.limits().maxFragments(), this,
                inflater, options.parts(), this::hold);
        this.heap = new MemoryCharge(tcp.memory(), Kind.HEAP);
        this.context = new MemoryCharge(tcp.memory(), Kind.DIRECT);
    }

    // ------------------------------------------------------------------ from the connection

    void opened() {
        deliver(() -> listener.onOpen(socket));
    }

    void data(ByteBuffer data) {
        heartbeat.heard();
        if (rest == null) {
            decode(data);
        } else if (mayKeep((long) rest.remaining() + data.remaining())) {
            rest = ByteBuffer.allocate(rest.remaining() + data.remaining()).put(rest).put(data).flip();
        }
        if (rest != null || paused) {
            receiveOrNot();
        }
    }

    void drained() {
        deliver(() -> listener.onDrain(socket));
    }

    /** Reports the end. Called once. */
    void closed(CloseStatus why) {
        try {
            listener.onClose(socket, why);
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "onClose of " + socket + " threw", thrown);
        }
    }

    /** Drops the kept bytes. Nothing more is decoded. */
    void drop() {
        failed = true;
        rest = null;
        assembler.drop();
        settle();
    }

    /** Frees everything: the connection has ended. */
    void release() {
        drop();
        if (inflater != null) {
            inflater.release();
        }
    }

    /** Messages that were delivered. */
    long messages() {
        return messages;
    }

    private void decode(ByteBuffer data) {
        frames = 0;
        timed = false;
        turnOver = false;
        if (mayDecode()) {
            try {
                // the rest of a message may end the turn, or cause its listener to pause
                if (assembler.goOn() && mayDecode()) {
                    decoder.decode(data, this);
                }
            } catch (ProtocolException e) {
                failed = true;
                LOG.log(Level.DEBUG, "{0}: {1}", socket, e.getMessage());
                socket.fail(e.closeCode(), e.getMessage());
            } catch (Throwable thrown) {
                failed = true;
                failedByListener(thrown);
            }
        }
        keepRest(data);
        socket.trimmer.kept(keptBytes());
        if (turnOver && rest != null && !laterDue) {
            laterDue = true;
            tcp.executeLater(() -> {
                laterDue = false;
                goOn();
            });
        }
    }

    /** The bytes that are kept for the next message, without the context of compression. */
    int keptBytes() {
        return assembler.keptBytes() + (inflater == null ? 0 : inflater.keptBytes());
    }

    /** Frees the memory that is kept for the next message. */
    void trim() {
        assembler.trim();
        settle();
    }

    // ------------------------------------------------------------------ memory

    /** Charges the memory that the assembler is about to hold. */
    private void hold(long assembled) throws ProtocolException {
        if (!heap.set(assembled + (rest == null ? 0 : rest.capacity()))) {
            throw new ProtocolException(CloseCode.TRY_AGAIN_LATER, heap.refusal());
        }
    }

    /** Charges bytes that must wait. Ends the WebSocket and returns false if there is no room. */
    private boolean mayKeep(long bytes) {
        if (heap.set(bytes + assembler.keptBytes())) {
            return true;
        }
        String refusal = heap.refusal();
        drop();
        socket.fail(CloseCode.TRY_AGAIN_LATER, refusal);
        return false;
    }

    /** Reports the memory after some was freed. */
    private void settle() {
        heap.set((long) assembler.keptBytes() + (rest == null ? 0 : rest.capacity()));
        if (inflater != null && !inflater.isHolding()) {
            context.set(0);
        }
    }

    private boolean mayDecode() {
        return !failed && !turnOver && !(paused && socket.isOpen());
    }

    private void keepRest(ByteBuffer data) {
        if (failed || !data.hasRemaining() && !assembler.isCut()) {
            rest = null;
            data.position(data.limit());
        } else if (data != rest && mayKeep(data.remaining())) {
            rest = ByteBuffer.allocate(data.remaining()).put(data).flip();
        }
        settle();
    }

    private void goOn() {
        if (rest != null) {
            // these bytes arrived earlier
            heartbeat.heard();
            decode(rest);
        }
        receiveOrNot();
    }

    private void lookAtTheClock() {
        long now = tcp.completionPort().nanoTime();
        if (!timed) {
            timed = true;
            beganNanos = now;
        } else if (now - beganNanos >= TURN_NANOS_MAX) {
            turnOver = true;
            suspend();
        }
    }

    private void suspend() {
        decoder.suspend();
        assembler.suspend();
    }

    // ------------------------------------------------------------------ from the decoder, on the way to the assembler

    @Override
    public void onFrameHeader(FrameHeader header) throws ProtocolException {
        frames++;
        if (frames % FRAMES_PER_LOOK == 0) {
            lookAtTheClock();
        }
        if (header.rsv1() && inflater != null && !inflater.isHolding() && !context.set(MessageInflater.CONTEXT_BYTES)) {
            throw new ProtocolException(CloseCode.TRY_AGAIN_LATER, context.refusal());
        }
        assembler.onFrameHeader(header);
    }

    @Override
    public void onFramePayload(ByteBuffer part, boolean last) throws ProtocolException {
        assembler.onFramePayload(part, last);
    }

    // ------------------------------------------------------------------ pausing

    /** Any thread. */
    void pause() {
        paused = true;
        changed();
    }

    /** Any thread. */
    void resume() {
        paused = false;
        changed();
    }

    boolean isPaused() {
        return paused;
    }

    private void changed() {
        synchronized (this) {
            if (changeDue) {
                // an application may alternate in a loop; only the last call counts
                return;
            }
            changeDue = true;
        }
        socket.execute(this::change);
    }

    private void change() {
        synchronized (this) {
            changeDue = false;
        }
        goOn();
    }

    /**
     * Resumes the connection, unless bytes are kept or the application has paused. A pause ends with the WebSocket.
     */
    private void receiveOrNot() {
        if (rest != null || paused && socket.isOpen()) {
            tcp.pause();
        } else {
            tcp.resume();
        }
    }

    // ------------------------------------------------------------------ from the assembler

    @Override
    public void onText(String text) {
        if (socket.isOpen()) {
            messages++;
            deliver(() -> listener.onText(socket, text));
        }
    }

    @Override
    public void onBinary(ByteBuffer data) {
        if (socket.isOpen()) {
            messages++;
            deliver(() -> listener.onBinary(socket, data));
        }
    }

    @Override
    public void onPart(boolean text, ByteBuffer part, boolean last) {
        if (socket.isOpen()) {
            messages += last ? 1 : 0;
            deliver(() -> listener.onPart(socket, text, part, last));
        }
    }

    @Override
    public void onPing(ByteBuffer payload) {
        socket.pong(payload);
        if (socket.isOpen()) {
            deliver(() -> listener.onPing(socket, payload));
        }
    }

    @Override
    public void onPong(ByteBuffer payload) {
        if (socket.isOpen() && !heartbeat.answered(payload)) {
            deliver(() -> listener.onPong(socket, payload));
        }
    }

    @Override
    public void onCloseFrame(int code, String reason) {
        decoder.stop();
        socket.answerClose(code, reason);
    }

    private interface Callback {
        void call() throws Exception;
    }

    private void deliver(Callback callback) {
        try {
            callback.call();
        } catch (Throwable thrown) {
            failedByListener(thrown);
        }
        if (paused) {
            suspend();
        }
    }

    @Override
    public void onInflated() {
        lookAtTheClock();
    }

    private void failedByListener(Throwable thrown) {
        LOG.log(Level.WARNING, "the listener of " + socket + " threw; the connection ends", thrown);
        socket.fail(CloseCode.INTERNAL_ERROR, "");
    }
}
