package io.iocp4j.core;

import java.util.concurrent.CountDownLatch;

/**
 * A thread that takes the packets of a port and reports its end to the port. It ends in order behind its null
 * completion, or too early by an error in the engine's own code, mostly an {@link OutOfMemoryError}. In the second case
 * another thread must take its place.
 */
class PortThread extends Thread {
    final PortCore port;
    final WorkerCounters counters = new WorkerCounters();
    private final Runnable loop;
    /** Null unless it is a spare, which waits before its loop until it is called. */
    private final CountDownLatch called;

    // of the thread alone
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

    /** The thread of this port that the calling thread is, or null. */
    static PortThread of(PortCore port) {
        return Thread.currentThread() instanceof PortThread thread && thread.port == port ? thread : null;
    }

    /** Tells whether this thread, which ends, has one to follow it. */
    final boolean hasSuccessor() {
        return successor != null && successor.getState() != Thread.State.NEW;
    }

    final PortThread successor() {
        return successor;
    }

    final void successor(PortThread next) {
        successor = next;
    }

    /** Called between two runs of its loop; no for ever if the loop throws each time before it has taken anything. */
    final boolean mayRunAgain() {
        long taken = counters.taken();
        runsWithoutPacket = taken == takenBefore ? runsWithoutPacket + 1 : 1;
        takenBefore = taken;
        return runsWithoutPacket <= PortThreads.RUNS_AGAIN_MAX;
    }

    /** Lets a spare go on: as a worker, or to its end where the port has ended. */
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
            // there is no memory even to say so
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
                // no code of this library interrupts it, and it has nothing to end
                waiting = true;
            }
        }
    }
}
