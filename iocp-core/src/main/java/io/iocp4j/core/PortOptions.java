package io.iocp4j.core;

/**
 * How a port is made.
 *
 * @param workers how many threads take completions, 1 to 1024
 * @param name begins the name of each thread of the port
 * @param keptBytesMax how much unused buffer memory the port keeps, in bytes, 0 or more
 */
public record PortOptions(int workers, String name, long keptBytesMax) {
    /** The most workers a port may have. */
    public static final int WORKERS_MAX = 1024;

    /** Checks the ranges. */
    public PortOptions {
        if (workers < 1 || workers > WORKERS_MAX) {
            throw new IllegalArgumentException("workers must be 1 to " + WORKERS_MAX + ": " + workers);
        }
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("a port needs a name for its threads");
        }
        if (keptBytesMax < 0) {
            throw new IllegalArgumentException("keptBytesMax must not be negative: " + keptBytesMax);
        }
    }

    /**
     * As many workers as the machine has processors, the name "iocp4j", {@link BufferPool#KEPT_BYTES_MAX_DEFAULT}.
     *
     * @return the defaults
     */
    public static PortOptions defaults() {
        return new PortOptions(Runtime.getRuntime().availableProcessors(), "iocp4j", BufferPool.KEPT_BYTES_MAX_DEFAULT);
    }

    /**
     * Changes the number of workers.
     *
     * @param count 1 to {@link #WORKERS_MAX}
     * @return a copy
     */
    public PortOptions workers(int count) {
        return new PortOptions(count, name, keptBytesMax);
    }

    /**
     * Changes the name.
     *
     * @param text begins the name of each thread of the port
     * @return a copy
     */
    public PortOptions name(String text) {
        return new PortOptions(workers, text, keptBytesMax);
    }
}
