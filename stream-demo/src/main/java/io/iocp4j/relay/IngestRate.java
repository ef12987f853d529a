package io.iocp4j.relay;

/**
 * The rate limit of one publisher. A publisher that was cut off may catch up, so it has a burst of {@value
 * #BURST_SECONDS} seconds. One thread at a time.
 */
final class IngestRate {
    static final int BURST_SECONDS = 5;
    private static final double NANOS_PER_SECOND = 1e9;

    private double left = Double.MAX_VALUE;
    private long atNanos;

    IngestRate(long now) {
        atNanos = now;
    }

    /** Counts bytes; false if they are too many, at a maximum of bytes per second. */
    boolean pass(int bytes, long max, long now) {
        double earned = (now - atNanos) * (double) max / NANOS_PER_SECOND;
        left = Math.min(left + earned, (double) max * BURST_SECONDS) - bytes;
        atNanos = now;
        return left >= 0;
    }
}
