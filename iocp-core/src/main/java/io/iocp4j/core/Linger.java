package io.iocp4j.core;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;

/**
 * Cuts a connection that is to end, but whose peer takes nothing of what is queued, or does not end its side, for the linger timeout.
 * Begins when it is made. Every method is called under the connection's lock.
 */
final class Linger {
    private final CompletionPort port;
    private final Object lock;
    private final Duration limit;
    /** How many bytes are queued. */
    private final LongSupplier queued;
    private final Runnable cut;

    // guarded by lock
    private long before;
    private Future<?> timer;
    private boolean stopped;

    Linger(CompletionPort port, Object lock, Duration limit, LongSupplier queued, Runnable cut) {
        this.port = port;
        this.lock = lock;
        this.limit = limit;
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
            if (now < before) {
                before = now;
                timer = port.deadline(limit, this::check);
            } else {
                cut.run();
            }
        }
    }
}
