package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Frees the buffers that a WebSocket keeps for its next message, when none was received or sent for a while. A busy
 * WebSocket reuses them, but an idle one must not hold the buffers of a large message. The timer runs only while there
 * is something to free.
 */
final class IdleTrimmer {
    /** Buffers up to this size, in bytes, are kept. */
    static final int SMALL = 1 << 10;
    /** The timer interval. A WebSocket is idle after one to two intervals without a message. */
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

    /** Reports the bytes that one part of the WebSocket keeps. Any thread. */
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
