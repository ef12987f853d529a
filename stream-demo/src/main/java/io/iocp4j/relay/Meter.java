package io.iocp4j.relay;

/** Frames and bytes per second over the last seconds. The caller provides the time. Guarded by its stream. */
final class Meter {
    private static final int SECONDS = 5;
    private static final long NANOS = 1_000_000_000L;

    private final long[] frames = new long[SECONDS + 1];
    private final long[] bytes = new long[SECONDS + 1];
    private long second = Long.MIN_VALUE;
    private long beganNanos;
    private long totalFrames;
    private long totalBytes;

    void add(int size, long nowNanos) {
        if (totalFrames == 0) {
            beganNanos = nowNanos;
        }
        advance(nowNanos);
        int slot = slot(second);
        frames[slot]++;
        bytes[slot] += size;
        totalFrames++;
        totalBytes += size;
    }

    /** Returns the average of the last {@value #SECONDS} seconds and the current one; of fewer at the beginning. */
    double framesPerSecond(long nowNanos) {
        return rate(frames, nowNanos);
    }

    double bitsPerSecond(long nowNanos) {
        return 8 * rate(bytes, nowNanos);
    }

    long totalFrames() {
        return totalFrames;
    }

    long totalBytes() {
        return totalBytes;
    }

    private double rate(long[] counts, long nowNanos) {
        if (totalFrames == 0) {
            return 0;
        }
        advance(nowNanos);
        long sum = 0;
        for (int i = 0; i <= SECONDS; i++) {
            sum += counts[i];
        }
        // the slots hold the current second and the SECONDS before it
        long held = SECONDS * NANOS + Math.floorMod(nowNanos, NANOS);
        long since = nowNanos - beganNanos;
        return sum * (double) NANOS / Math.max(NANOS, Math.min(held, since));
    }

    private void advance(long nowNanos) {
        long now = Math.floorDiv(nowNanos, NANOS);
        if (second == Long.MIN_VALUE || now - second > SECONDS) {
            second = now - SECONDS - 1;
        }
        while (second < now) {
            second++;
            frames[slot(second)] = 0;
            bytes[slot(second)] = 0;
        }
    }

    private static int slot(long second) {
        return Math.floorMod(second, SECONDS + 1);
    }
}
