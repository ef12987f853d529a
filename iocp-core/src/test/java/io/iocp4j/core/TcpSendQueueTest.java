package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The send queue")
class TcpSendQueueTest {
    private final BufferPool pool = new BufferPool(1 << 20);
    private final TcpSendQueue queue = new TcpSendQueue(pool);

    @AfterEach
    void everythingIsBack() {
        queue.clear();
        assertEquals(0, queue.bytes());
        assertTrue(queue.isEmpty());
        assertEquals(0, pool.usedBytes());
    }

    private static ByteBuffer bytes(int length) {
        ByteBuffer data = ByteBuffer.allocate(length);
        for (int i = 0; i < length; i++) {
            data.put((byte) i);
        }
        return data.flip();
    }

    /** Takes up to this many bytes out of the gathered buffers, as a partial send does. */
    private byte[] take(int count, int limit) {
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            while (queue.gathered()[i].hasRemaining() && taken.size() < limit) {
                taken.write(queue.gathered()[i].get());
            }
        }
        return taken.toByteArray();
    }

    private void addShared(PooledBuffer shared) {
        queue.add(shared, shared.buffer().duplicate());
    }

    @Test
    @DisplayName("copies: the caller may overwrite its buffer at once, whose position is at its limit")
    void copies() {
        byte[] array = {9, 1, 2, 3, 9};
        ByteBuffer data = ByteBuffer.wrap(array, 1, 3);
        queue.add(data);
        assertFalse(data.hasRemaining());
        array[2] = 77;
        assertEquals(3, queue.bytes());
        assertEquals(1, queue.gather());
        assertArrayEquals(new byte[] {1, 2, 3}, take(1, 10));
        queue.sent(3);
        assertTrue(queue.isEmpty());
        assertEquals(0, queue.bytes());
    }

    @Test
    @DisplayName("counts the buffers that wait: small copies are one, a shared buffer is one each time, an empty one "
            + "is none")
    void entries() {
        assertEquals(0, queue.entries());
        queue.add(bytes(10));
        queue.add(bytes(10));
        assertEquals(1, queue.entries());
        PooledBuffer shared = pool.acquire(3);
        addShared(shared);
        addShared(shared);
        queue.add(shared, ByteBuffer.allocate(0));
        shared.release();
        assertEquals(3, queue.entries());
        int count = queue.gather();
        take(count, 20);
        queue.sent(20);
        assertEquals(2, queue.entries());
    }

    @Test
    @DisplayName("puts small copies after each other into one chunk, also read-only and direct ones")
    void coalesces() {
        for (int i = 0; i < 100; i++) {
            queue.add(i % 2 == 0 ? bytes(10) : ByteBuffer.allocateDirect(10).put(bytes(10)).flip().asReadOnlyBuffer());
        }
        assertEquals(1000, queue.bytes());
        assertEquals(1, queue.gather());
        byte[] all = take(1, 2000);
        assertEquals(1000, all.length);
        for (int i = 0; i < 1000; i++) {
            assertEquals(i % 10, all[i]);
        }
        queue.sent(1000);
    }

    @Test
    @DisplayName("does not touch the chunk that is with the port: what is added meanwhile goes to another")
    void inFlight() {
        queue.add(bytes(10));
        queue.gather();
        ByteBuffer flying = queue.gathered()[0];
        queue.add(bytes(5));
        assertEquals(10, flying.remaining());
        assertEquals(15, queue.bytes());
        assertEquals(10, take(1, 100).length);
        queue.sent(10);
        assertEquals(1, queue.gather());
        assertNotSame(flying, queue.gathered()[0]);
        assertArrayEquals(bytes(5).array(), take(1, 100));
        queue.sent(5);
    }

    @Test
    @DisplayName("an empty buffer is no entry, copied or shared")
    void empty() {
        queue.add(ByteBuffer.allocate(0));
        PooledBuffer shared = pool.acquire(1);
        shared.buffer().limit(0);
        addShared(shared);
        assertEquals(1, shared.references());
        assertTrue(queue.isEmpty());
        shared.release();
    }

    @Test
    @DisplayName("a shared buffer is not copied, is retained until it is sent, and is never appended to")
    void shared() {
        PooledBuffer shared = pool.acquire(512);
        shared.buffer().put(bytes(100)).flip();
        long used = pool.usedBytes();
        addShared(shared);
        addShared(shared);
        assertEquals(used, pool.usedBytes(), "a shared buffer was copied");
        assertEquals(3, shared.references());
        queue.add(bytes(7));
        assertEquals(207, queue.bytes());
        assertEquals(3, queue.gather());
        assertEquals(207, take(3, 1000).length);
        assertEquals(100, shared.buffer().remaining(), "the queue moved the owner's position");
        queue.sent(207);
        assertEquals(1, shared.references());
        assertTrue(shared.release());
    }

    @Test
    @DisplayName("what a partial send left is the head of the queue again, and only whole entries are released")
    void partial() {
        PooledBuffer shared = pool.acquire(512);
        shared.buffer().put(bytes(100)).flip();
        queue.add(bytes(10));
        addShared(shared);
        queue.gather();
        take(2, 60);
        queue.sent(60);
        assertEquals(50, queue.bytes());
        assertEquals(2, shared.references());
        assertEquals(1, queue.gather());
        assertEquals(50, queue.gathered()[0].remaining());
        assertEquals(50, queue.gathered()[0].get(queue.gathered()[0].position()));
        queue.sent(0);
        assertEquals(50, queue.bytes());
        assertEquals(1, queue.gather());
        take(1, 50);
        queue.sent(50);
        assertTrue(shared.release());
    }

    @Test
    @DisplayName("a connection with nothing to send has no queue, and a worker keeps the last one that it emptied")
    void oneForAll() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1));
                CompletionPort other = CompletionPort.open(PortOptions.defaults().workers(1))) {
            TcpSendQueue[] seen = new TcpSendQueue[6];
            Probe probe = new Probe(null, () -> {
                TcpSendQueue first = TcpSendQueue.orTakeSpare(null, port.buffers());
                first.add(bytes(10));
                seen[0] = TcpSendQueue.orTakeSpare(first, port.buffers());
                seen[1] = first.recycleIfEmpty();
                first.gather();
                first.sent(0);
                first.clear();
                seen[2] = first.recycleIfEmpty();
                seen[3] = TcpSendQueue.orTakeSpare(null, port.buffers());
                seen[4] = TcpSendQueue.orTakeSpare(null, port.buffers());
                seen[3].recycleIfEmpty();
                seen[5] = TcpSendQueue.orTakeSpare(null, other.buffers());
            });
            port.post(probe);
            probe.await();
            assertSame(seen[0], seen[1], "in use as long as something waits");
            assertNull(seen[2]);
            assertSame(seen[0], seen[3], "kept by the worker");
            assertArrayEquals(new ByteBuffer[CompletionPort.GATHER_MAX], seen[3].gathered(),
                    "what was sent is held no longer");
            assertEquals(0, seen[3].bytes() + seen[3].entries());
            assertNotSame(seen[3], seen[4], "two connections with something to send");
            assertNotSame(seen[3], seen[5], "another port has other memory");
            TcpSendQueue elsewhere = TcpSendQueue.orTakeSpare(null, port.buffers());
            assertNull(elsewhere.recycleIfEmpty());
            assertNotSame(elsewhere, TcpSendQueue.orTakeSpare(null, port.buffers()), "another thread keeps none");
            assertEquals(0, port.buffers().usedBytes());
        }
    }

    @Test
    @DisplayName("a worker's queue keeps one chunk of the smallest size for what comes next, which counts as kept and "
            + "not as used")
    void spareChunk() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            BufferPool buffers = port.buffers();
            ByteBuffer[] chunks = new ByteBuffer[3];
            long[] used = new long[5];
            long[] kept = new long[5];
            Probe probe = new Probe(null, () -> {
                for (int i = 0; i < 2; i++) {
                    TcpSendQueue first = TcpSendQueue.orTakeSpare(null, buffers);
                    first.add(bytes(100 + i));
                    chunks[i] = first.single();
                    used[2 * i] = buffers.usedBytes();
                    assertEquals(100 + i, sendAll(first));
                    used[2 * i + 1] = buffers.usedBytes();
                    kept[2 * i + 1] = buffers.keptBytes();
                }
                TcpSendQueue large = TcpSendQueue.orTakeSpare(null, buffers);
                TcpSendQueue second = TcpSendQueue.orTakeSpare(null, buffers);
                large.add(bytes(TcpSendQueue.CHUNK_MIN + 1));
                chunks[2] = large.single();
                second.add(bytes(10));
                assertEquals(TcpSendQueue.CHUNK_MIN + 1, sendAll(large));
                // its place is taken
                assertEquals(10, sendAll(second));
                used[4] = buffers.usedBytes();
                kept[4] = buffers.keptBytes();
            });
            port.post(probe);
            probe.await();
            assertSame(chunks[0], chunks[1]);
            assertNotSame(chunks[1], chunks[2], "too small");
            assertArrayEquals(new long[] {4096, 0, 4096, 0, 0}, used);
            assertArrayEquals(new long[] {0, 4096, 0, 4096, 4096 + 8192}, kept);
            TcpSendQueue elsewhere = TcpSendQueue.orTakeSpare(null, buffers);
            elsewhere.add(bytes(10));
            assertEquals(4096, buffers.usedBytes());
            assertEquals(10, sendAll(elsewhere));
            assertEquals(0, buffers.usedBytes(), "a queue that nobody keeps has kept its chunk");
        }
    }

    @Test
    @DisplayName("a queue that waits with other memory does not hold its spare chunk as well")
    void spareChunkUnused() throws Exception {
        try (CompletionPort port = CompletionPort.open(PortOptions.defaults().workers(1))) {
            BufferPool buffers = port.buffers();
            PooledBuffer shared = buffers.acquire(512);
            long[] used = new long[2];
            Probe probe = new Probe(null, () -> {
                for (int i = 0; i < 2; i++) {
                    TcpSendQueue small = TcpSendQueue.orTakeSpare(null, buffers);
                    small.add(bytes(10));
                    sendAll(small);
                    TcpSendQueue waiting = TcpSendQueue.orTakeSpare(null, buffers);
                    assertSame(small, waiting);
                    if (i == 0) {
                        waiting.add(shared, shared.buffer().duplicate());
                    } else {
                        waiting.add(bytes(TcpSendQueue.CHUNK_MIN + 1));
                    }
                    used[i] = buffers.usedBytes();
                    sendAll(waiting);
                }
            });
            port.post(probe);
            probe.await();
            assertArrayEquals(new long[] {512, 512 + 8192}, used);
            assertTrue(shared.release());
            assertEquals(0, buffers.usedBytes());
        }
    }

    /** Sends what is in a queue of one entry, and lets go of it as a connection does. */
    private static int sendAll(TcpSendQueue full) {
        ByteBuffer only = full.single();
        int length = only.remaining();
        only.position(only.limit());
        full.sent(length);
        assertNull(full.recycleIfEmpty());
        return length;
    }

    @Test
    @Shows("C27")
    @DisplayName("gathers many buffers into one send, up to its bounds of buffers and bytes; a single larger one goes "
            + "alone")
    void gatherBounds() {
        PooledBuffer small = pool.acquire(512);
        for (int i = 0; i < 20; i++) {
            addShared(small);
        }
        assertEquals(CompletionPort.GATHER_MAX, queue.gather());
        queue.sent(0);
        queue.clear();
        PooledBuffer half = pool.acquire(TcpSendQueue.GATHER_BYTES_MAX / 2);
        addShared(half);
        addShared(half);
        addShared(half);
        assertEquals(2, queue.gather());
        queue.sent(0);
        queue.clear();
        PooledBuffer large = pool.acquire(TcpSendQueue.GATHER_BYTES_MAX * 2);
        addShared(large);
        addShared(small);
        assertEquals(1, queue.gather());
        assertEquals(large.buffer().capacity(), queue.gathered()[0].remaining());
        queue.sent(0);
        queue.clear();
        assertTrue(small.release());
        assertTrue(half.release());
        assertTrue(large.release());
    }

    @Test
    @Shows("B25")
    @DisplayName("any mixture of copies, shared buffers and partial sends gives the bytes back in order")
    void random() {
        long seed = 7_2026;
        SplittableRandom random = new SplittableRandom(seed);
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        while (in.size() < 1 << 20 || !queue.isEmpty()) {
            for (int adds = in.size() < 1 << 20 ? random.nextInt(4) : 0; adds > 0; adds--) {
                byte[] data = new byte[random.nextInt(random.nextBoolean() ? 50 : 20_000)];
                random.nextBytes(data);
                in.writeBytes(data);
                if (random.nextBoolean()) {
                    queue.add(ByteBuffer.wrap(data));
                } else {
                    PooledBuffer shared = pool.acquire(Math.max(1, data.length));
                    shared.buffer().put(data).flip();
                    addShared(shared);
                    shared.release();
                }
            }
            assertEquals(in.size() - out.size(), queue.bytes(), "seed " + seed);
            if (!queue.isEmpty()) {
                byte[] sent = take(queue.gather(), random.nextInt(30_000));
                // while it is in flight
                byte[] more = {1, 2, 3};
                in.writeBytes(more);
                queue.add(ByteBuffer.wrap(more));
                out.writeBytes(sent);
                queue.sent(sent.length);
                if (in.size() > 2 << 20) {
                    break;
                }
            }
        }
        while (!queue.isEmpty()) {
            byte[] sent = take(queue.gather(), 1 << 20);
            out.writeBytes(sent);
            queue.sent(sent.length);
        }
        assertArrayEquals(in.toByteArray(), out.toByteArray(), "seed " + seed);
    }
}
