package io.iocp4j.jna;

import io.iocp4j.core.IoContext;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Pull mode: threads of the application wait in the system's queue themselves. Each dequeues one packet at a time,
 * because no other thread could deliver a second one.
 *
 * <p>The port posts one null completion. While others wait, each thread that leaves posts the next one. The last thread
 * frees the port. So no thread waits at a closed port, and no null completion stays in the queue.
 */
final class PullWait {
    private final IocpPort port;

    // Guarded by this.
    /** Threads that are waiting, or still have to leave. */
    private int inside;
    /** True once the null completion was taken. */
    private boolean ended;

    PullWait(IocpPort port) {
        this.port = port;
    }

    /** See {@link IocpPort#awaitPacket}. */
    IoContext await(long nanos) throws TimeoutException {
        return Thread.currentThread().isVirtual() ? awaitByPlatformThread(nanos) : awaitHere(nanos);
    }

    /**
     * Waits on a platform thread. A virtual thread would pin its carrier in the call; with all carriers pinned none
     * could run.
     */
    private IoContext awaitByPlatformThread(long nanos) throws TimeoutException {
        FutureTask<IoContext> wait = new FutureTask<>(() -> awaitHere(nanos));
        // join ignores an interrupt, and keeps the interrupt status
        CompletableFuture
                .runAsync(wait, task -> Thread.ofPlatform().daemon().name(port.name() + "-taker").start(task)).join();
        if (wait.state() == Future.State.FAILED && wait.exceptionNow() instanceof TimeoutException timeout) {
            throw timeout;
        }
        return wait.resultNow();
    }

    private IoContext awaitHere(long nanos) throws TimeoutException {
        if (!enter()) {
            return null;
        }
        boolean timedOut = false;
        try (Arena memory = Arena.ofConfined()) {
            Packets packets = new Packets(memory, 1);
            long start = System.nanoTime();
            long left = nanos;
            IoContext context = null;
            while (context == null) {
                int result = port.dequeue(packets, millis(left));
                if (result == 0 && packets.key(0) == IocpPort.KEY_NULL) {
                    end();
                    return null;
                }
                left = nanos == Long.MAX_VALUE ? nanos : nanos - (System.nanoTime() - start);
                if (result == 0) {
                    context = port.ended(packets, 0);
                } else if (result != -WinApi.WAIT_TIMEOUT) {
                    port.leavesTooEarly(result);
                    return null;
                } else if (left <= 0) {
                    timedOut = leaveUnlessEnded();
                    if (timedOut) {
                        throw new TimeoutException("no completion in " + Duration.ofNanos(nanos));
                    }
                    // the null completion posted for this thread is on its way, and must not stay in the queue
                    left = Long.MAX_VALUE;
                }
            }
            return context;
        } finally {
            if (!timedOut) {
                leave();
            }
        }
    }

    /** Rounds up. If the system returns too early, the caller waits for the rest of the time. */
    private static int millis(long nanos) {
        if (nanos == Long.MAX_VALUE) {
            return WinApi.INFINITE;
        }
        return nanos <= 0 ? 0 : Math.clamp(TimeUnit.NANOSECONDS.toMillis(nanos) + 1, 1, Integer.MAX_VALUE);
    }

    private synchronized boolean enter() {
        if (!ended) {
            inside++;
        }
        return !ended;
    }

    private synchronized void end() {
        ended = true;
    }

    private synchronized boolean leaveUnlessEnded() {
        if (!ended) {
            inside--;
        }
        return !ended;
    }

    private void leave() {
        boolean last;
        synchronized (this) {
            inside--;
            last = ended && inside == 0;
            if (ended && !last) {
                port.queueNull();
            }
        }
        if (last) {
            port.leave();
        }
    }
}
