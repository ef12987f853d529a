package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What connections do on an engine whose worker reads and writes itself. */
@DisplayName("A connection on a worker that reads and writes itself")
class SelectorTcpTest extends TcpFixture {
    private static final int LARGE = 60_000;

    @Override
    @BeforeEach
    void openPort() throws IOException {
        port = CompletionPort.open(PortOptions.defaults().workers(1).engine("selector"));
    }

    private static <T> T onStrand(TcpConnection connection, Callable<T> task) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        connection.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable thrown) {
                result.completeExceptionally(thrown);
            }
        });
        return await(result);
    }

    /** Waits for a packet behind the deliveries that have begun. They count, and give memory back, at their end. */
    private void awaitDeliveries() throws InterruptedException {
        Probe behind = new Probe();
        port.post(behind);
        behind.await();
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    @Test
    @DisplayName("holds no queue behind a send that the system has taken, and gathers what follows until its end")
    void settled() throws Exception {
        Pair publisher = accept(options, new Recorder());
        Pair viewer = accept(options, new Recorder());
        List<Long> queued = onStrand(publisher.connection(), () -> {
            List<Long> amounts = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                viewer.connection().send(text("x"));
                amounts.add(viewer.connection().bufferedAmount());
            }
            return amounts;
        });
        assertEquals(List.of(0L, 1L, 2L), queued);
        assertEquals("xxx", viewer.peerReads(3));
        assertEquals(3, viewer.connection().bytesTaken());
    }

    @Test
    @DisplayName("sends what the system takes without an operation, the connection's own data and that for others")
    void withoutOperation() throws Exception {
        Pair pair = accept(options, new Recorder());
        Pair viewer = accept(options, new Recorder());
        awaitDeliveries();
        PortCounters before = onStrand(pair.connection(), port::counters);
        PooledBuffer shared = shared(LARGE, 1);
        onStrand(pair.connection(), () -> {
            pair.connection().send(text("a"));
            pair.connection().send(text("b"));
            return viewer.connection().send(shared);
        });
        assertEquals("ab", pair.peerReads(2));
        assertArrayEquals(random(LARGE, 1), viewer.peer().getInputStream().readNBytes(LARGE));
        awaitDeliveries();
        PortCounters after = onStrand(pair.connection(), port::counters);
        // two tasks and the packet, and perhaps the packet before, which another worker had not counted yet; each send
        // that is an operation would be one more
        long delivered = after.delivered() - before.delivered();
        assertTrue(delivered <= 4, () -> "deliveries: " + delivered);
        assertEquals(2 + LARGE, after.bytesSent() - before.bytesSent());
        assertEquals(0, viewer.connection().bufferedAmount());
        assertEquals(LARGE, viewer.connection().bytesTaken());
        assertTrue(shared.release(), "nobody keeps a reference");
    }

    @Test
    @DisplayName("sends a shared buffer to many in one delivery, each in the order of the messages, whoever reads")
    void sharedByMany() throws Exception {
        List<Pair> viewers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            viewers.add(accept(options.socketBuffers(SMALL, SMALL), new Recorder()));
        }
        Pair publisher = accept(options, new Recorder());
        PooledBuffer large = shared(4 * MIB, 2);
        PooledBuffer small = shared(LARGE, 3);
        List<Long> queued = onStrand(publisher.connection(), () -> {
            List<Long> amounts = new ArrayList<>();
            for (PooledBuffer message : List.of(small, large, small)) {
                viewers.forEach(viewer -> viewer.connection().send(message));
            }
            viewers.forEach(viewer -> amounts.add(viewer.connection().bufferedAmount()));
            return amounts;
        });
        assertTrue(queued.stream().allMatch(amount -> amount > 4 * MIB), "queued: " + queued);
        assertFalse(large.release(), "the queues hold it");
        assertFalse(small.release());
        for (Pair viewer : viewers) {
            assertArrayEquals(random(LARGE, 3), viewer.peer().getInputStream().readNBytes(LARGE));
            assertArrayEquals(random(4 * MIB, 2), viewer.peer().getInputStream().readNBytes(4 * MIB));
            assertArrayEquals(random(LARGE, 3), viewer.peer().getInputStream().readNBytes(LARGE));
        }
    }

    @Test
    @DisplayName("says onDrain behind a shared buffer above the high-water mark, also if the system took all of it")
    void sharedAboveHighWater() throws Exception {
        Recorder recorder = new Recorder();
        Pair viewer = accept(options.waterMarks(0, 0), recorder);
        Pair publisher = accept(options, new Recorder());
        PooledBuffer shared = shared(100, 4);
        assertFalse(onStrand(publisher.connection(), () -> viewer.connection().send(shared)));
        recorder.await("drain");
        shared.release();
        assertArrayEquals(random(100, 4), viewer.peer().getInputStream().readNBytes(100));
    }

    @Test
    @DisplayName("reports the reset that a shared buffer meets, once")
    void sharedAfterReset() throws Exception {
        Recorder recorder = new Recorder();
        Pair viewer = accept(options, recorder);
        Pair publisher = accept(options, new Recorder());
        PooledBuffer shared = shared(100, 5);
        onStrand(publisher.connection(), () -> {
            viewer.peerResets();
            viewer.connection().send(shared);
            viewer.connection().send(shared);
            return null;
        });
        assertEquals(CloseInfo.Initiator.REMOTE, recorder.awaitClose().initiator());
        assertEquals(List.of("open", "close"), recorder.events());
        awaitClosed(viewer.connection());
        assertTrue(shared.release(), "nobody keeps a reference");
    }

    @Test
    @DisplayName("ends a connection that was to be flushed behind a delivery, and needs it no more")
    void endsBeforeItsFlush() throws Exception {
        Pair viewer = accept(options, new Recorder());
        Pair publisher = accept(options, new Recorder());
        onStrand(publisher.connection(), () -> {
            for (int i = 0; i < 3; i++) {
                viewer.connection().send(text("x"));
            }
            viewer.connection().abort();
            return null;
        });
        assertEquals(2, awaitClosed(viewer.connection()).bytesLost());
        assertEquals("x", viewer.peerReads(1));
    }

    private PooledBuffer shared(int length, int seed) {
        PooledBuffer made = port.buffers().acquire(length);
        made.buffer().put(random(length, seed)).flip();
        return made;
    }

    @Test
    @DisplayName("sends what a long callback sends above the high-water mark, although it keeps the only worker busy")
    void longCallback() throws Exception {
        Pair pair = accept(options.waterMarks(1000, 2000).maxSendQueue(10_000), new Recorder());
        CountDownLatch read = new CountDownLatch(1);
        CompletableFuture<Boolean> wasRead = new CompletableFuture<>();
        pair.connection().execute(() -> {
            for (int i = 0; i < 40; i++) {
                pair.connection().send(ByteBuffer.allocate(1000));
            }
            try {
                wasRead.complete(read.await(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                wasRead.completeExceptionally(e);
            }
        });
        pair.peerReads(40 * 1000);
        read.countDown();
        assertTrue(await(wasRead), "the last byte came only when the callback was over");
        assertTrue(pair.connection().send(text("x")), "below the high-water mark again");
        assertEquals("x", pair.peerReads(1));
    }

    @Test
    @DisplayName("says onDrain behind each send above a high-water mark of 0, also in the turn of an earlier one")
    void drainsInOneTurn() throws Exception {
        CountDownLatch drains = new CountDownLatch(2);
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        CompletableFuture<Boolean> third = new CompletableFuture<>();
        Pair pair = accept(options.waterMarks(0, 0), new Recorder() {
            @Override
            public void onDrain(TcpConnection c) {
                drains.countDown();
            }
        });
        pair.connection().execute(() -> {
            began.countDown();
            awaitUnchecked(second);
            pair.connection().send(text("a"));
            pair.connection().send(text("b"));
        });
        await(began);
        // in the same turn, before the onDrain of the first two
        pair.connection().execute(() -> third.complete(pair.connection().send(text("c"))));
        second.countDown();
        assertFalse(await(third));
        await(drains);
        assertEquals("abc", pair.peerReads(3));
    }

    @Test
    @DisplayName("receives a message as large as the last one at once, and holds little memory between them")
    void largeReceives() throws Exception {
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                sizes.add(data.remaining());
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        for (int message = 1; message <= 3; message++) {
            sizes.clear();
            CountDownLatch blocked = new CountDownLatch(1);
            CompletableFuture<Void> sent = new CompletableFuture<>();
            pair.connection().execute(() -> {
                blocked.countDown();
                sent.orTimeout(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS).join();
            });
            await(blocked);
            pair.peer().getOutputStream().write(new byte[LARGE]);
            sent.complete(null);
            recorder.awaitBytes(message * LARGE);
            awaitDeliveries();
            assertTrue(pair.connection().memory().held(Kind.DIRECT) <= TcpReceiver.RECEIVE_REST,
                    "held: " + pair.connection().memory().held(Kind.DIRECT));
            assertTrue(port.buffers().usedBytes() <= TcpReceiver.RECEIVE_REST, "used: " + port.buffers().usedBytes());
        }
        assertTrue(sizes.getFirst() > TcpReceiver.RECEIVE_REST, "sizes: " + sizes);
    }

    @Test
    @DisplayName("sends large data from the memory of the caller, behind what is queued already")
    void uncopied() throws Exception {
        Pair pair = accept(options.socketBuffers(1 << 20, 1 << 20), new Recorder());
        byte[] first = random(LARGE, 1);
        byte[] second = random(LARGE, 2);
        long sentBefore = port.counters().bytesSent();
        List<Long> queued = onStrand(pair.connection(), () -> {
            ByteBuffer lent = direct(first);
            pair.connection().send(text("head"), lent);
            long uncopied = pair.connection().bufferedAmount();
            lent.clear().put(new byte[LARGE]);
            pair.connection().send(text("more"));
            pair.connection().send(direct(second));
            return List.of(uncopied, pair.connection().bufferedAmount());
        });
        assertEquals(List.of(0L, 4L + LARGE), queued);
        byte[] expected = ByteBuffer.allocate(2 * LARGE + 8).put(text("head")).put(first).put(text("more")).put(second)
                .array();
        assertArrayEquals(expected, pair.peer().getInputStream().readNBytes(expected.length));
        awaitDeliveries();
        assertEquals(expected.length, pair.connection().bytesWritten());
        assertEquals(expected.length, port.counters().bytesSent() - sentBefore);
    }

    @Test
    @DisplayName("queues a copy of what the system does not take of large data")
    void uncopiedInPart() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, SMALL), recorder);
        byte[] data = random(4 * MIB, 3);
        long queued = onStrand(pair.connection(), () -> {
            ByteBuffer lent = direct(data);
            pair.connection().send(lent);
            lent.clear().put(new byte[data.length]);
            return pair.connection().bufferedAmount();
        });
        assertTrue(queued > 0 && queued < data.length, "queued: " + queued);
        assertArrayEquals(data, pair.peer().getInputStream().readNBytes(data.length));
        recorder.await("drain");
    }

    @Test
    @DisplayName("reports the reset that large data meets, once")
    void uncopiedAfterReset() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        onStrand(pair.connection(), () -> {
            pair.peerResets();
            for (int i = 0; i < 3; i++) {
                pair.connection().send(direct(new byte[LARGE]));
            }
            return null;
        });
        assertEquals(CloseInfo.Initiator.REMOTE, recorder.awaitClose().initiator());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @Test
    @DisplayName("waits with little memory for a peer whose data is dropped after close()")
    void littleMemoryWhileClosing() throws Exception {
        Recorder recorder = new Recorder();
        Pair other = accept(options, new Recorder());
        Pair pair = accept(options, recorder);
        pair.peer().getOutputStream().write(new byte[4 * LARGE]);
        recorder.awaitBytes(4 * LARGE);
        pair.connection().close();
        recorder.awaitClose();
        CountDownLatch written = new CountDownLatch(1);
        CompletableFuture<Boolean> blocked = new CompletableFuture<>();
        other.connection().execute(() -> {
            try {
                blocked.complete(written.await(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                blocked.completeExceptionally(e);
            }
        });
        pair.peerSends("dropped");
        written.countDown();
        await(blocked);
        awaitDeliveries();
        assertEquals(4 * LARGE + 7, pair.connection().bytesRead());
        assertTrue(pair.connection().memory().held(Kind.DIRECT) <= TcpReceiver.RECEIVE_REST,
                "held: " + pair.connection().memory().held(Kind.DIRECT));
    }

    @Test
    @DisplayName("sends for another worker too while its own long callback is above the high-water mark")
    void sentByAnotherWorkerMeanwhile() throws Exception {
        port.close();
        port = CompletionPort.open(PortOptions.defaults().workers(2).engine("selector"));
        CountDownLatch done = new CountDownLatch(1);
        Recorder recorder = new Recorder();
        Pair pair = pair(Role.CONNECTED, options.waterMarks(0, 1), recorder);
        Pair onOtherWorker = pair(Role.CONNECTED, options, new OnData(() -> pair.connection().execute(() -> {
            pair.connection().send(text("ab"));
            pair.connection().send(text("cd"));
            awaitUnchecked(done);
        })));
        CompletableFuture<Void> sent = new CompletableFuture<>();
        Pair onSameWorker = pair(Role.CONNECTED, options, new OnData(() -> {
            try {
                for (int i = 0; i < Worker.OWN_POSTS_MAX; i++) {
                    port.post(new Nothing());
                }
                pair.connection().send(text("ef"));
                pair.connection().send(text("gh"));
                sent.complete(null);
            } catch (Throwable thrown) {
                sent.completeExceptionally(thrown);
            }
        }));
        onOtherWorker.peerSends("x");
        assertEquals("abcd", pair.peerReads(4));
        onSameWorker.peerSends("x");
        try {
            await(sent);
        } finally {
            done.countDown();
        }
        assertEquals("efgh", pair.peerReads(4));
        assertEquals(0, recorder.count("close"));
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            await(latch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static final class Nothing extends IoContext {
        @Override
        protected void onCompletion() {
            // it only is in the way of others
        }
    }

    /** Runs a task for each receive. */
    private static final class OnData extends Recorder {
        private final Runnable task;

        OnData(Runnable task) {
            this.task = task;
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) {
            task.run();
        }
    }
}
