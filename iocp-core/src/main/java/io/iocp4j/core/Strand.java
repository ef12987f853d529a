package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Runs the tasks of one connection one after the other, on any worker, without a thread of its own and without holding
 * a lock meanwhile. A worker that comes while another one runs the strand puts its task into the queue and leaves.
 *
 * <p>It is a base class of the connection, not a field, because with many connections each object that a message
 * touches costs a cache miss. In a profile of {@code bench/lab run tcp-echo:connections=1000}, the first access to a
 * separate strand took 0.16 us of 13.5 per message.
 */
abstract class Strand extends Counted {
    /**
     * How many tasks a turn runs before the rest goes to the end of the port's queue. Tasks that add new tasks must not
     * keep the worker from other connections, and every turn must end.
     */
    static final int TURN_TASKS_MAX = 64;

    /**
     * How long a turn may last, in nanoseconds, before the rest waits behind the work of other connections. A task is
     * not interrupted: longer work has to run in parts, see {@link TcpConnection#executeLater}. Measured from the
     * second task on, since most turns have only one, and reading the clock has a cost.
     */
    static final long TURN_NANOS_MAX = 1_000_000;

    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    private static final VarHandle DUE;
    private static final VarHandle RUNNER;

    static {
        try {
            DUE = MethodHandles.lookup().findVarHandle(Strand.class, "due", int.class);
            RUNNER = MethodHandles.lookup().findVarHandle(Strand.class, "runner", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final CompletionPort port;
    /** Guards the waiting tasks, and the fields of derived classes that say so. */
    final Object lock;

    /**
     * The number of tasks that have not ended. Whichever thread raises it from 0 to 1 must run the strand, now or by
     * posting a turn. A task that runs alone, the usual case, costs two atomic steps and no lock.
     */
    private int due;

    /** Opaque access is enough: a thread finds itself here only if it put itself here. */
    private Thread runner;

    /** Guarded by lock. Made at first need: most connections never have two tasks at a time. */
    RingQueue<Runnable> waiting;
    /** Guarded by lock. Tasks for turns of their own; made at first need. */
    private RingQueue<Runnable> later;

    /**
     * Makes a strand.
     *
     * @param mayServeAsLock an object that belongs to this strand alone and that each task touches anyway. Its monitor
     *        saves the cache miss of one more object. If null, the strand makes an object
     */
    Strand(CompletionPort port, Object mayServeAsLock) {
        this.port = port;
        this.lock = mayServeAsLock != null ? mayServeAsLock : new Object();
    }

    /** Called when a task has thrown; the strand goes on. */
    abstract void failed(Throwable thrown);

    /**
     * Called after the last task of a turn, still on the strand, for work that is done once for many tasks.
     */
    abstract void turnEnds();

    /**
     * Runs the task now if no other is running or waiting; else does nothing. Called by a worker from a completion,
     * never under a lock.
     */
    boolean tryRun(Runnable task) {
        if (!DUE.compareAndSet(this, 0, 1)) {
            return false;
        }
        drain(task);
        return true;
    }

    /** Runs the task now if no other is running or waiting, else after them. Called as {@link #tryRun}. */
    void runInTurn(Runnable task) {
        if (!tryRun(task) && add(task)) {
            drain(next());
        }
    }

    /**
     * Runs the task on a worker, never on the calling stack. The strand must be alive until this returns, which the
     * caller ensures by holding the lock that guards its end.
     */
    void post(Runnable task) {
        // under the lock, so a failed post is undone before another thread relies on it
        synchronized (lock) {
            if (add(task)) {
                boolean posted = false;
                try {
                    port.post(new Turn());
                    posted = true;
                } finally {
                    if (!posted) {
                        waiting.takeBack();
                        DUE.getAndAdd(this, -1);
                    }
                }
            }
        }
    }

    /**
     * Runs the task in a later turn, behind the work that waits in the port's queue. Tasks given this way keep their
     * order. Called as {@link #post}.
     */
    void postLater(Runnable task) {
        synchronized (lock) {
            if (later == null) {
                later = new RingQueue<>(2);
            }
            later.add(task);
            boolean posted = false;
            try {
                port.postBehind(new LaterTurn());
                posted = true;
            } finally {
                if (!posted) {
                    later.takeBack();
                }
            }
        }
    }

    /** Runs the first of the later tasks, on the worker that comes first. */
    private void runLater() {
        Runnable task;
        synchronized (lock) {
            task = later.poll();
        }
        task.run();
    }

    /** Tells whether the calling thread is running a task of this strand. */
    boolean onStrand() {
        return RUNNER.getOpaque(this) == Thread.currentThread();
    }

    /** Queues the task. Returns true if it is the first one; the caller must then run the strand. */
    private boolean add(Runnable task) {
        synchronized (lock) {
            if (waiting == null) {
                waiting = new RingQueue<>(4);
            }
            waiting.add(task);
            return (int) DUE.getAndAdd(this, 1) == 0;
        }
    }

    private Runnable next() {
        synchronized (lock) {
            return waiting.poll();
        }
    }

    /**
     * Runs the tasks of a turn. It needs no reference to the strand, since a waiting task either keeps the strand alive
     * or comes before the task that drops the last reference. After the last task it touches only the strand's own
     * fields, so the strand may be freed while its turn ends.
     */
    private void drain(Runnable first) {
        RUNNER.setOpaque(this, Thread.currentThread());
        Runnable task = first;
        long beganNanos = 0;
        for (int tasks = 1; task != null; tasks++) {
            try {
                task.run();
            } catch (Throwable thrown) {
                tellFailed(thrown);
            }
            boolean turnIsFull = tasks >= TURN_TASKS_MAX || tasks > 1 && port.nanoTime() - beganNanos >= TURN_NANOS_MAX;
            task = !turnIsFull && (int) DUE.getOpaque(this) > 1 || !leave(turnIsFull) ? nextAfterEnded() : null;
            if (tasks == 1 && task != null) {
                beganNanos = port.nanoTime();
            }
        }
    }

    /** Ends the turn. Returns false if another task came meanwhile and this turn still has room for it. */
    private boolean leave(boolean turnIsFull) {
        try {
            turnEnds();
        } catch (Throwable thrown) {
            tellFailed(thrown);
        }
        RUNNER.setOpaque(this, null);
        if (DUE.compareAndSet(this, 1, 0)) {
            return true;
        }
        if (turnIsFull && postRest()) {
            return true;
        }
        RUNNER.setOpaque(this, Thread.currentThread());
        return false;
    }

    /** Posts a turn for the waiting tasks. Returns false if it cannot be posted; this turn must then go on. */
    private boolean postRest() {
        DUE.getAndAdd(this, -1);
        try {
            // not posted in a way that lets this worker take it at once, since its sockets have waited long enough
            port.postBehind(new Turn());
            return true;
        } catch (Throwable thrown) {
            // the waiting tasks keep the count above 0, so no other thread has begun to run
            DUE.getAndAdd(this, 1);
            LOG.log(Level.DEBUG, "a turn goes on, since there can be no other", thrown);
            return false;
        }
    }

    /** Calls {@link #failed} for a task that has thrown. If that call throws too, this is only logged. */
    private void tellFailed(Throwable thrown) {
        try {
            failed(thrown);
        } catch (Throwable again) {
            LOG.log(Level.ERROR, "a task threw, and so did what ends its connection", again);
        }
    }

    private Runnable nextAfterEnded() {
        DUE.getAndAdd(this, -1);
        return next();
    }

    /** The packet that makes a worker run the queue. */
    private final class Turn extends IoContext {
        Turn() {
            super(Strand.this);
        }

        @Override
        protected void onCompletion() {
            drain(next());
        }
    }

    /** The packet that makes a worker run one of the later tasks. */
    private final class LaterTurn extends IoContext {
        LaterTurn() {
            super(Strand.this);
        }

        @Override
        protected void onCompletion() {
            try {
                runInTurn(Strand.this::runLater);
            } catch (Throwable thrown) {
                // there is no memory to run its task
                tellFailed(thrown);
            }
        }
    }
}
