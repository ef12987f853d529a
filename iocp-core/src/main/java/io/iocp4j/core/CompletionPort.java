package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * A completion port: operations go in, and each comes out as exactly one completion, taken by one of the port's
 * workers.
 *
 * <p>The contract, the same for every engine:
 * <ol>
 * <li>Every submitted operation ends in exactly one completion, also when it fails at once or its handle is closed.
 *     Only misuse throws.
 * <li>A completion is never delivered on the stack of the call that submitted it, and never under a lock.
 * <li>A context serves one operation and retains its owner until it is freed.
 * <li>A receive that completes with 0 bytes and no error means that the peer disconnected.
 * <li>{@link #post} delivers a completion that no I/O caused.
 * <li>{@link #close()} delivers everything that is outstanding and then one null completion to each worker, as the
 *     port's last packets.
 * <li>A worker survives everything that a completion throws. One that ends all the same, by an error out of the
 *     engine's own code, is replaced; a port without workers closes itself, and {@link #failure()} says so.
 * </ol>
 *
 * <p>Workers are not daemon threads unless {@link PortOptions#daemon} says so: an open port keeps the process running.
 * All methods may be called by any thread.
 *
 * <p>In pull mode ({@link PortOptions#pull()}) the workers are threads of the application, which write the loop
 * themselves:
 * {@snippet :
 * for (IoContext context; (context = port.take()) != null;) {
 *     context.deliver();
 * }
 * } The contract is the same. On the completion port of Windows these threads wait in GetQueuedCompletionStatusEx
 * themselves; any other engine hands each completion over by a queue, which costs about twice the processor time of a
 * small message. Either way nothing runs in the application's threads but what they take. They should be platform
 * threads: on Windows a virtual one has a platform thread started for each wait, since it would hold its carrier.
 */
public interface CompletionPort extends AutoCloseable {
    /** The most buffers that one send takes. */
    int GATHER_MAX = 16;

    /**
     * Opens a port with {@link PortOptions#defaults()}.
     *
     * @return an open port, the caller's to close
     * @throws IoException if the operating system gives no port
     */
    static CompletionPort open() throws IoException {
        return open(PortOptions.defaults());
    }

    /**
     * Opens a port on the engine that the options name, or on the best that works here: one that a
     * {@link CompletionPortProvider} on the module path or class path brings, else the JDK's asynchronous channels,
     * which work everywhere. A provider whose code cannot be linked here is passed over.
     *
     * @param options how
     * @return an open port, the caller's to close
     * @throws IoException if the operating system gives no port
     * @throws IllegalArgumentException if the options name an engine that is not there
     * @throws UnsupportedOperationException if the options name an engine that cannot run here; the message says why
     */
    static CompletionPort open(PortOptions options) throws IoException {
        return Engines.open(options);
    }

    /**
     * Lists the engines that can run here, by the names that {@link PortOptions#engine(String)} takes.
     *
     * @return at least one name, in the order in which {@link PortOptions#ENGINE_BEST} prefers them
     */
    static List<String> engines() {
        return Engines.usable();
    }

    /**
     * Makes a socket that is to be connected.
     *
     * @param key whom to tell when the port closes
     * @return an open socket
     * @throws IoException if there is no descriptor left
     * @throws IllegalStateException if the port is closing or closed
     */
    PortSocket socket(CompletionKey key) throws IoException;

    /**
     * Binds and listens.
     *
     * @param local the address; port 0 lets the system choose
     * @param backlog how many connections may wait to be accepted, 1 or more; the system may cut it
     * @param key whom to tell when the port closes
     * @return a listening socket
     * @throws IoException if the address is taken or not ours, or there is no descriptor left
     * @throws IllegalStateException if the port is closing or closed
     */
    PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException;

    /**
     * Delivers the context to a worker without I/O, as PostQueuedCompletionStatus does. Posts of one thread outside the
     * port are taken in their order; with several workers they may still run at the same time.
     *
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalStateException if the context is not fresh or the port was closed
     */
    void post(IoContext context);

    /**
     * Delivers as {@link #post}, but behind everything that waits in the port's queue now, also if a delivery calls
     * this: a worker takes some of the posts of its own deliveries over at once, and such a one never. So a delivery
     * can do a long work in parts, between which the worker looks at its sockets.
     *
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalStateException if the context is not fresh or the port was closed
     */
    default void postBehind(IoContext context) {
        post(context);
    }

    /**
     * Runs a task on a worker, as {@link #post} does with a context. What the task throws is counted and logged. With
     * {@code port::execute} a port is an {@link java.util.concurrent.Executor}.
     *
     * @param task must not wait, since other completions wait for the worker meanwhile
     * @throws IllegalStateException if the port was closed
     */
    default void execute(Runnable task) {
        Objects.requireNonNull(task);
        IoContext context = new IoContext() {
            @Override
            protected void onCompletion() {
                task.run();
            }
        };
        boolean posted = false;
        try {
            post(context);
            posted = true;
        } finally {
            if (!posted) {
                context.release();
            }
        }
    }

    /**
     * Waits for a completion and takes it, in pull mode: GetQueuedCompletionStatus. The caller must deliver the context
     * with {@link IoContext#deliver()}, or the port never closes. An interrupt does not end the wait and is kept.
     *
     * @return to be delivered; null is the null completion: the port is closed, and this worker leaves
     * @throws IllegalStateException if the port is not in pull mode, inside a delivery, or when as many null
     *        completions as {@link PortOptions#workers()} were taken
     */
    default IoContext take() {
        throw PushDelivery.notPulled();
    }

    /**
     * As {@link #take()}, for a limited time. A time-out takes nothing, so there is nothing to deliver and nothing else
     * has happened.
     *
     * @param limit 0 or more; 0 only looks
     * @return as {@link #take()}
     * @throws TimeoutException if nothing came in time
     * @throws IllegalStateException as {@link #take()}
     */
    default IoContext take(Duration limit) throws TimeoutException {
        throw PushDelivery.notPulled();
    }

    /**
     * Runs a short task later, on the port's timer thread; it should post what takes longer. The timer never keeps the
     * process running. When the port is closed, tasks that are not due yet are dropped, and a task that comes later is
     * cancelled at once.
     *
     * @param delay from now, 0 or more
     * @param task must not wait; what it throws is logged
     * @return cancel it to take the task back; it has failed with what the task has thrown
     */
    Future<?> schedule(Duration delay, Runnable task);

    /**
     * Runs a task when a limit has passed, for limits that end something because a peer was silent: as
     * {@link #schedule}, but one that comes late, since the process was stopped, the machine slept, or nobody had time
     * for it, lets the workers first take what has come meanwhile. Late is more than an eighth of the limit, at least
     * 10 ms, and whatever is above 100 ms; it then waits for one pass through the port's queue and for an eighth of the
     * limit or the delay, whichever is longer, at most a second, and up to three times if it is late again. The task
     * looks whether the peer is still silent, since it may just have been heard.
     *
     * @param limit from now, 0 or more
     * @param missed must not wait; what it throws is logged
     * @return cancel it when the limit was kept; it has failed with what the task has thrown
     */
    default Future<?> deadline(Duration limit, Runnable missed) {
        return Deadline.begin(this, limit, missed);
    }

    /**
     * The clock that {@link #schedule} goes by.
     *
     * @return nanoseconds since some moment, as {@link System#nanoTime()}: only differences mean something
     */
    default long nanoTime() {
        return System.nanoTime();
    }

    /**
     * The memory that connections of this port receive into and send from.
     *
     * @return the port's pool
     */
    BufferPool buffers();

    /**
     * What the peers of this port may make it hold.
     *
     * @return the budget of all its connections
     */
    default MemoryBudget memory() {
        return buffers().budget();
    }

    /**
     * Operations that were submitted and whose delivery has not ended. A worker that delivers several in a row takes
     * them off together, after the last.
     *
     * @return 0 or more
     */
    long outstanding();

    /**
     * Whether the calling thread is a worker of this port, or another that must not wait for the port because the port
     * waits for it: its timer thread, a thread that runs a task of TLS for it, or that opens a handle of it or begins
     * its end.
     *
     * @return true in every delivery and in every task of {@link #schedule}
     */
    default boolean isWorker() {
        return Worker.current(this) != null;
    }

    /**
     * Numbers for operators and tests.
     *
     * @return a snapshot
     */
    PortCounters counters();

    /**
     * Says that the port cannot go on: its workers have ended by errors, such as {@link OutOfMemoryError}, and none can
     * take their place. The port has begun to close itself then, as {@link #close()} does. What was still outstanding
     * may never be delivered if there was no memory even for that.
     *
     * @return completes with the last error if that happens, and never otherwise, also not by {@link #close()}. What
     *        depends on it runs on a thread that ends with it
     */
    default CompletableFuture<Throwable> failure() {
        return new CompletableFuture<>();
    }

    /**
     * Closes every handle, delivers what is outstanding, sends each worker its null completion and waits until all have
     * left. Called where {@link #isWorker()} is true it begins all that and returns, since a thread that the port waits
     * for cannot wait for itself. A second call only waits.
     *
     * <p>In pull mode it is the threads that take who deliver what is outstanding: it waits until they have, and have
     * taken as many null completions as there are {@link PortOptions#workers()}. A thread that has begun to take must
     * go on until its null completion, so there it begins all that and returns too.
     */
    @Override
    void close();
}
