package io.iocp4j.jna;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The packets that one thread dequeues at once: an array of OVERLAPPED_ENTRY. Owned by that thread; valid until it
 * dequeues again.
 */
final class Packets {
    private static final int ENTRY_BYTES = 32;
    private static final int ENTRY_OVERLAPPED = 8;
    private static final int ENTRY_TRANSFERRED = 24;

    private final int capacity;
    private final MemorySegment entries;
    private final MemorySegment count;

    Packets(Arena arena, int capacity) {
        this.capacity = capacity;
        this.entries = arena.allocate((long) capacity * ENTRY_BYTES, 8);
        this.count = arena.allocate(ValueLayout.JAVA_INT);
    }

    /** Waits for packets. Returns 0, or minus an error code; after an error the count is not valid. */
    int dequeue(WinApi api, long port, int millis) {
        return api.dequeue(port, entries.address(), capacity, count.address(), millis);
    }

    /** Sets the count to 0. */
    void clear() {
        count.set(ValueLayout.JAVA_INT, 0, 0);
    }

    int count() {
        return count.get(ValueLayout.JAVA_INT, 0);
    }

    long key(int index) {
        return entries.get(ValueLayout.JAVA_LONG, (long) index * ENTRY_BYTES);
    }

    /** The address of the OVERLAPPED, or 0 if the packet was posted. */
    long overlapped(int index) {
        return entries.get(ValueLayout.JAVA_LONG, (long) index * ENTRY_BYTES + ENTRY_OVERLAPPED);
    }

    int bytes(int index) {
        return entries.get(ValueLayout.JAVA_INT, (long) index * ENTRY_BYTES + ENTRY_TRANSFERRED);
    }
}
