package io.iocp4j.relay;

import java.util.ArrayList;
import java.util.List;

/**
 * The frames since the last key frame, for viewers that join between two key frames. It is bounded in bytes, number and
 * time. A longer group of pictures is not cached at all, because part of one is of no use. Guarded by its stream.
 */
final class GopCache {
    /**
     * The largest number of frames in the cache, because a small frame costs more memory than its bytes. It is enough
     * for 10 s at 100 frames per second.
     */
    static final int UNITS_MAX = 1_024;

    private final int bytesMax;
    private final long nanosMax;
    private final List<MediaUnit> units = new ArrayList<>();
    private long bytes;
    private long lastBytes;
    private long beganNanos;
    private boolean overflowed;

    GopCache(int bytesMax, long nanosMax) {
        this.bytesMax = bytesMax;
        this.nanosMax = nanosMax;
    }

    /** Adds a frame and retains it; true if the cache overflowed with it and is now empty. */
    boolean add(MediaUnit unit, long nowNanos) {
        if (unit.isKey()) {
            lastBytes = bytes;
            clear();
            overflowed = false;
            beganNanos = nowNanos;
        } else if (units.isEmpty()) {
            return false;
        }
        if (bytes + unit.bytes() > bytesMax || units.size() >= UNITS_MAX || nowNanos - beganNanos > nanosMax) {
            clear();
            overflowed = true;
            return true;
        }
        unit.retain();
        units.add(unit);
        bytes += unit.bytes();
        return false;
    }

    void clear() {
        units.forEach(MediaUnit::release);
        units.clear();
        bytes = 0;
    }

    /**
     * Returns a key frame and the frames after it. Empty before the first key frame, and after an overflow until the
     * next key frame.
     */
    List<MediaUnit> units() {
        return units;
    }

    long bytes() {
        return bytes;
    }

    /**
     * Returns an estimate of the size of a whole group of pictures: the larger of this one and the one before. Right
     * after a key frame, the one before is the better estimate.
     */
    long fullBytes() {
        return Math.max(bytes, lastBytes);
    }

    /** Returns its limits, in words. */
    String limits() {
        return nanosMax / 1_000_000_000.0 + " s, " + bytesMax + " bytes or " + UNITS_MAX + " frames";
    }

    boolean overflowed() {
        return overflowed;
    }
}
