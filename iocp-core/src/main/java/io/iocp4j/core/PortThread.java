package io.iocp4j.core;

import java.util.concurrent.CountDownLatch;

/**
 * A thread that takes the packets of a port and reports its end to the port. Normally it ends after its null
 * completion. It ends too early by an error in the engine's own code, mostly an {@link OutOfMemoryError}; then another
 * thread must take its place.
 */
class PortThread extends Thread {
    final PortCore port;
    final WorkerCounters counters = new WorkerCounters();
    private final Runnable loop;
    /** Null unless this is a spare, which waits before its loop until {@link #call} releases it. */
    private final CountDownLatch called;

    // this thread only
    private long takenBefore;
    private int runsWithoutPacket;
    private PortThread successor;

    PortThread(PortCore port, boolean spare, Runnable loop, String name, boolean daemon) {
        super(null, null, name, 0, false);
        this.port = port;
        this.loop = loop;
        this.called = spare ? new CountDownLatch(1) : null;
        setDaemon(daemon);
    }

    /** Returns the calling thread if it is one of this port's, else null. */
    static PortThread of(PortCore port) {
        return Thread.currentThread() instanceof PortThread thread && thread.port == port ? thread : null;
    }

    /** Tells whether this thread, which ends, has a started successor. */
    final boolean hasSuccessor() {
        return successor != null && successor.getState() != Thread.State.NEW;
    }

    final PortThread successor() {
        return successor;
    }

    final void successor(PortThread next) {
        successor = next;
    }

    /**
     * Called between two runs of the loop. Returns false after too many runs in a row that took no packet, since a loop
     * that throws each time would run for ever.
     */
    final boolean mayRunAgain() {
        long taken = counters.taken();
        runsWithoutPacket = taken == takenBefore ? runsWithoutPacket + 1 : 1;
        takenBefore = taken;
        return runsWithoutPacket <= PortThreads.RUNS_AGAIN_MAX;
    }

    /** Releases a spare: it goes on as a worker, or ends if the port has ended. */
    final void call() {
        called.countDown();
    }

    @Override
    public final void run() {
        if (called != null) {
            awaitCall();
        }
        Throwable thrown;
        do {
            thrown = null;
            try {
                loop.run();
            } catch (Throwable failure) {
                thrown = failure;
            }
        } while (thrown != null && runsAgain(thrown));
        port.threads.ended(this, thrown);
    }

    private boolean runsAgain(Throwable thrown) {
        try {
            return port.threads.runsAgain(this, thrown);
        } catch (OutOfMemoryError e) {
            // there is not even memory to log this
            GuardedLog.lineLost();
            return port.loopsRunAgain();
        }
    }

    private void awaitCall() {
        boolean waiting = true;
        while (waiting) {
            try {
                called.await();
                waiting = false;
            } catch (InterruptedException e) {
                // no code of this library interrupts this thread, and there is nothing to cancel
                waiting = true;
            }
        }
    }
}
