package io.iocp4j.core;

import java.util.ArrayDeque;

/**
 * Runs the tasks of one connection one after the other on whichever worker is there, without a thread or a lock of its own held
 * meanwhile: the worker that comes while another is running leaves its task in the queue and goes.
 */
abstract class Strand {
    /**
     * How many tasks a turn runs before it goes back to the end of the port's queue: tasks that bring new tasks must keep neither the
     * worker from other connections nor the end of the turn from coming.
     */
    static final int TURN_TASKS_MAX = 64;

    private final CompletionPort port;
    private final RefCounted owner;

    /** Written under this; read by {@link #isCurrent()} without it, since a thread finds itself here only if it put itself here. */
    private volatile Thread runner;

    // guarded by this
    private boolean turnPosted;
    /** Made at first need: most connections never have two tasks at a time. */
    private ArrayDeque<Runnable> waiting;

    Strand(CompletionPort port, RefCounted owner) {
        this.port = port;
        this.owner = owner;
    }

    /** What to do when a task throws; the strand goes on. */
    abstract void failed(Throwable thrown);

    /** Called after the last task of a turn, still as the strand: the place for work that is done once for many tasks. */
    abstract void turnEnds();

    /** Runs the task now if no other is running, else after it. Called by a worker from a completion, never under a lock. */
    void run(Runnable task) {
        synchronized (this) {
            if (runner != null) {
                queue().add(task);
                return;
            }
            runner = Thread.currentThread();
            if (waiting != null && !waiting.isEmpty()) {
                waiting.add(task);
                task = waiting.poll();
            }
        }
        drain(task);
    }

    /**
     * Runs the task on a worker, never on the calling stack. The owner must be alive and must stay it until this returns, which a caller
     * makes sure by calling under the lock that guards the owner's end.
     */
    void post(Runnable task) {
        boolean turnNeeded;
        synchronized (this) {
            queue().add(task);
            turnNeeded = runner == null && !turnPosted;
            turnPosted |= turnNeeded;
        }
        if (turnNeeded) {
            port.post(new Turn());
        }
    }

    /** Whether the calling thread is running a task of this strand. */
    boolean isCurrent() {
        return runner == Thread.currentThread();
    }

    private ArrayDeque<Runnable> queue() {
        if (waiting == null) {
            waiting = new ArrayDeque<>(4);
        }
        return waiting;
    }

    private void drain(Runnable first) {
        Runnable task = first;
        int tasks = 0;
        while (task != null) {
            try {
                task.run();
            } catch (Throwable thrown) {
                failed(thrown);
            }
            tasks++;
            task = tasks < TURN_TASKS_MAX ? next() : null;
            if (task == null) {
                turnEnds();
                task = nextOrLeave(tasks < TURN_TASKS_MAX);
            }
        }
    }

    private synchronized Runnable next() {
        return waiting == null ? null : waiting.poll();
    }

    /** Ends the turn unless a task came meanwhile; what has to wait for the next turn has one posted. */
    private Runnable nextOrLeave(boolean mayStay) {
        synchronized (this) {
            Runnable task = mayStay ? next() : null;
            if (task != null) {
                return task;
            }
            runner = null;
            if (waiting == null || waiting.isEmpty() || turnPosted) {
                return null;
            }
            turnPosted = true;
        }
        port.post(new Turn());
        return null;
    }

    /** Brings a worker to the queue. */
    private final class Turn extends IoContext {
        Turn() {
            super(owner);
        }

        @Override
        protected void onCompletion() {
            Runnable first;
            synchronized (Strand.this) {
                turnPosted = false;
                first = runner != null || waiting.isEmpty() ? null : waiting.poll();
                if (first != null) {
                    runner = Thread.currentThread();
                }
            }
            if (first != null) {
                drain(first);
            }
        }
    }
}
