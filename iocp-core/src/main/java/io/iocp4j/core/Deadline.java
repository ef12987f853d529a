package io.iocp4j.core;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * A timer whose task judges a peer by the bytes that arrived until now, see {@link CompletionPort#deadline}. After a
 * stop of the process, timers and received bytes wait together, and the timer may be served first. A timer that fires
 * late therefore first lets the workers take the waiting bytes: for one pass through the port's queue and a short time
 * more.
 */
final class Deadline extends FutureTask<Void> {
    /**
     * A timer counts as late above an eighth of its limit, but at least LATE_MIN and at most LATE_MAX, in nanoseconds.
     */
    static final long LATE_MIN = TimeUnit.MILLISECONDS.toNanos(10);
    static final long LATE_MAX = TimeUnit.MILLISECONDS.toNanos(100);
    /**
     * The longest time that the workers get after one pass through the queue, in nanoseconds. They get an eighth of
     * limit or delay, whichever is longer, if that is less.
     */
    static final long GRACE_MAX = TimeUnit.SECONDS.toNanos(1);
    /** How often a deadline lets the workers go first, since limits must hold even if every timer is late. */
    static final int LOOKS_MAX = 3;

    private final CompletionPort port;
    private final long limitNanos;
    private int looks;
    private RuntimeException thrown;
    /** Written by the thread that schedules, read by the one that cancels. */
    private volatile Future<?> timer;

    private Deadline(CompletionPort port, Duration limit, Runnable missed) {
        super(missed, null);
        this.port = port;
        this.limitNanos = TimeUnit.NANOSECONDS.convert(limit);
    }

    static Future<?> begin(CompletionPort port, Duration limit, Runnable missed) {
        Deadline deadline = new Deadline(port, limit, missed);
        deadline.judgeAfter(deadline.limitNanos);
        return deadline;
    }

    /** Returns a limit in words, for messages: {@code 30 s}, {@code 1.5 s} or {@code 250 ms}. */
    static String text(Duration limit) {
        BigDecimal millis = BigDecimal.valueOf(TimeUnit.NANOSECONDS.convert(limit), 6);
        boolean seconds = millis.compareTo(BigDecimal.valueOf(1_000)) >= 0;
        BigDecimal number = seconds ? millis.movePointLeft(3) : millis;
        return number.stripTrailingZeros().toPlainString() + (seconds ? " s" : " ms");
    }

    /** Returns how much longer a wait may last if its limit was noticed this late; 0 if it was in time. */
    static long graceNanos(long limitNanos, long lateNanos) {
        boolean late = lateNanos > Math.clamp(limitNanos / 8, LATE_MIN, LATE_MAX);
        return late ? Math.min(Math.max(limitNanos, lateNanos) / 8, GRACE_MAX) : 0;
    }

    private void judgeAfter(long nanos) {
        long begun = port.nanoTime();
        timer = port.schedule(Duration.ofNanos(nanos), () -> due(port.nanoTime() - begun - nanos));
        if (timer.isCancelled()) {
            // the port was closed
            cancel(false);
        } else if (isCancelled()) {
            timer.cancel(false);
        }
    }

    private void due(long lateNanos) {
        if (isCancelled()) {
            return;
        }
        long grace = graceNanos(limitNanos, lateNanos);
        if (grace > 0 && looks < LOOKS_MAX) {
            looks++;
            Pass pass = new Pass(grace);
            try {
                port.postBehind(pass);
                return;
            } catch (IllegalStateException e) {
                // the port was closed, and nothing waits any more
                pass.release();
            }
        }
        run();
        if (thrown != null) {
            throw thrown;
        }
    }

    /** Throws the failure again to the port, which logs the exceptions of its timer tasks. */
    @Override
    protected void setException(Throwable failure) {
        super.setException(failure);
        thrown = new IllegalStateException("the task of a deadline threw", failure);
    }

    @Override
    protected void done() {
        Future<?> pending = timer;
        if (isCancelled() && pending != null) {
            pending.cancel(false);
        }
    }

    /** The packet that is delivered when the workers have taken the packets before it. */
    private final class Pass extends IoContext {
        private final long graceNanos;

        Pass(long graceNanos) {
            this.graceNanos = graceNanos;
        }

        @Override
        protected void onCompletion() {
            judgeAfter(graceNanos);
        }
    }
}
