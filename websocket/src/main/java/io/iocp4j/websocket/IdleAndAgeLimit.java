package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.CloseCode;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Closes a WebSocket that had no message in either direction for a time, or that has reached its maximum age. Strand
 * only.
 */
final class IdleAndAgeLimit {
    private final WebSocketConnection socket;
    private final TcpConnection tcp;
    private final Duration maxIdle;
    private final Duration maxAge;
    private long messages;
    private Future<?> idle;
    private Future<?> age;

    IdleAndAgeLimit(WebSocketConnection socket, TcpConnection tcp, WebSocketOptions<?> options) {
        this.socket = socket;
        this.tcp = tcp;
        this.maxIdle = options.maxIdle();
        this.maxAge = options.maxAge();
    }

    void start() {
        if (!maxIdle.isZero()) {
            idle = tcp.deadline(maxIdle, this::check);
        }
        if (!maxAge.isZero()) {
            age = tcp.schedule(maxAge, () -> socket.close(CloseCode.GOING_AWAY, "this connection has reached its age"));
        }
    }

    void end() {
        for (Future<?> timer : new Future<?>[] {idle, age}) {
            if (timer != null) {
                timer.cancel(false);
            }
        }
    }

    /**
     * Compares counts of messages at intervals, because a timestamp for each message would need a reading of the clock.
     * The WebSocket therefore ends within twice the timeout.
     */
    private void check() {
        long now = socket.messages();
        if (now == messages) {
            socket.close(CloseCode.GOING_AWAY, "no message for " + maxIdle.toMillis() + " ms");
        } else {
            messages = now;
            idle = tcp.deadline(maxIdle, this::check);
        }
    }
}
