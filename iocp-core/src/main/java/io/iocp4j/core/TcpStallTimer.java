package io.iocp4j.core;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Future;

/**
 * Cuts a connection whose peer takes none of the queued data for the write timeout. Guarded by the connection's lock.
 *
 * <p>A send that is taken at once does not touch the timer. Any other send starts it, unless it runs. The timer checks
 * four times in the timeout whether a byte was taken since the last check, and stops when nothing is queued.
 */
final class TcpStallTimer {
    /** The number of checks in one timeout. A stall is therefore found at most this fraction of the timeout late. */
    static final int LOOKS = 4;

    private final TcpFlusher connection;
    private final Duration limit;
    private final Duration interval;

    // guarded by lock
    /** Null while the timer does not run. */
    private Future<?> timer;
    private long before;
    private int stalls;
    private boolean stopped;

    TcpStallTimer(TcpFlusher connection, Duration limit) {
        this.connection = connection;
        this.limit = limit;
        this.interval = limit.dividedBy(LOOKS);
    }

    /** Starts the timer, because data was queued and not taken at once. */
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
