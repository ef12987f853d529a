package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;

/**
 * The threads that an engine has made to take the packets of its port. Counts those that end too early, finds who takes
 * their place, and has the port closed where nobody can. Guarded by this; an engine's own code is never called with it
 * held.
 */
final class PortThreads {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    /**
     * How often a loop may run again without having taken anything in between: one that throws at once would spin for
     * ever.
     */
    static final int RUNS_AGAIN_MAX = 100;
    /**
     * How many workers a port may lose by errors out of the engine's own code. With each an event may have been lost,
     * and what waits for it waits for ever; after so many the port closes itself.
     */
    static final int LOST_MAX = 256;

    private final PortCore port;
    private final Delivery delivery;

    // Guarded by this.
    /**
     * All that were made and have not ended too early, to be waited for: workers, spares, or in pull mode the engine's
     * own threads.
     */
    private final List<PortThread> made = new ArrayList<>();
    /** Those that take packets. */
    private final List<PortThread> workers = new ArrayList<>();
    /** Null if the engine has made none, or it was called. */
    private PortThread spare;
    /** What those have counted that ended too early. */
    private final WorkerCounters ended = new WorkerCounters();
    private long lost;
    private long replaced;
    private int named;

    /** The port is complete: a thread that ends from here on, ends too early. */
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
     * Makes a thread that waits, and runs its loop when no worker is left: it delivers what is outstanding while the
     * port closes itself. For an engine that could not begin a loop then; one at the most. The engine starts it.
     */
    synchronized PortThread newSpare(Runnable loop) {
        spare = newThread(true, loop);
        return spare;
    }

    /**
     * Makes a worker that takes the place of the calling one, which ends; once, unless the one before could not be
     * started. The engine starts it. Null if there is one already.
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

    /** Forgets those that were made: the engine has ended them before they took anything, and makes others. */
    synchronized void forget() {
        endSpare();
        workers.clear();
        made.clear();
        named = 0;
    }

    /** Lets the spare go, which then runs its loop to its end: called when nothing is left to take. */
    synchronized void endSpare() {
        if (spare != null) {
            spare.call();
            spare = null;
        }
    }

    /** From here on a thread that ends without a null completion has ended too early. */
    void watch() {
        watched = true;
    }

    // ------------------------------------------------------------------ their end, in order or not

    /** Whether the loop of this thread runs again behind what it has thrown. */
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
     * A thread of the port ends, and this is the last that it does. If that is too early, it counts that and, where
     * nobody is left to go on, closes the port; with what was made before, since what has ended it may be that there is
     * no memory.
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

    /** The successor of this thread was made, and could not be started. */
    private void forgetUnstarted(PortThread thread) {
        assert Thread.holdsLock(this);
        if (thread.successor() != null && !thread.hasSuccessor()) {
            workers.remove(thread.successor());
            made.remove(thread.successor());
        }
    }

    // ------------------------------------------------------------------ facts

    /** Whether nobody takes packets any more. */
    synchronized boolean isEmpty() {
        return workers.isEmpty();
    }

    /**
     * Waits for the end of all that were made until now. Returns whether the calling thread was interrupted meanwhile,
     * which ends no wait.
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

    /** What all workers have counted, with what the port knows. */
    synchronized PortCounters counters(int handles, long outstanding, BufferPool buffers) {
        List<WorkerCounters> all = new ArrayList<>();
        all.add(ended);
        workers.forEach(worker -> all.add(worker.counters));
        delivery.addCounters(all);
        return WorkerCounters.sum(all, delivery.workers(workers.size()), replaced, handles, outstanding, buffers);
    }
}
