package io.iocp4j.core;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Delivery by threads of the application, which take the packets of a port in pull mode. If the engine has a queue of
 * the operating system, the threads wait there. Otherwise they wait here, and the thread that completes an operation,
 * usually the engine's own, puts the packet into this queue.
 */
final class PullDelivery implements Delivery {
    private final PortCore port;
    /** True if the threads wait in {@link PortEngine#awaitPacket}, rather than here. */
    private final boolean fromSystem;
    /** The state of a context between {@code take} and {@code deliver}. */
    private final IoContext.Taken taken = new IoContext.Taken(this);
    /** Threads that have not taken a null completion since they began to take. */
    private final Set<Thread> takers = ConcurrentHashMap.newKeySet();
    /** Threads that are inside a delivery. */
    private final Set<Thread> delivering = ConcurrentHashMap.newKeySet();
    private final CountDownLatch nullsToTake;

    // Guarded by this. Only threads that take wait on it, so one packet wakes one of them.
    private final RingQueue<IoContext> packets = new RingQueue<>(16);
    /**
     * True when the port's last packets were put in. After the packets that are still here, only null completions
     * follow.
     */
    private boolean ended;
    private final WorkerCounters counters = new WorkerCounters();

    PullDelivery(PortCore port, boolean fromSystem) {
        this.port = port;
        this.fromSystem = fromSystem;
        this.nullsToTake = new CountDownLatch(port.options().workers());
    }

    // ------------------------------------------------------------------ for the threads that take

    @Override
    public IoContext take() {
        try {
            return take(Long.MAX_VALUE);
        } catch (TimeoutException e) {
            throw new IllegalStateException("a wait without a limit has ended", e);
        }
    }

    @Override
    public IoContext take(Duration limit) throws TimeoutException {
        return take(TimeUnit.NANOSECONDS.convert(Limits.notNegative(limit, "a limit")));
    }

    private IoContext take(long nanos) throws TimeoutException {
        beginToTake();
        IoContext context = fromSystem ? port.awaitPacket(nanos) : awaitPacket(nanos);
        if (context == null) {
            leave();
        } else {
            context.taken(taken);
        }
        return context;
    }

    private void beginToTake() {
        Thread thread = Thread.currentThread();
        if (delivering.contains(thread)) {
            throw new IllegalStateException("a delivery must not take: it would deliver inside itself");
        }
        takers.add(thread);
    }

    private synchronized void leave() {
        takers.remove(Thread.currentThread());
        if (nullsToTake.getCount() == 0) {
            throw new IllegalStateException(
                    "the port " + port.options().name() + " is closed, and all its null completions were taken");
        }
        counters.nullTaken();
        nullsToTake.countDown();
    }

    /**
     * Delivers a context that was taken. An exception or error of the completion is counted and logged, as on every
     * worker.
     */
    void deliver(IoContext context) {
        Thread thread = Thread.currentThread();
        if (!delivering.add(thread)) {
            throw new IllegalStateException("a delivery inside a delivery: " + context);
        }
        boolean failed = false;
        try {
            context.beginDelivery(taken);
        } catch (IllegalStateException e) {
            delivering.remove(thread);
            throw e;
        }
        try {
            context.callBack();
        } catch (Throwable thrown) {
            failed = true;
            port.report(context, thrown);
        } finally {
            synchronized (this) {
                counters.delivered(context);
                if (failed) {
                    counters.handlerFailed();
                }
            }
            delivering.remove(thread);
            port.end(1);
        }
    }

    private synchronized IoContext awaitPacket(long nanos) throws TimeoutException {
        long start = System.nanoTime();
        long left = nanos;
        boolean interrupted = false;
        while (packets.isEmpty() && !ended && left > 0) {
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            left = nanos - (System.nanoTime() - start);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (packets.isEmpty() && !ended) {
            throw new TimeoutException("no completion in " + Duration.ofNanos(nanos));
        }
        return packets.poll();
    }

    // ------------------------------------------------------------------ for the port

    /**
     * Returns 1: a thread that hands over the packets that it takes, or, if the application's threads wait in the
     * engine, only the null completion.
     */
    @Override
    public int threadCount() {
        return 1;
    }

    @Override
    public PortThread newThread(boolean spare, Runnable loop, int number) {
        // a daemon: in pull mode the application's own threads decide whether the process stays alive
        return new PortThread(port, spare, loop, port.options().name() + (spare ? "-spare" : "-io"), true);
    }

    @Override
    public boolean isWorker() {
        return delivering.contains(Thread.currentThread());
    }

    /**
     * Returns false if the calling thread still has to take a null completion, since the end of the port waits for
     * that.
     */
    @Override
    public boolean mayAwaitEnd() {
        return !takers.contains(Thread.currentThread());
    }

    @Override
    public void offer(IoContext context) {
        if (fromSystem) {
            port.queue(context);
        } else {
            add(context);
        }
    }

    private synchronized void add(IoContext context) {
        packets.add(context);
        notify();
    }

    @Override
    public void nullTaken() {
        // only the application's threads are counted
    }

    /** Puts the null completions in, one for each declared worker. */
    @Override
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    @Override
    public boolean awaitEnd() {
        boolean interrupted = false;
        while (nullsToTake.getCount() > 0) {
            try {
                nullsToTake.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    @Override
    public int workers(int alive) {
        return port.options().workers();
    }

    @Override
    public void addCounters(List<WorkerCounters> all) {
        all.add(counters);
    }
}
