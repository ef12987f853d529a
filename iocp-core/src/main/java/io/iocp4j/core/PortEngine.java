package io.iocp4j.core;

import java.util.concurrent.TimeoutException;

/**
 * The base class of the engines of {@link CompletionPort}. It counts operations, runs the timer, delivers completions,
 * and keeps the order of closing. An engine adds its sockets, the loop of its workers, and a way to queue a packet.
 *
 * <p>For the authors of engines; applications use {@link CompletionPort}. The life of one operation:
 * <pre>
 * begin      at its submit: from here on the engine owes its completion
 *   |-- takeBack               misuse was found; the context is the caller's again
 *   v
 * complete or fail             stores the result
 *   v
 * deliver or deliverLater      by the worker that has taken the packet, or by any thread
 * </pre>
 *
 * <p>A new engine is a class derived from this one, with its {@link PortSocket} and {@link PortAcceptor}, which extend
 * {@link PortHandle}, and a {@link CompletionPortProvider}. Its tests extend CompletionPortContract, from the jar of
 * tests of this module.
 */
public abstract class PortEngine extends PortCore {
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
     * @param pullsFromSystem whether in pull mode the application's threads wait in a queue of the operating system;
     *        the engine then implements {@link #awaitPacket} and makes no thread
     */
    protected PortEngine(PortOptions options, boolean pullsFromSystem) {
        super(options, pullsFromSystem);
    }

    // ------------------------------------------------------------------ implemented by each engine

    /**
     * Queues a completed context, by this engine's equivalent of PostQueuedCompletionStatus. A worker then calls
     * {@link #deliver}.
     *
     * @param context completed and counted
     */
    @Override
    protected abstract void queue(IoContext context);

    /** Queues one null completion. The worker that takes it calls {@link #nullTaken} and ends. */
    @Override
    protected abstract void queueNull();

    /**
     * Waits for a packet in pull mode, on a thread of the application; an interrupt does not end the wait and is kept.
     * Called only if the engine passed {@code pullsFromSystem} to its constructor.
     *
     * @param nanos how long, 0 or more; {@link Long#MAX_VALUE} is for ever
     * @return completed, to be delivered by hand; null from the null completion on, also if it is called again
     * @throws TimeoutException if nothing came in time
     */
    @Override
    protected IoContext awaitPacket(long nanos) throws TimeoutException {
        throw new UnsupportedOperationException("the packets of this engine wait in memory");
    }

    /**
     * Tells whether a loop that has thrown can simply run again, on its thread.
     *
     * @return false unless the engine says so
     */
    @Override
    protected boolean loopsRunAgain() {
        return false;
    }

    /**
     * Releases everything that still waits in the engine. Called when no worker is left, or when the null completions
     * cannot be queued. Must throw nothing.
     */
    @Override
    protected void abandon() {
        // by default nothing waits in an engine
    }

    // ------------------------------------------------------------------ workers

    /**
     * Makes a worker and remembers it. The engine makes {@link #threadCount()} workers and starts them.
     *
     * @param loop takes packets until it has taken a null completion
     * @return a thread that was not started
     */
    protected final Thread newWorker(Runnable loop) {
        return threads.newWorker(loop);
    }

    /**
     * The engine calls this when it has made all workers. From then on a worker that ends without a null completion has
     * ended too early.
     */
    protected final void watchWorkers() {
        threads.watch();
    }

    /**
     * Tells whether the engine has made the calling thread, with {@link #newWorker} or a similar method.
     *
     * @return true also for a thread that only hands packets over, for which {@link #isWorker()} is false
     */
    protected final boolean isOwnThread() {
        return PortThread.of(this) != null;
    }

    // ------------------------------------------------------------------ one operation

    /**
     * Takes a begun operation back after misuse was found; the reference belongs to the caller of the submit again.
     *
     * @param context begun and not completed
     */
    protected final void takeBack(IoContext context) {
        context.unsubmit();
        end(1);
    }

    /**
     * Stores the result of an operation that succeeded.
     *
     * @param context begun and not completed
     * @param bytes received or sent, 0 or more
     */
    protected final void complete(IoContext context, long bytes) {
        context.complete(bytes, null, null, null);
    }

    /**
     * Stores the result of an accept that succeeded.
     *
     * @param context begun and not completed
     * @param accepted the new connection
     */
    protected final void complete(IoContext context, PortSocket accepted) {
        context.complete(0, accepted, null, null);
    }

    /**
     * Stores the result of an operation that failed.
     *
     * @param context begun and not completed
     * @param error why
     * @param cause the exception of the engine, or null if there is none
     */
    protected final void fail(IoContext context, IoError error, Throwable cause) {
        context.complete(0, null, error, cause);
    }

    /**
     * Delivers a completion that the calling worker has taken, now or after its current delivery. In pull mode it hands
     * the completion over to the application's threads.
     *
     * @param context completed
     */
    protected final void deliver(IoContext context) {
        Worker worker = Worker.current(this);
        if (worker != null) {
            worker.take(context);
        } else {
            // the JDK completes operations only on threads of the group; this keeps the contract if that changes
            deliverLater(context);
        }
    }

    // ------------------------------------------------------------------ handles

    /**
     * Handles that are open.
     *
     * @return how many
     */
    protected final int handles() {
        return handles.size();
    }

    /**
     * Makes a handle.
     *
     * @param <H> its type
     */
    @FunctionalInterface
    protected interface HandleOpener<H extends PortHandle> {
        /**
         * Makes it.
         *
         * @return open
         * @throws IoException if the operating system refuses
         */
        H open() throws IoException;
    }

    /**
     * Opens a handle and registers it. The call counts as an operation, so the engine cannot end meanwhile.
     *
     * @param <H> its type
     * @param opener makes it
     * @return open
     * @throws IoException if the operating system refuses
     * @throws IllegalStateException if the port is closing or closed
     */
    protected final <H extends PortHandle> H open(HandleOpener<H> opener) throws IoException {
        beginOwn();
        boolean entered = inside.enter();
        try {
            H handle = opener.open();
            add(handle);
            return handle;
        } finally {
            inside.leave(entered);
            endOwn();
        }
    }
}
