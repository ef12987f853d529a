package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * The current time limit of a connection; a new one replaces it. Guarded as its owner is. The action of a missed limit
 * runs among the callbacks of the connection.
 */
final class TimeLimit {
    private Future<?> timer;
    /** Distinguishes the current limit from one that fired while it was stopped. */
    private int round;

    void start(TcpConnection tcp, Duration limit, Runnable missed) {
        stop();
        int mine = round;
        timer = tcp.deadline(limit, () -> {
            if (mine == round) {
                missed.run();
            }
        });
    }

    void stop() {
        round++;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    boolean isRunning() {
        return timer != null;
    }
}
