package io.iocp4j.jna;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The records that the kernel writes to, and which {@link Request} each belongs to. Any thread may use it.
 *
 * <p>A record is used like this, offsets in bytes: OVERLAPPED at 0; at 32 the WSABUFs of a transfer, the address of a connect, or the two
 * addresses of an accept; at 288 the flags of a receive, where an accept still has addresses.
 *
 * <p>A slot is with the kernel exactly while its request stands in the table. It is named by a ticket, slot and generation, so that what
 * kept the ticket of an operation that has ended cannot mean the next one in the same slot.
 */
final class OverlappedSlab {
    static final int RECORD_BYTES = 320;
    static final int OVERLAPPED_BYTES = 32;
    static final int PAYLOAD = 32;
    static final int FLAGS = 288;
    /** Memory is taken for so many slots at a time and kept until the port ends. */
    static final int CHUNK_SLOTS = 1024;

    private static final VarHandle REQUEST = MethodHandles.arrayElementVarHandle(Request[].class);

    private final Arena arena;
    private final int slotsMax;
    /** Replaced as a whole under this; read without a lock. */
    private volatile Chunk[] chunks = {};

    // guarded by this
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
     * Gives the request a record, whose OVERLAPPED is zero, and puts it into the table: from here on a packet may come.
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

    private boolean grow() {
        int slots = chunks.length * CHUNK_SLOTS;
        int more = Math.min(CHUNK_SLOTS, slotsMax - slots);
        if (more <= 0) {
            return false;
        }
        Chunk[] longer = Arrays.copyOf(chunks, chunks.length + 1);
        longer[chunks.length] = new Chunk(arena.allocate((long) more * RECORD_BYTES, 64), new Request[more], new int[more]);
        chunks = longer;
        free = new int[slots + more];
        for (int i = more - 1; i >= 0; i--) {
            free[freeCount++] = slots + i;
        }
        return true;
    }

    /** Takes the request whose packet was dequeued out of the table; null if the address is no operation that is pending. */
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

    /** Ends the life of a ticket: after the packet was dequeued, or if none will come. */
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

    /** The address of the OVERLAPPED, 0 if the operation of this ticket is with the kernel no more. */
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
