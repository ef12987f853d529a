package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The contract of {@link CompletionPort} over its parts: the count of operations, the delivery, the threads, the timer,
 * the handles. Keeps the order of closing. {@link PortEngine} adds the methods that only an engine needs.
 */
abstract class PortCore extends PortInternals {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    /** The wait before a completion that could not be queued is queued again: long enough for a garbage collection. */
    private static final Duration QUEUE_AGAIN = Duration.ofMillis(10);

    private final PortOptions options;
    private final BufferPool buffers;
    private final Delivery delivery;
    private final PortTimer timer;
    private final OperationCount operations = new OperationCount();
    final PortHandles handles = new PortHandles();
    final InsideThreads inside = new InsideThreads();
    private final AtomicInteger nullsToTake;
    private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
    final PortThreads threads;

    /** Makes a port without workers; see {@link PortEngine}. */
    PortCore(PortOptions options, boolean pullsFromSystem) {
        EarlyClasses.loadPackageOf(PortCore.class);
        EarlyClasses.initialize(FlightEvents.class.getDeclaredClasses());
        this.options = options;
        this.buffers = new BufferPool(options.maxKeptBytes(), options.maxHeap(), options.maxDirect());
        this.timer = new PortTimer(options.name());
        this.delivery = options.pulled() ? new PullDelivery(this, pullsFromSystem) : new PushDelivery(this);
        this.threads = new PortThreads(this, delivery);
        this.nullsToTake = new AtomicInteger(threadCount());
    }

    // ------------------------------------------------------------------ implemented by an engine, see PortEngine

    abstract void queue(IoContext context);

    abstract void queueNull();

    abstract IoContext awaitPacket(long nanos) throws TimeoutException;

    abstract boolean loopsRunAgain();

    abstract void abandon();

    /**
     * Called on a worker that ends too early. This may happen while the null completions are taken; then there are
     * fewer workers than null completions. An engine whose handles belong to a worker for life ends the port, with
     * {@link #cannotGoOn}.
     */
    protected void workerLost() {
        // nothing to do for an engine whose workers do not wait for one another
    }

    // ------------------------------------------------------------------ for applications

    @Override
    public final void post(IoContext context) {
        post(context, true);
    }

    @Override
    public final void postBehind(IoContext context) {
        post(context, false);
    }

    /**
     * Posts a context. If there is no memory to queue it, this throws, nothing has changed, and the caller has its
     * context again.
     */
    private void post(IoContext context, boolean mayStayOnWorker) {
        begin(context, Operation.POST, null);
        context.complete(0, null, null, null);
        boolean queued = false;
        try {
            if (mayStayOnWorker) {
                offer(context);
            } else {
                delivery.offer(context);
            }
            queued = true;
        } finally {
            if (!queued) {
                context.uncomplete();
                context.unsubmit();
                end(1);
            }
        }
    }

    @Override
    public final IoContext take() {
        return delivery.take();
    }

    @Override
    public final IoContext take(Duration limit) throws TimeoutException {
        return delivery.take(limit);
    }

    @Override
    public final boolean isWorker() {
        return delivery.isWorker() || timer.isTimerThread() || inside.isInside();
    }

    @Override
    public final Future<?> schedule(Duration delay, Runnable task) {
        return timer.schedule(delay, task);
    }

    @Override
    public final String engine() {
        return options.engine();
    }

    @Override
    public final BufferPool buffers() {
        return buffers;
    }

    @Override
    public final long outstanding() {
        return operations.outstanding();
    }

    @Override
    public final PortCounters counters() {
        return threads.counters(handles.size(), outstanding(), buffers);
    }

    @Override
    public final CompletableFuture<Throwable> failure() {
        return failure.copy();
    }

    @Override
    public final void close() {
        beginClose();
        if (!isWorker() && delivery.mayAwaitEnd()) {
            boolean interrupted = delivery.awaitEnd();
            interrupted |= threads.join();
            timer.endNow();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // ------------------------------------------------------------------ one operation

    /**
     * Begins an operation: from here on the port owes its completion.
     *
     * @param context fresh; its reference goes to the port
     * @param operation the kind of operation
     * @param buffer the first buffer, or null
     * @throws IllegalStateException if the context is not fresh or the port is closed; the caller has its reference
     *        again
     */
    @Override
    protected final void begin(IoContext context, Operation operation, ByteBuffer buffer) {
        context.submit(operation, buffer);
        if (!operations.begin()) {
            context.unsubmit();
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException("the port " + options.name() + " is closed");
    }

    /**
     * Delivers a completion, never on the calling stack. If there is no memory to queue it, the timer of the port tries
     * again 10 ms later.
     *
     * @param context completed
     */
    protected final void deliverLater(IoContext context) {
        try {
            offer(context);
        } catch (OutOfMemoryError e) {
            deliverAfterPause(context);
        }
    }

    private void offer(IoContext context) {
        Worker worker = Worker.current(this);
        if (worker == null || !worker.takeOwnPost(context)) {
            delivery.offer(context);
        }
    }

    private void deliverAfterPause(IoContext context) {
        timer.schedule(QUEUE_AGAIN, () -> deliverBehind(context));
        LOG.log(Level.WARNING, "no memory to queue a completion; trying again in " + QUEUE_AGAIN.toMillis() + " ms");
    }

    @Override
    final void finish(IoContext context, long bytes, IoError error, Throwable cause) {
        context.complete(bytes, null, error, cause);
        deliverLater(context);
    }

    /**
     * Delivers a completion by the next worker that is free. If there is no memory to queue it, tries again as
     * {@link #deliverLater} does.
     */
    final void deliverBehind(IoContext context) {
        try {
            delivery.offer(context);
        } catch (OutOfMemoryError e) {
            deliverAfterPause(context);
        }
    }

    /** Logs the exception of a completion. Throws nothing, even if the toString of its context does. */
    final void report(IoContext context, Throwable thrown) {
        try {
            LOG.log(Level.ERROR, () -> "the completion of " + context + " threw; its worker goes on", thrown);
        } catch (OutOfMemoryError e) {
            // there is not even memory for the log line; the worker must go on
            GuardedLog.lineLost();
        }
    }

    // ------------------------------------------------------------------ handles, and work beside the operations

    /**
     * Registers a new handle.
     *
     * @param handle an open handle
     * @throws IllegalStateException if the port is closing; the handle was closed then
     */
    @Override
    protected final void add(PortHandle handle) {
        handles.add(handle);
        // after the add: either the end finds the handle in the set, or this sees that the end has begun
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
    protected final void remove(PortHandle handle) {
        handles.remove(handle);
    }

    /**
     * Begins work of the engine's own. The workers do not end before {@link #endOwn} was called for it.
     *
     * @throws IllegalStateException if the port is closed
     */
    protected final void beginOwn() {
        if (!operations.begin()) {
            throw closed();
        }
    }

    /** Ends the work that {@link #beginOwn()} began. With the last end in a closing port, the workers end. */
    protected final void endOwn() {
        end(1);
    }

    /** Runs the task on a virtual thread. */
    @Override
    final void offload(Runnable task) {
        beginOwn();
        boolean begun = false;
        try {
            Thread.ofVirtual().name(options.name() + "-offloaded").start(() -> {
                boolean entered = inside.enter();
                try {
                    task.run();
                } finally {
                    inside.leave(entered);
                    endOwn();
                }
            });
            begun = true;
        } finally {
            if (!begun) {
                endOwn();
            }
        }
    }

    // ------------------------------------------------------------------ threads

    /**
     * The options that the port was made with.
     *
     * @return as given
     */
    protected final PortOptions options() {
        return options;
    }

    /**
     * How many workers the engine makes and starts, each for one null completion. The options set the number. In pull
     * mode it is one, which hands over the packets that it takes, or, if the application's threads wait in the engine,
     * only the null completion.
     *
     * @return 1 or more
     */
    protected final int threadCount() {
        return delivery.threadCount();
    }

    /**
     * Counts the null completion that the calling worker has taken. The worker then ends.
     *
     * @return whether it was the last: no worker will take another packet
     */
    protected final boolean nullTaken() {
        delivery.nullTaken();
        boolean last = nullsToTake.decrementAndGet() == 0;
        if (last) {
            timer.end();
            delivery.end();
        }
        return last;
    }

    // ------------------------------------------------------------------ the end

    /** Tells whether the end has not begun. */
    final boolean isOpen() {
        return operations.isOpen();
    }

    /** Tells whether nothing is outstanding any more and only null completions are left to take. */
    final boolean isClosed() {
        return operations.isClosed();
    }

    @Override
    final void beginClose() {
        if (operations.beginClosing()) {
            boolean entered = inside.enter();
            try {
                handles.close();
            } finally {
                inside.leave(entered);
                end(1);
            }
        }
    }

    /** Ends several operations at once. With the last operation of a closing port, the workers end. */
    final void end(int count) {
        if (operations.end(count)) {
            queueNulls();
        }
    }

    private void queueNulls() {
        try {
            for (int i = 0; i < threadCount(); i++) {
                queueNull();
            }
        } catch (Throwable thrown) {
            // nothing is left to deliver, so the workers may end without null completions
            letGo();
            LOG.log(Level.ERROR,
                    () -> "the workers of port " + options.name() + " leave without their null completions", thrown);
        }
    }

    /**
     * Closes the failed port and completes {@link #failure()}, unless nothing was outstanding any more.
     *
     * @param why the reason
     */
    protected final void cannotGoOn(Throwable why) {
        boolean nobodyLeft = threads.isEmpty();
        boolean failed = !isClosed();
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

    /** Wakes the threads that wait for the end, since no thread takes null completions any more. */
    private void letGo() {
        abandon();
        timer.end();
        delivery.end();
    }
}
