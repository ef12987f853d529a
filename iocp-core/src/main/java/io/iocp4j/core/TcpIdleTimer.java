package io.iocp4j.core;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Finds silences of a connection in both directions. Guarded by the connection's lock.
 *
 * <p>A message costs one store, because it does not restart the timer. When the timer fires, it checks how long the
 * silence has been, and waits for the rest. No notice is given before the last notice was delivered; otherwise notices
 * would pile up behind a slow callback.
 */
final class TcpIdleTimer {
    private final CompletionPort port;
    private final Object lock;
    /** Run under the lock. {@link #noticeDelivered()} follows when the notice was delivered. */
    private final Runnable notice;

    // guarded by lock
    private long silenceNanos;
    private long lastActivityNanos;
    private boolean telling;
    private Future<?> timer;
    /** Distinguishes the current check from an old one that waited for the lock while the timer was stopped. */
    private int round;

    TcpIdleTimer(CompletionPort port, Object lock, Runnable notice) {
        this.port = port;
        this.lock = lock;
        this.notice = notice;
    }

    /** Restarts for silences of this length; zero for none. */
    void start(Duration silence) {
        stop();
        silenceNanos = TimeUnit.NANOSECONDS.convert(silence);
        if (silenceNanos > 0) {
            lastActivityNanos = port.nanoTime();
            checkAfter(silenceNanos);
        }
    }

    long silenceNanos() {
        return silenceNanos;
    }

    void stop() {
        round++;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    /** Called when bytes were received or sent. */
    void noteActivity() {
        if (timer != null) {
            lastActivityNanos = port.nanoTime();
        }
    }

    /** Called when the notice of the last silence was delivered. */
    void noticeDelivered() {
        telling = false;
    }

    private void checkAfter(long nanos) {
        int mine = round;
        timer = port.deadline(Duration.ofNanos(nanos), () -> {
            synchronized (lock) {
                if (mine == round) {
                    check();
                }
            }
        });
    }

    private void check() {
        long left = silenceNanos - (port.nanoTime() - lastActivityNanos);
        checkAfter(left > 0 ? left : silenceNanos);
        if (left <= 0 && !telling) {
            telling = true;
            notice.run();
        }
    }
}
