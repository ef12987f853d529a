package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * What comes from the peer: bytes of the connection in, callbacks of the listener out. Runs as the callbacks of the connection, but for
 * {@link #pause} and {@link #resume}.
 *
 * <p>A pause takes effect behind the message that is being delivered: what is left of the received bytes is kept, and the connection is
 * paused behind it. Any thread may say what it wants, but only a callback pauses the connection and lets it go on: two threads could
 * otherwise do that in another order than they said it in, and what is kept could be overtaken by what comes next. Of a compressed
 * message in parts, what the received bytes of one frame inflate to is delivered all the same.
 */
final class Incoming implements MessageListener {
    private static final System.Logger LOG = System.getLogger(Incoming.class.getName());

    private final WebSocketEnd socket;
    private final TcpConnection tcp;
    private final WebSocketListener listener;
    private final Heartbeat heartbeat;
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;
    /** Null if no compression was agreed on. */
    private final MessageInflater inflater;

    /**
     * Received and not decoded, because the application has paused; a copy, since received memory is lent. One receive at the most, as the
     * connection is paused while there is any, and one more where the answer to a request before the handshake has let it go on.
     */
    private ByteBuffer rest;
    private boolean failed;
    private long messages;

    private volatile boolean paused;
    /** A callback is on its way that does what was said last; guarded by this. */
    private boolean changeDue;

    Incoming(WebSocketEnd socket, TcpConnection tcp, Role role, WebSocketListener listener, Heartbeat heartbeat, DeflateAgreement agreement,
            WebSocketSettings settings) {
        this.socket = socket;
        this.tcp = tcp;
        this.listener = listener;
        this.heartbeat = heartbeat;
        this.inflater = agreement == null ? null : agreement.inflater(role, settings.deflate(), settings.limits());
        this.decoder = new FrameDecoder(settings.limits(), role == Role.SERVER, agreement != null);
        this.assembler = new MessageAssembler(settings.limits(), this, inflater, settings.parts());
    }

    // ------------------------------------------------------------------ from the connection

    void opened() {
        deliver(() -> listener.onOpen(socket));
    }

    void data(ByteBuffer data) {
        heartbeat.heard();
        if (rest == null) {
            decode(data);
            keepRest(data);
        } else {
            rest = ByteBuffer.allocate(rest.remaining() + data.remaining()).put(rest).put(data).flip();
        }
        if (rest != null || paused) {
            receiveOrNot();
        }
    }

    void drained() {
        deliver(() -> listener.onDrain(socket));
    }

    /** The end; the caller tells it once. */
    void closed(CloseStatus why) {
        try {
            listener.onClose(socket, why);
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "onClose of " + socket + " threw", thrown);
        }
    }

    /** The connection is gone, and what was not decoded with it. */
    void release() {
        failed = true;
        rest = null;
        if (inflater != null) {
            inflater.release();
        }
    }

    /** Messages that were delivered. */
    long messages() {
        return messages;
    }

    private void decode(ByteBuffer data) {
        if (failed || paused && socket.isOpen()) {
            return;
        }
        try {
            decoder.decode(data, assembler);
        } catch (ProtocolException e) {
            failed = true;
            LOG.log(Level.DEBUG, "{0}: {1}", socket, e.getMessage());
            socket.fail(e.closeCode(), e.getMessage());
        } catch (Throwable thrown) {
            failed = true;
            failedByListener(thrown);
        }
    }

    private void keepRest(ByteBuffer data) {
        if (failed || !data.hasRemaining()) {
            rest = null;
            data.position(data.limit());
        } else if (data != rest) {
            rest = ByteBuffer.allocate(data.remaining()).put(data).flip();
        }
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
                // said by turns in a loop, only the last counts
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
        if (rest != null) {
            decode(rest);
            keepRest(rest);
        }
        receiveOrNot();
    }

    /** Lets the connection go on, unless something is kept or the application has paused; after the end nothing pauses. */
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
            decoder.suspend();
        }
    }

    private void failedByListener(Throwable thrown) {
        LOG.log(Level.WARNING, "the listener of " + socket + " threw; the connection ends", thrown);
        socket.fail(CloseCode.INTERNAL_ERROR, "");
    }
}
