package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The buffer pool")
class BufferPoolTest {
    @ParameterizedTest(name = "{0} bytes asked: {1} given")
    @CsvSource({"1,512", "511,512", "512,512", "513,1024", "1024,1024", "1025,2048", "65535,65536", "65536,65536",
            "65537,131072",
            "8388607,8388608", "8388608,8388608", "8388609,8388609"})
    @DisplayName("gives pieces of 2^n bytes, and above the largest exactly what was asked")
    void classes(int asked, int given) {
        BufferPool pool = new BufferPool(0);
        PooledBuffer buffer = pool.acquire(asked);
        assertTrue(buffer.buffer().isDirect());
        assertEquals(given, buffer.buffer().capacity());
        assertEquals(0, buffer.buffer().position());
        assertEquals(given, buffer.buffer().limit());
        assertEquals(given, pool.usedBytes());
        assertEquals(0, pool.keptBytes());
        buffer.release();
        assertEquals(0, pool.usedBytes());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    @DisplayName("refuses to give nothing")
    void nothing(int bytes) {
        BufferPool pool = new BufferPool(0);
        assertThrows(IllegalArgumentException.class, () -> pool.acquire(bytes));
        assertEquals(0, pool.usedBytes());
    }

    @Test
    @DisplayName("a bound below 0 is refused")
    void negativeBound() {
        assertThrows(IllegalArgumentException.class, () -> new BufferPool(-1));
    }

    @Test
    @DisplayName("a piece that came back is given again, the last one first, with position and limit as new")
    void reuse() {
        BufferPool pool = new BufferPool(1 << 20);
        PooledBuffer first = pool.acquire(1000);
        PooledBuffer second = pool.acquire(1000);
        ByteBuffer memory = second.buffer();
        memory.position(10).limit(20);
        first.release();
        second.release();
        assertEquals(0, pool.usedBytes());
        assertEquals(2048, pool.keptBytes());
        PooledBuffer third = pool.acquire(600);
        assertSame(memory, third.buffer());
        assertEquals(0, memory.position());
        assertEquals(1024, memory.limit());
        assertEquals(1024, pool.keptBytes());
        assertEquals(1024, pool.usedBytes());
        PooledBuffer smaller = pool.acquire(512);
        assertEquals(512, smaller.buffer().capacity(), "a piece of another class was given");
        third.release();
        smaller.release();
    }

    @Test
    @DisplayName("keeps no more than its bound, and nothing above the largest piece")
    void bound() {
        BufferPool pool = new BufferPool(1024);
        PooledBuffer[] buffers = {pool.acquire(512), pool.acquire(512), pool.acquire(512), pool.acquire(1024)};
        for (PooledBuffer buffer : buffers) {
            buffer.release();
        }
        assertEquals(1024, pool.keptBytes());
        BufferPool large = new BufferPool(Long.MAX_VALUE);
        PooledBuffer huge = large.acquire(BufferPool.PIECE_MAX + 1);
        huge.release();
        assertEquals(0, large.keptBytes());
        BufferPool none = new BufferPool(0);
        PooledBuffer piece = none.acquire(1);
        ByteBuffer memory = piece.buffer();
        piece.release();
        PooledBuffer next = none.acquire(1);
        assertNotSame(memory, next.buffer());
        next.release();
    }

    @Test
    @DisplayName("after the last release a late reader finds poison, and the buffer refuses to be used")
    void misuse() {
        BufferPool pool = new BufferPool(1 << 20);
        PooledBuffer buffer = pool.acquire(512);
        ByteBuffer late = buffer.buffer().duplicate();
        late.put(0, (byte) 1).put(511, (byte) 1);
        buffer.retain();
        buffer.release();
        assertEquals(1, late.get(0));
        buffer.release();
        for (int i = 0; i < 512; i++) {
            assertEquals(PooledBuffer.POISON, late.get(i));
        }
        assertThrows(IllegalStateException.class, buffer::buffer);
        assertThrows(IllegalStateException.class, buffer::release);
        assertThrows(IllegalStateException.class, buffer::retain);
        assertEquals(512, pool.keptBytes(), "a second release kept the memory twice");
    }

    @Test
    @DisplayName("threads at the same time never get the same piece, and everything comes back")
    void manyThreads() throws InterruptedException {
        long seed = 20260101;
        BufferPool pool = new BufferPool(64 << 10);
        AtomicInteger torn = new AtomicInteger();
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            int id = t + 1;
            threads[t] = Thread.ofPlatform().name("test-pool-" + t).start(() -> {
                SplittableRandom random = new SplittableRandom(seed + id);
                for (int round = 0; round < 5_000; round++) {
                    PooledBuffer buffer = pool.acquire(1 + random.nextInt(4096));
                    ByteBuffer memory = buffer.buffer();
                    memory.putInt(0, id);
                    memory.putInt(memory.capacity() - 4, -id);
                    if (memory.getInt(0) != id || memory.getInt(memory.capacity() - 4) != -id) {
                        torn.incrementAndGet();
                    }
                    buffer.release();
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(0, torn.get(), "two threads had the same memory, seed " + seed);
        assertEquals(0, pool.usedBytes());
        assertTrue(pool.keptBytes() <= 64 << 10);
    }

    @Test
    @DisplayName("a worker takes what it gave back last, and the counts are exact whichever thread gives a piece back")
    void cache() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            BufferPool pool = port.buffers();
            ByteBuffer[] memory = new ByteBuffer[3];
            PooledBuffer[] left = new PooledBuffer[1];
            Probe probe = new Probe(null, () -> {
                PooledBuffer first = pool.acquire(4096);
                memory[0] = first.buffer();
                first.release();
                PooledBuffer second = pool.acquire(4096);
                memory[1] = second.buffer();
                PooledBuffer third = pool.acquire(4096);
                memory[2] = third.buffer();
                second.release();
                // its place in the cache is taken
                third.release();
                left[0] = pool.acquire(512);
            });
            port.post(probe);
            probe.await();
            assertSame(memory[0], memory[1]);
            assertNotSame(memory[1], memory[2]);
            assertEquals(512, pool.usedBytes());
            assertEquals(8192, pool.keptBytes());
            left[0].release();
            assertEquals(0, pool.usedBytes());
            assertEquals(8704, pool.keptBytes());
            // the cache is the worker's: another thread gets what lies in the pool
            PooledBuffer mine = pool.acquire(4096);
            assertSame(memory[2], mine.buffer());
            PooledBuffer next = pool.acquire(4096);
            assertNotSame(memory[0], next.buffer());
            assertEquals(8192, pool.usedBytes());
            mine.release();
            next.release();
            assertEquals(0, pool.usedBytes());
        }
    }

    @Test
    @DisplayName("what lies in the caches counts within the bound, and a bound too small for caches has none")
    void cachesWithinTheBound() {
        int elsewhere = 4096;
        BufferPool none = new BufferPool(2L * (BufferPool.Cache.BYTES_MAX + elsewhere) - 1);
        assertNull(none.newCache(elsewhere));
        BufferPool one = new BufferPool(2L * (BufferPool.Cache.BYTES_MAX + elsewhere));
        assertNotNull(one.newCache(elsewhere));
        assertNull(one.newCache(elsewhere), "caches may take half of the bound");
        PooledBuffer[] pieces = new PooledBuffer[8];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = one.acquire(128 << 10);
        }
        for (PooledBuffer piece : pieces) {
            piece.release();
        }
        // two are what fits into the other half
        assertEquals(2 * (128 << 10), one.keptBytes(), "the part of the cache of the bound was given away");
    }

    @Test
    @DisplayName("without memory to keep a piece leaves it to the garbage collector, and its release throws nothing")
    void noMemoryToKeep() {
        BufferPool pool = new BufferPool(1 << 20);
        pool.kept[0] = new BufferPool.Pieces(new StrandMemoryTest.ShortQueue<>(1));
        pool.acquire(BufferPool.PIECE_MIN).release();
        assertEquals(0, pool.usedBytes());
        assertEquals(0, pool.keptBytes());
        pool.acquire(BufferPool.PIECE_MIN).release();
        assertEquals(BufferPool.PIECE_MIN, pool.keptBytes());
    }
}
