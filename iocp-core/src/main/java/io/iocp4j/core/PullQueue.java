package io.iocp4j.core;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The application's threads that take and deliver the packets of a port in pull mode. They wait here, where the engine's own thread, or
 * whichever one completes an operation, puts the packets in; or in the engine, if that has a queue of the system to wait in.
 */
final class PullQueue {
    private final PortEngine port;
    /** The state of a context between {@code take} and {@code deliver}. */
    private final IoContext.Taken taken = new IoContext.Taken(this);
    /** Threads that have not taken a null completion since they began to take. */
    private final Set<Thread> takers = ConcurrentHashMap.newKeySet();
    /** Threads that are inside a delivery. */
    private final Set<Thread> delivering = ConcurrentHashMap.newKeySet();
    private final CountDownLatch nullsToTake;

    // guarded by this, on which only threads that take wait: one packet wakes one of them
    private final ArrayDeque<IoContext> packets = new ArrayDeque<>();
    /** The port's last packets were put in: behind what is still here come only null completions. */
    private boolean ended;
    private final WorkerCounters counters = new WorkerCounters();

    PullQueue(PortEngine port) {
        this.port = port;
        this.nullsToTake = new CountDownLatch(port.options().workers());
    }

    synchronized void add(IoContext context) {
        packets.add(context);
        notify();
    }

    /** Puts the null completions in, one for each declared worker. */
    synchronized void addNulls() {
        ended = true;
        notifyAll();
    }

    // ------------------------------------------------------------------ for the threads that take

    IoContext take() {
        try {
            return take(Long.MAX_VALUE);
        } catch (TimeoutException e) {
            throw new IllegalStateException("a wait without a limit has ended", e);
        }
    }

    IoContext take(Duration limit) throws TimeoutException {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("a limit must not be negative: " + limit);
        }
        return take(TimeUnit.NANOSECONDS.convert(limit));
    }

    private IoContext take(long nanos) throws TimeoutException {
        beginToTake();
        IoContext context = port.awaitPacket(nanos);
        if (context == null) {
            nullTaken();
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

    private synchronized void nullTaken() {
        takers.remove(Thread.currentThread());
        if (nullsToTake.getCount() == 0) {
            throw new IllegalStateException("the port " + port.options().name() + " is closed, and all its null completions were taken");
        }
        counters.nullTaken();
        nullsToTake.countDown();
    }

    /** Delivers what was taken; its own failure is counted and logged, as everywhere. */
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
            port.end();
        }
    }

    // ------------------------------------------------------------------ for the port

    /** What {@link PortEngine#awaitPacket} does where the packets are here. */
    synchronized IoContext awaitPacket(long nanos) throws TimeoutException {
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

    /** Whether the calling thread is inside a delivery, where it counts as a worker. */
    boolean isDelivering() {
        return delivering.contains(Thread.currentThread());
    }

    /** Whether the calling thread may wait for the end: not if the end waits for what it delivers, or has yet to take. */
    boolean mayWait() {
        return !isDelivering() && !takers.contains(Thread.currentThread());
    }

    /** Waits until every null completion was taken; returns whether the thread was interrupted meanwhile. */
    boolean awaitNulls() {
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

    WorkerCounters counters() {
        return counters;
    }
}
