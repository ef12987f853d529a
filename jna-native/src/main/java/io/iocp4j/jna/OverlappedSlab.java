package io.iocp4j.jna;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The records that the kernel writes to, with the {@link Request} of each. Any thread.
 *
 * <p>Layout of a record, as offsets in bytes:
 * <ul>
 * <li>0: the OVERLAPPED;
 * <li>32: the WSABUFs of a transfer, the address of a connect, or the two addresses of an accept;
 * <li>288: the flags of a receive; in an accept, the addresses reach over this offset.
 * </ul>
 *
 * <p>The kernel owns a slot exactly while its request is in the table. A ticket names a slot and its generation. So the
 * old ticket of an operation that has ended cannot be taken for the next operation in the same slot.
 */
final class OverlappedSlab {
    static final int RECORD_BYTES = 320;
    static final int OVERLAPPED_BYTES = 32;
    static final int PAYLOAD = 32;
    static final int FLAGS = 288;
    /** The number of slots of one allocation. The memory is kept until the port ends. */
    static final int CHUNK_SLOTS = 1024;

    private static final VarHandle REQUEST = MethodHandles.arrayElementVarHandle(Request[].class);

    private final Arena arena;
    private final int slotsMax;
    /** The chunks. Writes are guarded by this and replace the array; reads need no lock. */
    private volatile Chunk[] chunks = {};

    // Guarded by this.
    private int[] free = {};
    private int freeCount;
    private int used;

    private record Chunk(MemorySegment memory, Request[] requests, int[] generations) {
    }

    OverlappedSlab(Arena arena, int slotsMax) {
        this.arena = arena;
        this.slotsMax = slotsMax;
    }

    /**
     * Gives the request a record with a zeroed OVERLAPPED, and puts the request into the table. From here on a packet
     * may come.
     *
     * @return false if every slot is in use
     */
    boolean take(Request request) {
        int slot;
        int generation;
        synchronized (this) {
            if (freeCount == 0 && !grow()) {
                return false;
            }
            slot = free[--freeCount];
            used++;
            generation = chunk(slot).generations[slot % CHUNK_SLOTS];
        }
        Chunk chunk = chunk(slot);
        MemorySegment record = chunk.memory.asSlice((long) (slot % CHUNK_SLOTS) * RECORD_BYTES, RECORD_BYTES);
        record.asSlice(0, OVERLAPPED_BYTES).fill((byte) 0);
        request.record = record;
        request.ticket = (long) generation << 32 | slot;
        REQUEST.setRelease(chunk.requests, slot % CHUNK_SLOTS, request);
        return true;
    }

    /** Adds a chunk. Returns false at the limit. Guarded by this. */
    private boolean grow() {
        int slots = chunks.length * CHUNK_SLOTS;
        int more = Math.min(CHUNK_SLOTS, slotsMax - slots);
        if (more <= 0) {
            return false;
        }
        Chunk[] longer = Arrays.copyOf(chunks, chunks.length + 1);
        longer[chunks.length] =
                new Chunk(arena.allocate((long) more * RECORD_BYTES, 64), new Request[more], new int[more]);
        chunks = longer;
        free = new int[slots + more];
        for (int i = more - 1; i >= 0; i--) {
            free[freeCount++] = slots + i;
        }
        return true;
    }

    /**
     * Takes the request of a dequeued packet out of the table. Returns null if no pending operation has this address.
     */
    Request dequeue(long overlapped) {
        for (Chunk chunk : chunks) {
            long offset = overlapped - chunk.memory.address();
            if (offset >= 0 && offset < chunk.memory.byteSize()) {
                return offset % RECORD_BYTES != 0 ? null
                        : (Request) REQUEST.getAndSetAcquire(chunk.requests, (int) (offset / RECORD_BYTES), null);
            }
        }
        return null;
    }

    /** Frees the slot and invalidates the ticket: after the packet was dequeued, or when none will come. */
    void free(Request request) {
        int slot = (int) request.ticket;
        Chunk chunk = chunk(slot);
        REQUEST.setRelease(chunk.requests, slot % CHUNK_SLOTS, null);
        synchronized (this) {
            chunk.generations[slot % CHUNK_SLOTS]++;
            free[freeCount++] = slot;
            used--;
        }
    }

    /** The address of the OVERLAPPED, or 0 if the kernel no longer has the operation of this ticket. */
    long overlapped(long ticket) {
        int slot = (int) ticket;
        Chunk chunk = chunk(slot);
        synchronized (this) {
            boolean current = chunk.generations[slot % CHUNK_SLOTS] == (int) (ticket >>> 32)
                    && REQUEST.getAcquire(chunk.requests, slot % CHUNK_SLOTS) != null;
            return current ? chunk.memory.address() + (long) (slot % CHUNK_SLOTS) * RECORD_BYTES : 0;
        }
    }

    synchronized int used() {
        return used;
    }

    private Chunk chunk(int slot) {
        return chunks[slot / CHUNK_SLOTS];
    }
}
