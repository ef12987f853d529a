package io.iocp4j.relay;

import io.iocp4j.relay.media.UnitFacts;

/**
 * Pictures and bytes per second over the last seconds, and the time between key frames. Units without a picture count
 * as bytes only. The caller provides the time. Guarded by its stream.
 */
final class Meter {
    private static final int SECONDS = 5;
    private static final long NANOS = 1_000_000_000L;

    private final long[] frames = new long[SECONDS + 1];
    private final long[] bytes = new long[SECONDS + 1];
    private long second = Long.MIN_VALUE;
    private long beganNanos;
    private long totalFrames;
    private long totalBytes;
    private boolean keySeen;
    private long keyNanos;
    private long gopNanos;
    private boolean reordered;
    /** The number of the last fragment; -1 before the first, or if fragments have no numbers. */
    private long lastNumber = -1;
    private long lost;

    /**
     * Counts a unit.
     *
     * @return how many fragments are missing before it, as the gap in their numbers tells
     */
    long add(int size, UnitFacts facts, long nowNanos) {
        if (totalBytes == 0) {
            beganNanos = nowNanos;
        }
        advance(nowNanos);
        int slot = slot(second);
        bytes[slot] += size;
        totalBytes += size;
        if (facts.picture()) {
            frames[slot]++;
            totalFrames++;
        }
        if (facts.key()) {
            gopNanos = keySeen ? nowNanos - keyNanos : 0;
            keyNanos = nowNanos;
            keySeen = true;
        }
        reordered |= facts.reordered();
        long gap = lastNumber < 0 ? 0 : Math.max(0, facts.number() - lastNumber - 1);
        lastNumber = facts.number();
        lost += gap;
        return gap;
    }

    /** Forgets what belongs to one publisher or init segment, because another one begins. */
    void restart() {
        keySeen = false;
        gopNanos = 0;
        reordered = false;
        lastNumber = -1;
    }

    /** Tells whether pictures are shown in another order than they arrive. */
    boolean reordered() {
        return reordered;
    }

    /** Returns the number of fragments that did not arrive. */
    long lost() {
        return lost;
    }

    /** Returns the time between the last two key frames; 0 before the second. */
    double gopSeconds() {
        return gopNanos / (double) NANOS;
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
        if (totalBytes == 0) {
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
