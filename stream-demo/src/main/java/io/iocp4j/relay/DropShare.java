package io.iocp4j.relay;

/** Finds a viewer that misses most frames, in windows of {@value #WINDOW_SECONDS} s. Guarded by its viewer. */
final class DropShare {
    static final int WINDOW_SECONDS = 30;

    private long beganNanos;
    private long sentBefore;
    private long droppedBefore;

    DropShare(long now) {
        beganNanos = now;
    }

    /**
     * Tells whether more frames were dropped than sent in the window that ends now; false inside a window.
     *
     * @param sent all frames sent since the beginning
     * @param dropped all frames dropped since the beginning
     */
    boolean isMost(long sent, long dropped, long now) {
        if (now - beganNanos < WINDOW_SECONDS * 1_000_000_000L) {
            return false;
        }
        boolean most = dropped - droppedBefore > sent - sentBefore;
        beganNanos = now;
        sentBefore = sent;
        droppedBefore = dropped;
        return most;
    }
}
