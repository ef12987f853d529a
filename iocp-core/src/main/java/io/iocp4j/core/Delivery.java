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
     * @param spare whether it waits until it is called
     * @param number how many that are no spares were made before
     * @return a thread that was not started
     */
    PortThread newThread(boolean spare, Runnable loop, int number);

    /** Tells whether the calling thread is delivering, or is there for nothing else. */
    boolean isWorker();

    /** Tells whether the calling thread, which is no worker, may wait for the end of the port. */
    boolean mayAwaitEnd();

    /** Hands a completed context to whichever thread comes first, never on the calling stack. */
    void offer(IoContext context);

    /** See {@link CompletionPort#take()}. */
    IoContext take();

    /** See {@link CompletionPort#take(Duration)}. */
    IoContext take(Duration limit) throws TimeoutException;

    /** The calling thread, which the engine has made, has taken a null completion. */
    void nullTaken();

    /** No packet will come any more. */
    void end();

    /**
     * Waits until the application's threads have left. Returns whether the calling thread was interrupted meanwhile,
     * which ends no wait.
     */
    boolean awaitEnd();

    /** How many workers the port has, given how many of its own threads are there. */
    int workers(int alive);

    /** Adds what threads have counted that the engine has not made. */
    void addCounters(List<WorkerCounters> all);
}
