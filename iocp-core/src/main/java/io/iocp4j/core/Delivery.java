package io.iocp4j.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;

/**
 * The way from a completed operation to the code that waits for it: pushed by workers of the port
 * ({@link PushDelivery}), or pulled by threads of the application ({@link PullDelivery}).
 */
interface Delivery {
    /** See {@link PortEngine#threadCount()}. */
    int threadCount();

    /**
     * Makes a thread for a loop of the engine.
     *
     * @param spare whether the thread waits until it is called
     * @param number how many threads other than spares were made before
     * @return a thread that was not started
     */
    PortThread newThread(boolean spare, Runnable loop, int number);

    /** Tells whether the calling thread is a worker or is delivering. */
    boolean isWorker();

    /** Tells whether the calling thread, which is no worker, may wait for the end of the port. */
    boolean mayAwaitEnd();

    /** Hands a completed context to the thread that comes first, never on the calling stack. */
    void offer(IoContext context);

    /** See {@link CompletionPort#take()}. */
    IoContext take();

    /** See {@link CompletionPort#take(Duration)}. */
    IoContext take(Duration limit) throws TimeoutException;

    /** Called when the calling thread, which the engine has made, has taken a null completion. */
    void nullTaken();

    /** Called when no more packets will come. */
    void end();

    /**
     * Waits until the application's threads have left. Returns whether the calling thread was interrupted meanwhile; an
     * interrupt does not end the wait.
     */
    boolean awaitEnd();

    /** Returns the number of workers, given the number of the port's own threads that are alive. */
    int workers(int alive);

    /** Adds the counts of threads that the engine has not made. */
    void addCounters(List<WorkerCounters> all);
}
