package io.iocp4j.relay;

import java.util.ArrayList;
import java.util.List;

/**
 * The frames since the last key, for viewers that join between two keys. Bounded in bytes, number and time: a group of pictures that is
 * longer is not cached at all, since the rest of one is of no use. Not thread-safe: guarded by its stream.
 */
final class GopCache {
    /** Frames in the cache: a frame of few bytes costs more than its bytes. 10 s of 100 frames a second, and some. */
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

    /** Adds a frame, retaining it; true if the cache was given up with it. */
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

    /** A key and what followed it; empty before the first key, and after an overflow until the next one. */
    List<MediaUnit> units() {
        return units;
    }

    long bytes() {
        return bytes;
    }

    /** The size of a whole group of pictures, as far as it is known: right after a key the last one tells more than this one. */
    long fullBytes() {
        return Math.max(bytes, lastBytes);
    }

    boolean overflowed() {
        return overflowed;
    }
}
