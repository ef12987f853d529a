package io.iocp4j.core;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Direct memory in pieces of 2^n bytes, kept for reuse up to a bound. Any thread may use it.
 *
 * <p>Direct, because the JDK copies a heap buffer into a temporary direct one at each call; kept, because direct memory that is dropped
 * comes back only with a garbage collection.
 */
public final class BufferPool {
    /** The smallest piece, in bytes. */
    public static final int PIECE_MIN = 512;
    /** The largest piece that is kept, in bytes; larger ones are made for the request and left to the garbage collector. */
    public static final int PIECE_MAX = 8 << 20;
    /** What is kept unused unless said otherwise, in bytes. */
    public static final long KEPT_BYTES_MAX_DEFAULT = 64L << 20;

    private static final int CLASSES = log2(PIECE_MAX) - log2(PIECE_MIN) + 1;
    /** With leaks watched, freed memory is overwritten too, so that a late reader sees garbage rather than somebody else's bytes. */
    private static final boolean POISONING = !"off".equals(System.getProperty("iocp4j.leaks", "off"));

    private final long keptBytesMax;
    private final Pieces[] kept = new Pieces[CLASSES];
    private final AtomicLong keptBytes = new AtomicLong();
    private final AtomicLong usedBytes = new AtomicLong();

    /**
     * Makes an empty pool.
     *
     * @param keptBytesMax how many unused bytes it may keep, 0 or more
     */
    public BufferPool(long keptBytesMax) {
        if (keptBytesMax < 0) {
            throw new IllegalArgumentException("keptBytesMax must not be negative: " + keptBytesMax);
        }
        this.keptBytesMax = keptBytesMax;
        for (int i = 0; i < CLASSES; i++) {
            kept[i] = new Pieces();
        }
    }

    /**
     * Takes a piece of memory with the given room; position 0, limit = its whole capacity. The contents are undefined.
     *
     * @param bytes 1 or more
     * @return a buffer with one reference, the caller's
     */
    public PooledBuffer acquire(int bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("a buffer has at least 1 byte: " + bytes);
        }
        ByteBuffer memory = null;
        if (bytes <= PIECE_MAX) {
            int index = indexFor(bytes);
            memory = kept[index].poll();
            if (memory == null) {
                memory = ByteBuffer.allocateDirect(PIECE_MIN << index);
            } else {
                keptBytes.addAndGet(-memory.capacity());
            }
        } else {
            memory = ByteBuffer.allocateDirect(bytes);
        }
        usedBytes.addAndGet(memory.capacity());
        return new PooledBuffer(this, memory);
    }

    /**
     * Memory that is with somebody now.
     *
     * @return bytes, 0 when every buffer was released
     */
    public long usedBytes() {
        return usedBytes.get();
    }

    /**
     * Memory kept for reuse.
     *
     * @return bytes, at most the bound given at creation
     */
    public long keptBytes() {
        return keptBytes.get();
    }

    void takeBack(ByteBuffer memory) {
        int capacity = memory.capacity();
        usedBytes.addAndGet(-capacity);
        memory.clear();
        if (POISONING) {
            MemorySegment.ofBuffer(memory).fill(PooledBuffer.POISON);
        }
        if (capacity > PIECE_MAX) {
            return;
        }
        if (keptBytes.addAndGet(capacity) > keptBytesMax) {
            keptBytes.addAndGet(-capacity);
            return;
        }
        kept[indexFor(capacity)].push(memory);
    }

    private static int indexFor(int bytes) {
        return bytes <= PIECE_MIN ? 0 : log2(bytes - 1) + 1 - log2(PIECE_MIN);
    }

    private static int log2(int value) {
        return 31 - Integer.numberOfLeadingZeros(value);
    }

    /** The unused pieces of one size. Last in, first out: the piece used last is the one still in the processor's cache. */
    private static final class Pieces {
        private final ArrayDeque<ByteBuffer> stack = new ArrayDeque<>();

        synchronized ByteBuffer poll() {
            return stack.pollFirst();
        }

        synchronized void push(ByteBuffer memory) {
            stack.addFirst(memory);
        }
    }
}
