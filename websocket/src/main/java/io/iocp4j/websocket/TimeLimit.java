package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * The one time limit of a connection that holds at a time: each takes the place of the one before. Guarded as its owner
 * is; a limit that is missed runs among the callbacks of the connection.
 */
final class TimeLimit {
    private Future<?> timer;
    /** Tells the limit that holds from one that was on its way when it was stopped. */
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
