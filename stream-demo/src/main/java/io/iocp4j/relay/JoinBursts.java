package io.iocp4j.relay;

/**
 * Bounds what a viewer can demand. Each restart of its picture costs it the frames since the last key frame: one text
 * of 20 bytes would order a megabyte. Guarded by its viewer.
 */
final class JoinBursts {
    /** A viewer earns one burst of these frames a second, and saves up this many. */
    static final int BURSTS_MAX = 3;
    /** The largest number of texts that ask for a restart, in {@link #RESTARTS_SECONDS}. */
    static final int RESTARTS_MAX = 30;
    static final int RESTARTS_SECONDS = 10;
    private static final double NANOS_PER_SECOND = 1e9;

    private double bursts = BURSTS_MAX;
    private long burstsNanos;
    private int restarts;
    private long restartsNanos;

    JoinBursts(long now) {
        burstsNanos = now;
    }

    /** Takes a burst; false if the viewer has to begin with the next key frame. */
    boolean take(long now) {
        bursts = Math.min(BURSTS_MAX, bursts + (now - burstsNanos) / NANOS_PER_SECOND);
        burstsNanos = now;
        if (bursts < 1) {
            return false;
        }
        bursts--;
        return true;
    }

    /** Counts a text that asks for a restart; false if they are too many. */
    boolean mayRestart(long now) {
        if (restarts == 0 || now - restartsNanos >= RESTARTS_SECONDS * 1_000_000_000L) {
            restarts = 0;
            restartsNanos = now;
        }
        restarts++;
        return restarts <= RESTARTS_MAX;
    }
}
