package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * The threads that an engine has made to take the packets of its port. It counts the threads that end too early, starts
 * a successor for each, and closes the port if no thread is left. Guarded by this; the engine's own code is never
 * called under this lock.
 */
final class PortThreads {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    /**
     * How often a loop may run again without taking a packet in between. The limit stops a loop that throws at once
     * each time.
     */
    static final int RUNS_AGAIN_MAX = 100;
    /**
     * How many workers a port may lose by errors in the engine's own code. Each may have lost an event, and the
     * operation of that event would wait for ever. At this number the port closes itself.
     */
    static final int LOST_MAX = 256;

    private final PortCore port;
    private final Delivery delivery;

    // Guarded by this.
    /**
     * The threads to join: all that were made and have not ended too early. Workers, spares, or in pull mode the
     * engine's own threads.
     */
    private final List<PortThread> made = new ArrayList<>();
    /** The threads that take packets. */
    private final List<PortThread> workers = new ArrayList<>();
    /** Null if the engine has made none, or after the spare was called. */
    private PortThread spare;
    /** The counts of the threads that ended too early. */
    private final WorkerCounters ended = new WorkerCounters();
    private long lost;
    private long replaced;
    private int named;

    /** True when the port is complete: a thread that ends from here on without a null completion ends too early. */
    private volatile boolean watched;

    PortThreads(PortCore port, Delivery delivery) {
        this.port = port;
        this.delivery = delivery;
    }

    // ------------------------------------------------------------------ making them

    /** See {@link PortEngine#newWorker}. */
    synchronized PortThread newWorker(Runnable loop) {
        PortThread worker = newThread(false, loop);
        workers.add(worker);
        return worker;
    }

    /**
     * Makes a thread that waits, and runs its loop when no worker is left. It then delivers the outstanding operations
     * while the port closes itself. For an engine that could not begin a new loop at that time. There is at most one;
     * the engine starts it.
     */
    synchronized PortThread newSpare(Runnable loop) {
        spare = newThread(true, loop);
        return spare;
    }

    /**
     * Makes a worker that takes the place of the calling one, which ends. The engine starts it. Returns null if the
     * calling worker has a successor already; one that could not be started does not count.
     */
    PortThread newSuccessor(Runnable loop) {
        PortThread ending = PortThread.of(port);
        if (ending.hasSuccessor()) {
            return null;
        }
        synchronized (this) {
            forgetUnstarted(ending);
            PortThread next = newWorker(loop);
            ending.successor(next);
            return next;
        }
    }

    private PortThread newThread(boolean waits, Runnable loop) {
        assert Thread.holdsLock(this);
        PortThread thread = delivery.newThread(waits, loop, waits ? 0 : named++);
        made.add(thread);
        return thread;
    }

    /** Forgets the threads that were made. The engine has ended them before they took a packet, and makes others. */
    synchronized void forget() {
        endSpare();
        workers.clear();
        made.clear();
        named = 0;
    }

    /** Runs the loop of the spare to its end. Called when no packet is left to take. */
    synchronized void endSpare() {
        if (spare != null) {
            spare.call();
            spare = null;
        }
    }

    /** Starts to watch: from here on a thread that ends without a null completion has ended too early. */
    void watch() {
        watched = true;
    }

    // ------------------------------------------------------------------ their end, regular or too early

    /** Tells whether the loop of this thread runs again after it has thrown. */
    boolean runsAgain(PortThread thread, Throwable thrown) {
        if (!watched || !port.loopsRunAgain() || !thread.mayRunAgain()) {
            return false;
        }
        synchronized (this) {
            replaced++;
        }
        LOG.log(Level.ERROR, () -> thread.getName() + " was thrown out of its loop, and begins again", thrown);
        return true;
    }

    /**
     * Called by a thread of the port as the last thing before it ends. Counts an end that is too early, and closes the
     * port if no thread is left. It uses only objects that were made before, since a lack of memory may be the reason.
     */
    void ended(PortThread thread, Throwable thrown) {
        if (!watched || thrown == null && port.isClosed()) {
            return;
        }
        if (thread instanceof Worker worker) {
            worker.deliverReady();
        }
        int left;
        boolean tooMany;
        synchronized (this) {
            made.remove(thread);
            workers.remove(thread);
            ended.add(thread.counters);
            forgetUnstarted(thread);
            lost++;
            tooMany = lost == LOST_MAX;
            left = workers.size();
            if (thread.hasSuccessor()) {
                replaced++;
            } else if (left == 0 && spare != null) {
                workers.add(spare);
                endSpare();
            }
        }
        port.workerLost();
        Throwable why = thrown != null ? thrown : new IllegalStateException("a worker left too early");
        if (left == 0 || tooMany) {
            port.cannotGoOn(why);
        }
        LOG.log(Level.ERROR, () -> thread.getName() + " has ended too early; workers now: " + left, why);
    }

    /** Forgets the successor of this thread if it could not be started. */
    private void forgetUnstarted(PortThread thread) {
        assert Thread.holdsLock(this);
        if (thread.successor() != null && !thread.hasSuccessor()) {
            workers.remove(thread.successor());
            made.remove(thread.successor());
        }
    }

    // ------------------------------------------------------------------ facts

    /** Tells whether no thread takes packets any more. */
    synchronized boolean isEmpty() {
        return workers.isEmpty();
    }

    /**
     * Waits for the end of all threads that were made until now. Returns whether the calling thread was interrupted
     * meanwhile; an interrupt does not end the wait.
     */
    boolean join() {
        List<PortThread> all;
        synchronized (this) {
            all = List.copyOf(made);
        }
        boolean interrupted = false;
        for (PortThread thread : all) {
            interrupted |= joinUninterruptibly(thread);
        }
        return interrupted;
    }

    private static boolean joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    /** Returns the sums over all workers, with the numbers of the port itself. */
    synchronized PortCounters counters(int handles, long outstanding, BufferPool buffers) {
        List<WorkerCounters> all = new ArrayList<>();
        all.add(ended);
        workers.forEach(worker -> all.add(worker.counters));
        delivery.addCounters(all);
        return WorkerCounters.sum(all, delivery.workers(workers.size()), replaced, handles, outstanding, buffers);
    }
}
