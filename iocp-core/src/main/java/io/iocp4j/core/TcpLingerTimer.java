package io.iocp4j.core;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Cuts a closing connection if its peer takes less of the queue in one linger timeout than the minimum rate demands, or
 * does not end its side within one linger timeout afterwards. The timer starts in the constructor. Guarded by the
 * connection's lock.
 */
final class TcpLingerTimer {
    private final CompletionPort port;
    private final Object lock;
    private final Duration limit;
    /** The bytes that the peer must take in one linger timeout, unless fewer are left. */
    private final long leastTaken;
    /** How many bytes are queued. */
    private final LongSupplier queued;
    private final Consumer<String> cut;

    // guarded by lock
    private long before;
    private Future<?> timer;
    private boolean stopped;

    TcpLingerTimer(CompletionPort port, Object lock, Duration limit, int leastRate, LongSupplier queued,
            Consumer<String> cut) {
        this.port = port;
        this.lock = lock;
        this.limit = limit;
        this.leastTaken = Math.max(1, (long) (leastRate * (limit.toSeconds() + limit.toNanosPart() / 1e9)));
        this.queued = queued;
        this.cut = cut;
        before = queued.getAsLong();
        timer = port.deadline(limit, this::check);
    }

    void stop() {
        stopped = true;
        timer.cancel(false);
    }

    private void check() {
        synchronized (lock) {
            if (stopped) {
                return;
            }
            long now = queued.getAsLong();
            if (before - now >= leastTaken || now == 0 && before > 0) {
                before = now;
                timer = port.deadline(limit, this::check);
            } else {
                String within = " within lingerTimeout, " + Deadline.text(limit);
                cut.accept(now == 0 ? "the peer has not ended its side" + within
                        : "the peer took " + (before - now) + " bytes of " + leastTaken + " by minLingerRate" + within);
            }
        }
    }
}
