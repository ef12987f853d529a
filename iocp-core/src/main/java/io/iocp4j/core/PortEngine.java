package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the engines of {@link CompletionPort} have in common: counting operations, workers, the order of closing, the timer. An engine
 * adds handles, the loop of its workers, and a way to queue a packet.
 *
 * <p>For engines only: an application sees {@link CompletionPort}. An engine calls {@link #begin} at each submit, and from then on owes
 * one call of {@link #deliver}, by a worker, or of {@link #deliverLater}, by any thread, after {@link #complete} or {@link #fail}.
 */
public abstract class PortEngine implements PortInternals {
    private static final System.Logger LOG = new GuardedLog(PortEngine.class);

    /** {@code outstanding} below this bit counts operations; the bit says that the port is closing. */
    private static final long CLOSING = 1L << 62;
    /** The value of {@code outstanding} once the null completions were queued; whatever is negative is closed. */
    private static final long CLOSED = Long.MIN_VALUE;

    private final PortOptions options;
    private final BufferPool buffers;
    /** How often a loop may run again without having taken anything in between: what throws at once each time would spin for ever. */
    static final int RUNS_AGAIN_MAX = 100;
    /**
     * How many workers a port may lose by errors out of the engine's own code. With each an event may have been lost, and what waits for
     * it waits for ever; after so many the port closes itself.
     */
    static final int LOST_MAX = 256;

    // guarded by workers
    /** What was made and has not ended too early, to be waited for: workers, spares, or in pull mode the engine's own threads. */
    private final List<PortThread> threads = new ArrayList<>();
    /** Those that take packets. */
    private final List<PortThread> workers = new ArrayList<>();
    /** Null if the engine has made none, or it was called. */
    private PortThread spare;
    /** What those have counted that ended too early. */
    private final WorkerCounters ended = new WorkerCounters();
    private long lost;
    private long replaced;
    private int named;

    /** The port is complete: what ends from here on, ends too early. */
    private volatile boolean started;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    /** Null in push mode. */
    private final PullQueue pull;
    /** Whether in pull mode the packets are in that queue; else {@link #awaitPacket} finds them in one of the system. */
    private final boolean pullsFromMemory;
    private final Set<PortHandle> handles = ConcurrentHashMap.newKeySet();
    /** Threads that are neither workers nor the timer, and do something that the end of the port waits for. */
    private final Set<Thread> inside = ConcurrentHashMap.newKeySet();
    private final AtomicLong outstanding = new AtomicLong();
    private final AtomicInteger nullsToTake;
    private final ScheduledThreadPoolExecutor timer;

    /**
     * Makes a port without workers.
     *
     * @param options workers, names and limits
     */
    protected PortEngine(PortOptions options) {
        this(options, false);
    }

    /**
     * Makes a port without workers.
     *
     * @param options workers, names and limits
     * @param pullsFromSystem whether in pull mode the application's threads wait in a queue of the operating system, by an
     *        {@link #awaitPacket} of the engine, which then makes no thread
     */
    @SuppressWarnings("this-escape") // the queue only keeps it; nothing comes before the engine has started a thread
    protected PortEngine(PortOptions options, boolean pullsFromSystem) {
        EarlyClasses.loadPackageOf(PortEngine.class);
        this.options = options;
        this.pullsFromMemory = options.pulled() && !pullsFromSystem;
        this.buffers = new BufferPool(options.keptBytesMax(), options.heapMax(), options.directMax());
        this.pull = options.pulled() ? new PullQueue(this) : null;
        this.nullsToTake = new AtomicInteger(threads());
        timer = new ScheduledThreadPoolExecutor(1, task -> new TimerThread(this, task),
                (task, shutDown) -> ((Future<?>) task).cancel(false));
        timer.setRemoveOnCancelPolicy(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * How many workers the engine makes and starts, each for one null completion: as the options say; in pull mode one, which hands over
     * what it takes, or only the null completion, if the application's threads wait in the engine.
     *
     * @return 1 or more
     */
    protected final int threads() {
        return pull == null ? options.workers() : 1;
    }

    /**
     * Makes a worker and remembers it. The engine starts it, and makes {@link #threads()}.
     *
     * @param loop takes packets until it has taken a null completion
     * @return a thread that was not started
     */
    protected final Thread newWorker(Runnable loop) {
        synchronized (workers) {
            PortThread worker = newThread(false, loop);
            workers.add(worker);
            return worker;
        }
    }

    /**
     * Makes a thread that waits, and runs its loop when no worker is left: it delivers what is outstanding while the port closes itself.
     * For an engine that could not begin a loop then; one at the most.
     *
     * @param loop as that of a worker
     * @return a thread that was not started
     */
    protected final Thread newSpare(Runnable loop) {
        synchronized (workers) {
            spare = newThread(true, loop);
            return spare;
        }
    }

    /**
     * Makes a worker that takes the place of the calling one, which ends; once, unless the one before could not be started.
     *
     * @param loop as that of a worker
     * @return a thread that was not started; null if there is one already
     */
    protected final Thread newSuccessor(Runnable loop) {
        PortThread ending = PortThread.of(this);
        if (ending.hasSuccessor()) {
            return null;
        }
        synchronized (workers) {
            forgetUnstarted(ending);
            PortThread next = newThread(false, loop);
            workers.add(next);
            ending.successor(next);
            return next;
        }
    }

    /**
     * Whether the calling thread is one that the engine has made with {@link #newWorker} and its like.
     *
     * @return also where {@link #isWorker()} is false, since it only hands over
     */
    protected final boolean isOwnThread() {
        return PortThread.of(this) != null;
    }

    private PortThread newThread(boolean waits, Runnable loop) {
        PortThread thread;
        if (pull == null) {
            thread = new Worker(this, waits, loop, options.name() + (waits ? "-spare" : "-worker-" + named++));
        } else {
            // a daemon: it is the threads that take who keep the process running, or do not
            thread = new PortThread(this, waits, loop, options.name() + (waits ? "-spare" : "-io"), true);
        }
        threads.add(thread);
        return thread;
    }

    /** Forgets the workers that were made: the engine has ended them before they took anything, and makes others. */
    protected final void forgetWorkers() {
        synchronized (workers) {
            endSpare();
            workers.clear();
            threads.clear();
            named = 0;
        }
    }

    /** To be called when all workers were made: a worker that ends from now on without a null completion has ended too early. */
    protected final void watchWorkers() {
        started = true;
    }

    /**
     * Whether a loop that has thrown can simply run again, on its thread.
     *
     * @return false unless the engine says so
     */
    protected boolean loopsRunAgain() {
        return false;
    }

    /**
     * A worker has ended too early, perhaps while the null completions are taken: as many fewer workers as have ended may be there for
     * them. Called by the thread that ends.
     */
    protected void workerLost() {
        // an engine whose workers do not wait for one another has nothing to do
    }

    /** No worker is left, or the null completions cannot be queued: lets go whatever still waits in the engine. Must throw nothing. */
    protected void abandon() {
        // nothing waits unless the engine made it wait
    }

    /** Lets the spare go, which then runs its loop to its end: called when nothing is left to take. */
    protected final void endSpare() {
        synchronized (workers) {
            if (spare != null) {
                spare.call();
                spare = null;
            }
        }
    }

    // ------------------------------------------------------------------ the end of a worker, in order or not

    /** Whether the loop of this thread runs again behind what it has thrown. */
    final boolean runsAgain(PortThread thread, Throwable thrown) {
        if (!started || !loopsRunAgain() || !thread.mayRunAgain()) {
            return false;
        }
        synchronized (workers) {
            replaced++;
        }
        LOG.log(Level.ERROR, () -> thread.getName() + " was thrown out of its loop, and begins again", thrown);
        return true;
    }

    /**
     * A thread of the port ends, and this is the last that it does. If that is too early, it counts that and, where nobody is left to go
     * on, closes the port; with what was made before, since what has ended it may be that there is no memory.
     */
    final void ended(PortThread thread, Throwable thrown) {
        if (!started || thrown == null && outstanding.get() < 0) {
            return;
        }
        if (thread instanceof Worker worker) {
            worker.deliverReady();
        }
        int left;
        boolean tooMany;
        synchronized (workers) {
            threads.remove(thread);
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
        workerLost();
        Throwable why = thrown != null ? thrown : new IllegalStateException("a worker left too early");
        if (left == 0 || tooMany) {
            cannotGoOn(why);
        }
        LOG.log(Level.ERROR, () -> thread.getName() + " has ended too early; workers now: " + left, why);
    }

    /** The successor of this thread was made, and could not be started. */
    private void forgetUnstarted(PortThread thread) {
        if (thread.successor() != null && !thread.hasSuccessor()) {
            workers.remove(thread.successor());
            threads.remove(thread.successor());
        }
    }

    /** Closes the port, with what is left of it, and says so, unless nothing was left to do. */
    private void cannotGoOn(Throwable why) {
        boolean nobodyLeft;
        synchronized (workers) {
            nobodyLeft = workers.isEmpty();
        }
        boolean failed = outstanding.get() >= 0;
        try {
            beginClose();
        } catch (Throwable thrown) {
            LOG.log(Level.ERROR, "a port that cannot go on could not be closed in order", thrown);
        } finally {
            if (nobodyLeft) {
                letGo();
            }
            if (failed) {
                failure.complete(why);
            }
        }
    }

    /** Nobody takes null completions any more: whoever waits for the end is let go without. */
    private void letGo() {
        abandon();
        timer.shutdown();
        if (pull != null) {
            pull.addNulls();
        }
    }

    /**
     * Queues a completed context, in whatever is this engine's PostQueuedCompletionStatus; a worker then calls {@link #deliver}.
     *
     * @param context completed and counted
     */
    protected abstract void queue(IoContext context);

    /** Queues one null completion; whichever worker takes it calls {@link #nullTaken} and leaves. */
    protected abstract void queueNull();

    /**
     * Waits for a packet in pull mode, on a thread of the application; an interrupt does not end the wait and is kept. Here in memory; an
     * engine with a queue of the system overrides it.
     *
     * @param nanos how long, 0 or more; {@link Long#MAX_VALUE} is for ever
     * @return completed, to be delivered by hand; null from the null completion on, also if it is called again
     * @throws TimeoutException if nothing came in time
     */
    protected IoContext awaitPacket(long nanos) throws TimeoutException {
        return pull.awaitPacket(nanos);
    }

    // ------------------------------------------------------------------ for applications

    @Override
    public final void post(IoContext context) {
        begin(context, Operation.POST, null);
        complete(context, 0);
        deliverLater(context);
    }

    @Override
    public final void postBehind(IoContext context) {
        begin(context, Operation.POST, null);
        complete(context, 0);
        deliverBehind(context);
    }

    @Override
    public final IoContext take() {
        return pull == null ? PortInternals.super.take() : pull.take();
    }

    @Override
    public final IoContext take(Duration limit) throws TimeoutException {
        return pull == null ? PortInternals.super.take(limit) : pull.take(limit);
    }

    @Override
    public final boolean isWorker() {
        Thread thread = Thread.currentThread();
        return (pull == null ? Worker.current(this) != null : pull.isDelivering())
                || thread instanceof TimerThread timerThread && timerThread.port == this
                || !inside.isEmpty() && inside.contains(thread);
    }

    @Override
    public final Future<?> schedule(Duration delay, Runnable task) {
        return timer.schedule(() -> {
            try {
                task.run();
            } catch (Throwable thrown) {
                LOG.log(Level.ERROR, "a timer task of port " + options.name() + " threw", thrown);
                throw thrown;
            }
        }, TimeUnit.NANOSECONDS.convert(delay), TimeUnit.NANOSECONDS);
    }

    @Override
    public final BufferPool buffers() {
        return buffers;
    }

    @Override
    public final long outstanding() {
        long value = outstanding.get();
        return value < 0 ? 0 : value & ~CLOSING;
    }

    @Override
    public final PortCounters counters() {
        synchronized (workers) {
            List<WorkerCounters> counted = new ArrayList<>();
            counted.add(pull == null ? ended : pull.counters());
            if (pull == null) {
                workers.forEach(worker -> counted.add(worker.counters));
            }
            int takers = pull == null ? workers.size() : options.workers();
            return WorkerCounters.sum(counted, takers, replaced, handles(), outstanding(), buffers);
        }
    }

    @Override
    public final CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    @Override
    public final void close() {
        beginClose();
        if (!isWorker() && (pull == null || pull.mayWait())) {
            awaitWorkers();
        }
    }

    @Override
    public final void beginClose() {
        // one operation is counted for the closing itself, so that the count cannot reach 0 half-way through the handles
        long before = outstanding.getAndUpdate(value -> value < CLOSING && value >= 0 ? (value | CLOSING) + 1 : value);
        if (before >= 0 && before < CLOSING) {
            boolean entered = enter();
            try {
                closeHandles();
            } finally {
                leave(entered);
                end();
            }
        }
    }

    private void closeHandles() {
        // a copy: a handle that takes another with it is no reason not to tell the other's key
        for (PortHandle handle : List.copyOf(handles)) {
            // in this order: what the key does about it must not come before the end of the handle, which could look like its cause
            try {
                handle.close();
                handle.portCloses();
            } catch (Throwable thrown) {
                // the others close all the same
                LOG.log(Level.ERROR, "a handle of port " + options.name() + " could not be closed in order", thrown);
            }
        }
    }

    /** The calling thread does something that the end of the port waits for: from here to {@link #leave} it must not wait for the end. */
    private boolean enter() {
        try {
            return inside.add(Thread.currentThread());
        } catch (OutOfMemoryError e) {
            // what it does matters more than what it might do besides
            return false;
        }
    }

    /** What {@link #enter} has said comes back: a thread that was inside before stays there. */
    private void leave(boolean entered) {
        if (entered) {
            inside.remove(Thread.currentThread());
        }
    }

    private void awaitWorkers() {
        List<PortThread> made;
        synchronized (workers) {
            made = List.copyOf(threads);
        }
        boolean interrupted = pull != null && pull.awaitNulls();
        for (Thread thread : made) {
            interrupted |= joinUninterruptibly(thread);
        }
        timer.shutdownNow();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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

    // ------------------------------------------------------------------ for engines: one operation

    /**
     * Begins an operation: from here on the port owes its completion.
     *
     * @param context fresh; its reference goes to the port
     * @param operation what is asked
     * @param buffer the first buffer, or null
     * @throws IllegalStateException if the context is not fresh or the port is closed; the caller has its reference again
     */
    @Override
    public final void begin(IoContext context, Operation operation, ByteBuffer buffer) {
        context.submit(operation, buffer);
        try {
            begin();
        } catch (IllegalStateException e) {
            context.unsubmit();
            throw e;
        }
    }

    /** Whether the end has not begun. */
    final boolean isOpen() {
        long value = outstanding.get();
        return value >= 0 && value < CLOSING;
    }

    /**
     * Begins something of the engine's own that must end, with {@link #end}, before a worker may leave.
     *
     * @throws IllegalStateException if the port is closed
     */
    public final void begin() {
        if (outstanding.getAndIncrement() < 0) {
            outstanding.getAndDecrement();
            throw new IllegalStateException("the port " + options.name() + " is closed");
        }
    }

    /** Ends what {@link #begin()} began; the last end of a closing port lets the workers go. */
    public final void end() {
        end(1);
    }

    /** Ends several at once. */
    void end(int operations) {
        if (outstanding.addAndGet(-operations) == CLOSING && outstanding.compareAndSet(CLOSING, CLOSED)) {
            queueNulls();
        }
    }

    private void queueNulls() {
        try {
            for (int i = 0; i < threads(); i++) {
                queueNull();
            }
        } catch (Throwable thrown) {
            // there is nothing left to deliver, so they may leave without
            letGo();
            LOG.log(Level.ERROR, () -> "the workers of port " + options.name() + " leave without their null completions", thrown);
        }
    }

    /**
     * Takes a begun operation back after misuse was found; the caller of the submit has its reference again.
     *
     * @param context begun and not completed
     */
    public final void takeBack(IoContext context) {
        context.unsubmit();
        end();
    }

    /**
     * Stores the result of an operation that succeeded.
     *
     * @param context begun and not completed
     * @param bytes received or sent, 0 or more
     */
    public final void complete(IoContext context, long bytes) {
        context.complete(bytes, null, null, null);
    }

    /**
     * Stores the result of an accept that succeeded.
     *
     * @param context begun and not completed
     * @param accepted the new connection
     */
    public final void complete(IoContext context, PortSocket accepted) {
        context.complete(0, accepted, null, null);
    }

    /**
     * Stores the result of an operation that failed.
     *
     * @param context begun and not completed
     * @param error why
     * @param cause what the engine knows of it, or null if the error says it all
     */
    public final void fail(IoContext context, IoError error, Throwable cause) {
        context.complete(0, null, error, cause);
    }

    /**
     * Delivers a completion that the calling worker has taken, now or after the delivery that it is in; in pull mode it is handed over.
     *
     * @param context completed
     */
    public final void deliver(IoContext context) {
        Worker worker = Worker.current(this);
        if (worker != null) {
            worker.take(context);
        } else {
            // the JDK completes on group threads only; should it ever not, the contract holds all the same
            deliverLater(context);
        }
    }

    /**
     * Delivers a completion, never on the calling stack.
     *
     * @param context completed
     */
    public final void deliverLater(IoContext context) {
        Worker worker = Worker.current(this);
        if (worker == null || !worker.takeOwnPost(context)) {
            deliverBehind(context);
        }
    }

    /** Delivers a completion by whichever worker comes first. */
    void deliverBehind(IoContext context) {
        if (pullsFromMemory) {
            pull.add(context);
        } else {
            queue(context);
        }
    }

    /**
     * Ends an operation: stores its result and delivers it, never on the calling stack.
     *
     * @param context begun and not completed
     * @param bytes received or sent, 0 or more
     * @param error null if it succeeded
     * @param cause what is known of the failure, or null
     */
    @Override
    public final void finish(IoContext context, long bytes, IoError error, Throwable cause) {
        context.complete(bytes, null, error, cause);
        deliverLater(context);
    }

    /**
     * Runs a task that may take long on a virtual thread. Counted like an operation, so that the port does not end meanwhile.
     *
     * @param task must not throw
     * @throws IllegalStateException if the port is closed
     */
    @Override
    public final void offload(Runnable task) {
        begin();
        boolean begun = false;
        try {
            Thread.ofVirtual().name(options.name() + "-offloaded").start(() -> {
                boolean entered = enter();
                try {
                    task.run();
                } finally {
                    leave(entered);
                    end();
                }
            });
            begun = true;
        } finally {
            if (!begun) {
                end();
            }
        }
    }

    /** Throws nothing: an application may say how its context is printed. */
    void report(IoContext context, Throwable thrown) {
        try {
            LOG.log(Level.ERROR, () -> "the completion of " + context + " threw; its worker goes on", thrown);
        } catch (OutOfMemoryError e) {
            // there is no memory even for the line; its worker goes on all the same
            GuardedLog.lineLost();
        }
    }

    // ------------------------------------------------------------------ for engines: handles and workers

    /**
     * What makes a handle.
     *
     * @param <H> its type
     */
    @FunctionalInterface
    protected interface Opening<H extends PortHandle> {
        /**
         * Makes it.
         *
         * @return open
         * @throws IoException if the operating system refuses
         */
        H open() throws IoException;
    }

    /**
     * Opens a handle and takes it in. Counted like an operation, so that the engine cannot end meanwhile.
     *
     * @param <H> its type
     * @param opening makes it
     * @return open
     * @throws IoException if the operating system refuses
     * @throws IllegalStateException if the port is closing or closed
     */
    protected final <H extends PortHandle> H open(Opening<H> opening) throws IoException {
        begin();
        boolean entered = enter();
        try {
            H handle = opening.open();
            add(handle);
            return handle;
        } finally {
            leave(entered);
            end();
        }
    }

    /**
     * Takes a new handle in.
     *
     * @param handle open
     * @throws IllegalStateException if the port is closing; the handle was closed then
     */
    @Override
    public final void add(PortHandle handle) {
        handles.add(handle);
        // after the add: either close() finds the handle in the set, or this sees that close() has begun
        if (!isOpen()) {
            handle.close();
            throw new IllegalStateException("the port " + options.name() + " is closing");
        }
    }

    /**
     * Forgets a handle that is being closed.
     *
     * @param handle added before, or not
     */
    @Override
    public final void remove(PortHandle handle) {
        handles.remove(handle);
    }

    /**
     * Handles that are open.
     *
     * @return how many
     */
    protected final int handles() {
        return handles.size();
    }

    /**
     * Counts the null completion that the calling worker has taken; the worker then leaves.
     *
     * @return whether it was the last: no worker will take another packet
     */
    protected final boolean nullTaken() {
        if (pull == null) {
            Worker.current(this).counters.nullTaken();
        }
        boolean last = nullsToTake.decrementAndGet() == 0;
        if (last) {
            timer.shutdown();
            if (pull != null) {
                pull.addNulls();
            }
        }
        return last;
    }

    /**
     * How the port was made.
     *
     * @return as given
     */
    protected final PortOptions options() {
        return options;
    }

    /** The thread of the timer: it must not wait for the port either, whose sockets and workers may need the timer for their end. */
    private static final class TimerThread extends Thread {
        private final PortEngine port;

        TimerThread(PortEngine port, Runnable task) {
            super(null, task, port.options.name() + "-timer", 0, false);
            this.port = port;
            setDaemon(true);
        }
    }
}
