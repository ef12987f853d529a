package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A context for tests, which counts its completions, remembers their thread and lets the test wait. It keeps a
 * reference for the test.
 */
class Probe extends IoContext {
    private static final long DEADLINE_SECONDS = 20;

    private final Runnable action;
    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicInteger completions = new AtomicInteger();
    private volatile Thread thread;

    Probe() {
        this(null, () -> { });
    }

    Probe(RefCounted owner, Runnable action) {
        super(owner);
        this.action = action;
    }

    @Override
    protected void onCompletion() {
        completions.incrementAndGet();
        thread = Thread.currentThread();
        // the test may release as soon as it wakes up
        retain();
        try {
            action.run();
        } finally {
            done.countDown();
        }
    }

    /** Waits for the completion, which must come exactly once, and gives the test's reference back. */
    Probe await() throws InterruptedException {
        assertTrue(done.await(DEADLINE_SECONDS, TimeUnit.SECONDS), () -> "no completion of " + this);
        release();
        return this;
    }

    boolean isDone() {
        return done.getCount() == 0;
    }

    int completions() {
        return completions.get();
    }

    Thread thread() {
        return thread;
    }
}
