package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Gives back what a WebSocket keeps for its next message, when no message has come or gone for a while. Buffers of some
 * size serve one message after the other as long as there are any; an idle WebSocket must not hold those of a large one
 * for ever. There is a timer only while there is something to give back.
 */
final class IdleTrimmer {
    /** Buffers up to this size, in bytes, are kept. */
    static final int SMALL = 1 << 10;
    /** Between one and two of these without a message are rest. */
    static final Duration QUIET = Duration.ofSeconds(1);

    private final MessageSender socket;
    private final TcpConnection tcp;

    /** Strand only. */
    private long messages;

    // Guarded by this.
    private Future<?> timer;
    private boolean ended;

    IdleTrimmer(MessageSender socket, TcpConnection tcp) {
        this.socket = socket;
        this.tcp = tcp;
    }

    /** So much is kept, by one of those who keep. Any thread. */
    void kept(int bytes) {
        if (bytes > SMALL) {
            lookLater();
        }
    }

    private synchronized void lookLater() {
        if (timer == null && !ended) {
            timer = tcp.schedule(QUIET, this::look);
        }
    }

    private void look() {
        synchronized (this) {
            timer = null;
        }
        long now = socket.messages();
        if (now == messages) {
            socket.trim();
        } else {
            messages = now;
            lookLater();
        }
    }

    synchronized void end() {
        ended = true;
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
