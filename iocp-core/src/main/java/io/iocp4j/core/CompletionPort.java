package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;

/**
 * A completion port. Applications submit operations, and the port's workers take exactly one completion for each
 * operation.
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
 * <li>A worker goes on after any exception or error that a completion throws. A worker that ends by an error in the
 *     engine's own code is replaced. A port that has no worker left closes itself, and {@link #failure()} completes.
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
 * }
 * The contract is the same. On the completion port of Windows these threads wait in GetQueuedCompletionStatusEx
 * themselves. Any other engine hands each completion over by a queue, which about doubles the processor time of a small
 * message. In both cases the application's threads run only the completions that they take. They should be platform
 * threads: a virtual thread would hold its carrier while it waits, so on Windows a platform thread is started for each
 * of its waits.
 */
public interface CompletionPort extends AutoCloseable {
    /** The most buffers that one send may have. */
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
     * Opens a port on the engine that the options name, or on the best engine that can run here. The best is an engine
     * of a {@link CompletionPortProvider} on the module path or class path, else an engine of the JDK alone: its
     * asynchronous channels on Windows, its selectors elsewhere. If the options ask for the best, the system property
     * {@value PortOptions#ENGINE_PROPERTY} may name another. A provider whose code cannot be linked here is skipped.
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
     * The engine that runs.
     *
     * @return the name of its {@link CompletionPortProvider}: "selector", "aio", "iocp" or another
     */
    String engine();

    /**
     * Opens a socket for a connect.
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
     * Delivers as {@link #post}, but behind everything that waits in the port's queue now. This also holds for a call
     * from a delivery, while a {@link #post} from there may be taken by the same worker at once. So a delivery can do
     * long work in parts, and the worker serves its sockets between them.
     *
     * @param context a fresh context, whose reference goes to the port
     * @throws IllegalStateException if the context is not fresh or the port was closed
     */
    default void postBehind(IoContext context) {
        post(context);
    }

    /**
     * Runs a task on a worker, as {@link #post} does with a context. An exception of the task is counted and logged.
     * With {@code port::execute} a port is an {@link java.util.concurrent.Executor}.
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
     * Runs a short task later, on the port's timer thread; the task should post work that takes longer. The timer never
     * keeps the process running. When the port is closed, tasks that are not due yet are dropped, and a task that comes
     * later is cancelled at once.
     *
     * @param delay from now, 0 or more
     * @param task must not wait; what it throws is logged
     * @return cancel it to take the task back; if the task throws, this fails with that
     */
    Future<?> schedule(Duration delay, Runnable task);

    /**
     * Runs a task when a limit has passed, for limits that end something because a peer was silent. It works as
     * {@link #schedule}, except where the timer fires late because the process was stopped, the machine slept, or its
     * threads were busy: then the workers first take what has arrived meanwhile. Late means by more than an eighth of
     * the limit, but at least 10 ms, and always by more than 100 ms. A late timer waits for one pass through the port's
     * queue, and then for an eighth of the limit or of the delay, whichever is longer, at most a second. If it is late
     * again it waits again, up to three times in all. The task must check whether the peer is still silent.
     *
     * @param limit from now, 0 or more
     * @param missed must not wait; what it throws is logged
     * @return cancel it when the limit was kept; if the task throws, this fails with that
     */
    default Future<?> deadline(Duration limit, Runnable missed) {
        return Deadline.begin(this, limit, missed);
    }

    /**
     * The clock of {@link #schedule}.
     *
     * @return nanoseconds since an arbitrary moment, as {@link System#nanoTime()}: only differences have a meaning
     */
    default long nanoTime() {
        return System.nanoTime();
    }

    /**
     * The pool of the buffers that connections of this port receive into and send from.
     *
     * @return the port's pool
     */
    BufferPool buffers();

    /**
     * The limits of the memory that peers may make this port hold.
     *
     * @return the budget of all its connections
     */
    default MemoryBudget memory() {
        return buffers().budget();
    }

    /**
     * Operations that were submitted and whose delivery has not ended. A worker that delivers several in a row
     * subtracts them together, after the last.
     *
     * @return 0 or more
     */
    long outstanding();

    /**
     * Tells whether the calling thread must not wait for this port, because the port waits for that thread: a worker,
     * the timer thread, a thread that runs a task of TLS, opens a handle of the port or begins to close it.
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
     * Completes when the port has failed: its workers have ended by errors, such as {@link OutOfMemoryError}, and
     * cannot be replaced. The port has then begun to close itself, as {@link #close()} does. Outstanding operations may
     * never be delivered if there is not even memory for that.
     *
     * @return completes with the last error if that happens, and never otherwise: {@link #close()} does not complete
     *         it. Its dependent actions run on a thread that ends afterwards
     */
    default CompletableFuture<Throwable> failure() {
        return new CompletableFuture<>();
    }

    /**
     * Closes every handle, delivers what is outstanding, sends each worker its null completion and waits until all have
     * left. If {@link #isWorker()} is true, it begins all that and returns, since a thread that the port waits for
     * cannot wait for the port. A second call only waits.
     *
     * <p>In pull mode the application's threads deliver what is outstanding. This call waits until they have done so
     * and have taken as many null completions as there are {@link PortOptions#workers()}. A thread that has begun to
     * take must go on until its null completion, so on such a thread it also begins all that and returns.
     */
    @Override
    void close();
}
