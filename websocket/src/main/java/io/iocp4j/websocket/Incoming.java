package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.TcpConnection;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * What comes from the peer: bytes of the connection in, callbacks of the listener out. Runs as the callbacks of the connection, but for
 * {@link #pause} and {@link #resume}.
 *
 * <p>A pause takes effect behind the message that is being delivered: what is left of the received bytes is kept, one receive at the
 * most, and the connection is paused behind it. Of a compressed message in parts, what the received bytes of one frame inflate to is
 * delivered all the same.
 */
final class Incoming implements MessageListener {
    private static final System.Logger LOG = new GuardedLog(Incoming.class);

    private final WebSocketEnd socket;
    private final TcpConnection tcp;
    private final WebSocketListener listener;
    private final Heartbeat heartbeat;
    private final FrameDecoder decoder;
    private final MessageAssembler assembler;
    /** Null if no compression was agreed on. */
    private final MessageInflater inflater;

    /** Received and not decoded, because the application has paused; a copy, since received memory is lent. */
    private ByteBuffer rest;
    private boolean failed;
    private long messages;

    private volatile boolean paused;

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
        decode(data);
        keepRest(data);
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
        tcp.pause();
    }

    /** Any thread. */
    void resume() {
        paused = false;
        socket.execute(this::goOn);
    }

    boolean isPaused() {
        return paused;
    }

    private void goOn() {
        if (rest != null) {
            decode(rest);
            keepRest(rest);
        }
        if (rest == null && !paused) {
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
