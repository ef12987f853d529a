package io.iocp4j.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Cuts a connection that has data to send, but whose peer takes nothing of it for the write timeout. Guarded by the
 * connection's lock.
 *
 * <p>A send that is taken at once costs nothing. Any other starts the watch, unless there is one: a timer that checks
 * four times in the timeout whether anything was taken since, and stops when nothing is queued.
 */
final class TcpStallTimer {
    /** A stall is found when it has lasted between the timeout and this part of it more. */
    static final int LOOKS = 4;

    private final TcpFlusher connection;
    private final Duration limit;
    private final Duration interval;

    // guarded by lock
    /** Null while no watch is on. */
    private Future<?> timer;
    private long before;
    private int stalls;
    private boolean stopped;

    TcpStallTimer(TcpFlusher connection, Duration limit) {
        this.connection = connection;
        this.limit = limit;
        this.interval = limit.dividedBy(LOOKS);
    }

    /** Something was queued and not taken at once. */
    void watch() {
        if (timer == null && !stopped) {
            before = connection.takenWhileOpen();
            stalls = 0;
            timer = connection.port.deadline(interval, this::look);
        }
    }

    void stop() {
        stopped = true;
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void look() {
        synchronized (connection.lock) {
            long now = connection.takenWhileOpen();
            timer = null;
            if (stopped || now < 0) {
                return;
            }
            stalls = now == before ? stalls + 1 : 0;
            before = now;
            if (stalls == LOOKS) {
                connection.fail(IoError.TIMED_OUT, new IOException("the peer took nothing of "
                        + connection.queuedBytes() + " bytes within writeTimeout, " + Deadline.text(limit)), true);
            } else {
                timer = connection.port.deadline(interval, this::look);
            }
        }
    }
}
