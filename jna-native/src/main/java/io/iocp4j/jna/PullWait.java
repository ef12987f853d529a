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
 * Pull mode: threads of the application wait in the system's queue themselves. Each takes one packet at a time, since nobody else could
 * deliver what it took beside that.
 *
 * <p>The port posts one null completion. As long as others wait, who leaves behind it posts the next, and the last lets the port go: so
 * nobody waits at a port that is gone, and none is left in the queue.
 */
final class PullWait {
    private final IocpPort port;

    // guarded by this
    private int inside;
    /** The null completion was taken. */
    private boolean ended;

    PullWait(IocpPort port) {
        this.port = port;
    }

    /** See {@link IocpPort#awaitPacket}. */
    IoContext await(long nanos) throws TimeoutException {
        return Thread.currentThread().isVirtual() ? awaitByPlatformThread(nanos) : awaitHere(nanos);
    }

    /** A virtual thread would hold its carrier in the call, and with all carriers held nothing virtual would run any more. */
    private IoContext awaitByPlatformThread(long nanos) throws TimeoutException {
        FutureTask<IoContext> wait = new FutureTask<>(() -> awaitHere(nanos));
        // join is not interrupted, and keeps the interrupt
        CompletableFuture.runAsync(wait, task -> Thread.ofPlatform().daemon().name(port.name() + "-taker").start(task)).join();
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
                    // the null completion that was posted for this thread is on its way, and must not stay behind
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

    /** The system may return too early, but never needs to be asked again after the time is up. */
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
