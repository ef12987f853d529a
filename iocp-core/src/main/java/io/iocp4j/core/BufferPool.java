package io.iocp4j.core;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A pool of direct memory in pieces of 2^n bytes, which are kept for reuse up to a bound. Any thread may use it. Each
 * worker of the port has its own cache in it; without the cache, each small send of each worker would take the same
 * lock twice.
 *
 * <p>The memory is direct, because the JDK copies a heap buffer into a temporary direct one at each call. Unused memory
 * is kept, because only a garbage collection frees direct memory that is dropped.
 */
public final class BufferPool {
    /** The smallest piece, in bytes. */
    public static final int PIECE_MIN = 512;
    /**
     * The largest piece that is kept, in bytes; larger ones are made for the request and left to the garbage collector.
     */
    public static final int PIECE_MAX = 8 << 20;
    /** The default bound of unused memory that is kept, in bytes. */
    public static final long KEPT_BYTES_MAX_DEFAULT = 64L << 20;
    private static final long UNBOUNDED = Long.MAX_VALUE;

    private static final int CLASSES = log2(PIECE_MAX) - log2(PIECE_MIN) + 1;
    /**
     * True if leaks are watched. Freed memory is then overwritten: a late reader sees garbage instead of the bytes of
     * another connection.
     */
    private static final boolean POISONING = !"off".equals(System.getProperty("iocp4j.leaks", "off"));

    private final long maxKeptBytes;
    private final MemoryBudget budget;
    /** By size, from the smallest. */
    final Pieces[] kept = new Pieces[CLASSES];
    private final AtomicLong keptBytes = new AtomicLong();
    /** The bytes that were taken and not given back, including the contents of the caches. */
    private final AtomicLong usedBytes = new AtomicLong();
    private final List<Cache> caches = new CopyOnWriteArrayList<>();
    /** The most that the caches may hold together, in bytes. Written under the lock of this pool. */
    private volatile long cachesBytesMax;

    /**
     * Makes an empty pool without a limit on the memory in use.
     *
     * @param maxKeptBytes how many unused bytes it may keep, 0 or more
     */
    public BufferPool(long maxKeptBytes) {
        this(maxKeptBytes, UNBOUNDED, UNBOUNDED);
    }

    /**
     * Makes an empty pool with a budget for the peers of a port.
     *
     * @param maxKeptBytes how many unused bytes it may keep, 0 or more
     * @param maxHeap see {@link PortOptions#maxHeap()}
     * @param maxDirect see {@link PortOptions#maxDirect()}
     */
    @SuppressWarnings("this-escape") // the budget only keeps it
    public BufferPool(long maxKeptBytes, long maxHeap, long maxDirect) {
        if (maxKeptBytes < 0) {
            throw new IllegalArgumentException("maxKeptBytes must not be negative: " + maxKeptBytes);
        }
        this.maxKeptBytes = maxKeptBytes;
        this.budget = new MemoryBudget(this, maxHeap, maxDirect);
        for (int i = 0; i < CLASSES; i++) {
            kept[i] = new Pieces(new RingQueue<>(1));
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
        return new PooledBuffer(this, take(bytes));
    }

    /** Takes a piece as {@link #acquire} does, but without a reference count: its one owner calls {@link #takeBack}. */
    ByteBuffer take(int bytes) {
        if (bytes > PIECE_MAX) {
            return allocate(bytes);
        }
        int index = indexFor(bytes);
        Cache cache = Worker.cache(this);
        ByteBuffer memory = cache == null ? null : cache.poll(index);
        if (memory == null) {
            memory = kept[index].poll();
            if (memory == null) {
                return allocate(PIECE_MIN << index);
            }
            keptBytes.addAndGet(-memory.capacity());
            usedBytes.addAndGet(memory.capacity());
        }
        return memory;
    }

    /**
     * Allocates a piece. If the new piece and the unused pieces together would exceed the budget, unused pieces of
     * other sizes are dropped first. Beyond one and a half times the budget this method refuses it, because the JDK
     * would first collect garbage and block a worker for half a second.
     */
    private ByteBuffer allocate(int bytes) {
        long out = usedBytes.addAndGet(bytes);
        boolean taken = false;
        try {
            long max = budget.max(MemoryBudget.Kind.DIRECT);
            for (int index = CLASSES - 1; index >= 0 && out + keptBytes.get() > max; index--) {
                drop(index);
            }
            if (out - max > max / 2) {
                throw new OutOfMemoryError(
                        "direct memory: " + out + " bytes of this port's buffers, whose budget is " + max);
            }
            ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
            taken = true;
            return memory;
        } finally {
            if (!taken) {
                usedBytes.addAndGet(-bytes);
                // a thread that gave memory back meanwhile has counted these bytes as taken
                budget.shrunk();
            }
        }
    }

    private void drop(int index) {
        for (ByteBuffer memory = kept[index].poll(); memory != null; memory = kept[index].poll()) {
            keptBytes.addAndGet(-memory.capacity());
        }
    }

    /** The limits of the memory that peers may make the port hold, here and on the heap. */
    MemoryBudget budget() {
        return budget;
    }

    /**
     * Returns the bytes that were taken and not given back, including the contents of the caches. Does not read each
     * cache.
     */
    long outBytes() {
        return usedBytes.get();
    }

    /**
     * Memory that is in use now.
     *
     * @return bytes, 0 when every buffer was released
     */
    public long usedBytes() {
        return usedBytes.get() - caches.stream().mapToLong(Cache::keptBytes).sum();
    }

    /**
     * Memory kept for reuse.
     *
     * @return bytes, at most the bound given at creation
     */
    public long keptBytes() {
        return keptBytes.get() + caches.stream().mapToLong(Cache::keptBytes).sum();
    }

    /** Takes memory back that {@link #take} gave. The caller must hold no reference to it any more. */
    void takeBack(ByteBuffer memory) {
        int capacity = memory.capacity();
        makeAsNew(memory);
        Cache cache = Worker.cache(this);
        if (cache != null && cache.push(memory)) {
            return;
        }
        usedBytes.addAndGet(-capacity);
        budget.shrunk();
        if (capacity > PIECE_MAX) {
            return;
        }
        boolean fits = keptBytes.addAndGet(capacity) <= maxKeptBytes - cachesBytesMax;
        if (!fits || !kept[indexFor(capacity)].push(memory)) {
            keptBytes.addAndGet(-capacity);
        }
    }

    /**
     * Sets position 0 and limit = capacity. If leaks are watched, also overwrites the contents, and a view that was
     * kept too long reads garbage.
     */
    static void makeAsNew(ByteBuffer memory) {
        memory.clear();
        if (POISONING) {
            MemorySegment.ofBuffer(memory).fill(PooledBuffer.POISON);
        }
    }

    /**
     * Makes a cache for a new worker of the port; null if the bound leaves no room for one.
     *
     * @param bytesElsewhere the bytes that the worker may also keep outside the cache, see {@link Cache#keptElsewhere}
     */
    synchronized Cache newCache(int bytesElsewhere) {
        int bytesMax = Cache.BYTES_MAX + bytesElsewhere;
        if (bytesMax > maxKeptBytes / 2 - cachesBytesMax) {
            return null;
        }
        Cache cache = new Cache(this);
        caches.add(cache);
        cachesBytesMax += bytesMax;
        return cache;
    }

    /** Returns the size of the piece that a request for the given bytes gets. */
    static int capacityFor(int bytes) {
        return bytes > PIECE_MAX ? bytes : PIECE_MIN << indexFor(bytes);
    }

    private static int indexFor(int bytes) {
        return bytes <= PIECE_MIN ? 0 : log2(bytes - 1) + 1 - log2(PIECE_MIN);
    }

    private static int log2(int value) {
        return 31 - Integer.numberOfLeadingZeros(value);
    }

    /**
     * The unused pieces of one size. Last in, first out: the piece used last is the one still in the processor's cache.
     */
    record Pieces(RingQueue<ByteBuffer> stack) {
        synchronized ByteBuffer poll() {
            return stack.takeBack();
        }

        /** Returns false if there is no memory to keep the piece, since a release must not throw. */
        synchronized boolean push(ByteBuffer memory) {
            try {
                stack.add(memory);
                return true;
            } catch (OutOfMemoryError e) {
                return false;
            }
        }
    }

    /**
     * One piece of each size up to 128 KiB, used by one worker only. One is enough: a callback's data has nearly always
     * been sent when the next callback begins. The count is written by the worker and read by others for reports.
     */
    static final class Cache {
        private static final int SIZES = log2(128 << 10) - log2(PIECE_MIN) + 1;
        static final int BYTES_MAX = (PIECE_MIN << SIZES) - PIECE_MIN;

        private final BufferPool pool;
        private final ByteBuffer[] pieces = new ByteBuffer[SIZES];
        private final AtomicLong kept = new AtomicLong();

        private Cache(BufferPool pool) {
            this.pool = pool;
        }

        boolean isOf(BufferPool asked) {
            return pool == asked;
        }

        long keptBytes() {
            return kept.getOpaque();
        }

        /**
         * Adds to, or subtracts from, the count of unused bytes of the pool that the worker keeps outside this cache.
         */
        void keptElsewhere(int change) {
            kept.setOpaque(kept.getPlain() + change);
        }

        private ByteBuffer poll(int index) {
            ByteBuffer memory = index < SIZES ? pieces[index] : null;
            if (memory != null) {
                pieces[index] = null;
                kept.setOpaque(kept.getPlain() - memory.capacity());
            }
            return memory;
        }

        private boolean push(ByteBuffer memory) {
            int index = indexFor(memory.capacity());
            if (index >= SIZES || pieces[index] != null) {
                return false;
            }
            pieces[index] = memory;
            kept.setOpaque(kept.getPlain() + memory.capacity());
            return true;
        }
    }
}
