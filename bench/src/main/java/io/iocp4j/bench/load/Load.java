package io.iocp4j.bench.load;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A running workload: one thread and a selector. The thread that calls {@link #open} also calls the other methods;
 * {@link #wakeup} is for any thread.
 *
 * <p>A run never sleeps in the selector. If the load slept, the server's write would have to wake it, and the server
 * would be charged for the wake-up, more often the longer the load waits. Instead, the load polls the selector, and
 * lets {@link #BREAK_NANOS} pass if nothing is ready.
 */
abstract class Load implements AutoCloseable {
    /**
     * The time between two polls when nothing is ready. Each poll may take a lock of the system that the server's next
     * write needs, so the load does not poll all the time. A duration is too long by this much at most.
     */
    static final long BREAK_NANOS = TimeUnit.MICROSECONDS.toNanos(5);
    /** The time that a run waits for answers after its end. An answer that is missing then is a failure. */
    static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Larger than the data of most reads, so one read is enough. */
    private static final int IN_BYTES = 256 << 10;

    final Workload workload;
    final InetSocketAddress address;
    final Selector selector;
    /** What was read last. All connections share it. */
    final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES);
    /** The counts of the run, or of the one that follows. */
    Tally tally = new Tally();
    private final Consumer<SelectionKey> ready = this::ready;
    private final com.sun.management.OperatingSystemMXBean process =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long idleNanos;
    private volatile boolean woken;

    Load(Workload workload, InetSocketAddress address) throws IOException {
        this.workload = workload;
        this.address = address;
        selector = Selector.open();
    }

    /** Makes the load of a workload, without a connection yet. */
    static Load of(Workload workload, InetSocketAddress address) throws IOException {
        return switch (workload.kind()) {
            case TCP_ECHO, WS_ECHO, WS_TEXT, WS_DEFLATE, TLS_ECHO, SLOW_READER -> new EchoLoad(workload, address);
            case FAN_OUT -> new FanOutLoad(workload, address);
            case CONNECT_STORM -> new StormLoad(workload, address);
            case IDLE -> new IdleLoad(workload, address);
            case FILE -> new FileLoad(workload, address);
            case RELAY -> new RelayLoad(workload, address);
        };
    }

    /**
     * Opens the connections.
     *
     * @return how many there are
     * @throws IOException if one of them fails
     */
    abstract int open() throws IOException;

    /** Runs until the time is over and everything was answered, and counts in {@link #tally}. */
    abstract void run(long start, long nanos);

    /** Whether durations are counted. */
    boolean hasLatency() {
        return true;
    }

    /** A channel is ready. Throws nothing that a server can cause. */
    abstract void ready(SelectionKey key);

    /**
     * Runs the workload.
     *
     * @param nanos how long, 1 or more
     * @return the result
     */
    final LoadResult run(long nanos) {
        idleNanos = 0;
        long cpu = process.getProcessCpuTime();
        long start = System.nanoTime();
        run(start, nanos);
        long took = System.nanoTime() - start;
        long busy = Math.max(0, process.getProcessCpuTime() - cpu - idleNanos);
        Tally done = tally;
        tally = new Tally();
        return new LoadResult(done.messages, done.bytes, done.failures(), took, busy, 1,
                hasLatency() ? done.latency : null);
    }

    /** The part of the last run in which there was nothing to do, and this thread only polled. */
    final long idleNanos() {
        return idleNanos;
    }

    /**
     * Handles the channels that are ready now. If none is, some time passes, which does not count as work.
     *
     * @param now the time
     * @param due when the caller has something to do, at the latest
     * @return the time
     */
    final long look(long now, long due) {
        if (select() > 0) {
            return System.nanoTime();
        }
        long end = Math.min(now + BREAK_NANOS, due);
        long later;
        do {
            later = System.nanoTime();
        } while (later - end < 0);
        // not up to "later": while the system ran something else, this thread took no CPU time
        idleNanos += end - now;
        return later;
    }

    private int select() {
        try {
            return selector.selectNow(ready);
        } catch (IOException e) {
            throw new IllegalStateException("the selector does not work", e);
        }
    }

    /** Polls until the time is over. */
    final long lookUntil(long now, long end) {
        return lookWhile(now, end, () -> true);
    }

    /** Polls as long as the condition holds and the time is not over. */
    final long lookWhile(long now, long end, BooleanSupplier condition) {
        long time = now;
        while (time - end < 0 && condition.getAsBoolean()) {
            time = look(time, end);
        }
        return time;
    }

    /** Rests until {@link #wakeup}. Pings are answered meanwhile, and connections that the server ends are seen. */
    final void rest() throws IOException {
        while (!woken) {
            selector.select(ready);
        }
        woken = false;
    }

    /** Rests, but no longer than this. */
    final void rest(long nanos) {
        long end = System.nanoTime() + nanos;
        try {
            for (long left = nanos; left > 0; left = end - System.nanoTime()) {
                selector.select(ready, Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
            }
        } catch (IOException e) {
            throw new IllegalStateException("the selector does not work", e);
        }
    }

    /** Ends {@link #rest()}, now or as soon as it begins. */
    final void wakeup() {
        woken = true;
        if (selector.isOpen()) {
            selector.wakeup();
        }
    }

    /** Closes all channels and the selector. */
    @Override
    public void close() {
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            System.err.println("load: the selector did not close: " + e);
        }
    }
}
