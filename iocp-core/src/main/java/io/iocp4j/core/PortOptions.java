package io.iocp4j.core;

import java.util.Objects;

/**
 * The options of a port. Each method with a parameter returns a copy with another value:
 * {@code PortOptions.defaults().workers(2).name("chat")}.
 *
 * @param workers how many threads take completions, 1 to 1024
 * @param name begins the name of each thread of the port
 * @param maxKeptBytes how much unused buffer memory the port keeps, in bytes, 0 or more
 * @param engine the name of the engine, or {@link #ENGINE_BEST}
 * @param pulled whether the workers are threads of the application, which call {@link CompletionPort#take()};
 *        {@code workers} is their number
 * @param daemon whether the port's threads are daemons, which do not keep the process running
 * @param maxHeap the most heap that peers may make the port hold, in bytes, see {@link MemoryBudget}; 0 is
 *        {@link MemoryBudget#HEAP_PERCENT_DEFAULT} percent of the largest heap
 * @param maxDirect the most memory outside the heap that peers may make the port hold, in bytes; 0 is
 *        {@link MemoryBudget#DIRECT_PERCENT_DEFAULT} percent of the largest direct memory
 *        ({@code -XX:MaxDirectMemorySize})
 */
public record PortOptions(int workers, String name, long maxKeptBytes, String engine, boolean pulled, boolean daemon,
        long maxHeap, long maxDirect) {
    /** The most workers a port may have. */
    public static final int WORKERS_MAX = 1024;
    /** Asks for the best engine that can run here. */
    public static final String ENGINE_BEST = "best";
    /** The system property that names the engine of all ports whose options ask for the best one. */
    public static final String ENGINE_PROPERTY = "iocp4j.engine";

    /** Checks the ranges. */
    public PortOptions {
        if (workers < 1 || workers > WORKERS_MAX) {
            throw new IllegalArgumentException("workers must be 1 to " + WORKERS_MAX + ": " + workers);
        }
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("a port needs a name for its threads");
        }
        if (maxKeptBytes < 0) {
            throw new IllegalArgumentException("maxKeptBytes must not be negative: " + maxKeptBytes);
        }
        Objects.requireNonNull(engine);
        if (maxHeap < 0 || maxDirect < 0) {
            throw new IllegalArgumentException("a budget must not be negative: " + maxHeap + ", " + maxDirect);
        }
    }

    /**
     * As many workers as the machine has processors, the name "iocp4j", {@link BufferPool#KEPT_BYTES_MAX_DEFAULT}, the
     * best engine, threads that keep the process running, the default budget of memory.
     *
     * @return the defaults
     */
    public static PortOptions defaults() {
        return new PortOptions(Runtime.getRuntime().availableProcessors(), "iocp4j", BufferPool.KEPT_BYTES_MAX_DEFAULT,
                ENGINE_BEST, false, false, 0, 0);
    }

    /**
     * Pull mode, for one thread of the application that takes the completions; {@link #workers(int)} sets another
     * number of threads. All other values are the defaults.
     *
     * @return options of a port whose completions are taken
     */
    public static PortOptions pull() {
        return defaults().workers(1).pulled(true);
    }

    /**
     * Changes the number of workers.
     *
     * @param count 1 to {@link #WORKERS_MAX}; in pull mode the number of null completions too
     * @return a copy
     */
    public PortOptions workers(int count) {
        return new PortOptions(count, name, maxKeptBytes, engine, pulled, daemon, maxHeap, maxDirect);
    }

    /**
     * Changes the name.
     *
     * @param text begins the name of each thread of the port
     * @return a copy
     */
    public PortOptions name(String text) {
        return new PortOptions(workers, text, maxKeptBytes, engine, pulled, daemon, maxHeap, maxDirect);
    }

    /**
     * Forces an engine: "selector" for the JDK's selectors, "aio" for its asynchronous channels, and of the module
     * jna-native "iocp" for the Windows port or "uring" for io_uring of Linux. If the engine cannot run here, opening
     * the port throws, with the reason.
     *
     * @param text the name of a {@link CompletionPortProvider}, or {@link #ENGINE_BEST}
     * @return a copy
     */
    public PortOptions engine(String text) {
        return new PortOptions(workers, name, maxKeptBytes, text, pulled, daemon, maxHeap, maxDirect);
    }

    /**
     * Sets which threads take the completions.
     *
     * @param byApplication true: threads of the application, with {@link CompletionPort#take()}; false: threads of the
     *        port
     * @return a copy
     */
    public PortOptions pulled(boolean byApplication) {
        return new PortOptions(workers, name, maxKeptBytes, engine, byApplication, daemon, maxHeap, maxDirect);
    }

    /**
     * Changes how much unused buffer memory the port keeps.
     *
     * @param bytes 0 or more
     * @return a copy
     */
    public PortOptions maxKeptBytes(long bytes) {
        return new PortOptions(workers, name, bytes, engine, pulled, daemon, maxHeap, maxDirect);
    }

    /**
     * Changes how much heap peers may make the port hold, over all connections: see {@link MemoryBudget}.
     *
     * @param bytes 1 or more, or 0 for the default
     * @return a copy
     */
    public PortOptions maxHeap(long bytes) {
        return new PortOptions(workers, name, maxKeptBytes, engine, pulled, daemon, bytes, maxDirect);
    }

    /**
     * Changes how much memory outside the heap peers may make the port hold, over all connections: see
     * {@link MemoryBudget}.
     *
     * @param bytes 1 or more, or 0 for the default
     * @return a copy
     */
    public PortOptions maxDirect(long bytes) {
        return new PortOptions(workers, name, maxKeptBytes, engine, pulled, daemon, maxHeap, bytes);
    }

    /**
     * Changes whether an open port keeps the process running.
     *
     * @param on true: it does not; data still queued when the process ends is lost then
     * @return a copy
     */
    public PortOptions daemon(boolean on) {
        return new PortOptions(workers, name, maxKeptBytes, engine, pulled, on, maxHeap, maxDirect);
    }
}
