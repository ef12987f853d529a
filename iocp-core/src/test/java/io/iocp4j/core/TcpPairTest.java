package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Two connections joined in memory")
class TcpPairTest extends TcpFixture {
    private final Recorder left = new Recorder();
    private final Recorder right = new Recorder();

    private TcpPair join(TcpOptions chosen) {
        TcpPair pair = TcpPair.open(port, chosen, left, right);
        closeLater(pair.left()::abort);
        closeLater(pair.right()::abort);
        return pair;
    }

    @Test
    @DisplayName("open both, and bring what one sends to the other, in both directions, also what was sent before "
            + "they were open")
    void bothDirections() throws Exception {
        TcpPair pair = join(options);
        pair.left().send(text("to the right"));
        pair.right().send(text("to the left"));
        left.awaitBytes(11);
        right.awaitBytes(12);
        assertEquals("to the left", left.received());
        assertEquals("to the right", right.received());
        assertEquals(List.of("open", "data"), left.events());
        assertEquals(pair.left().local(), pair.right().remote());
        assertEquals(pair.left().remote(), pair.right().local());
    }

    @Test
    @DisplayName("have one send under way each, however often others send meanwhile: the rest gathers behind it")
    void oneSendUnderWay() throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch holds = new CountDownLatch(1);
        try (CompletionPort single = CompletionPort.open(PortOptions.defaults().workers(1))) {
            TcpPair pair = TcpPair.open(single, options, left, right);
            left.awaitOpen();
            right.awaitOpen();
            pair.left().execute(() -> {
                held.countDown();
                try {
                    await(holds);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            await(held);
            long before = single.outstanding();
            for (int i = 0; i < 1000; i++) {
                pair.right().send(text("x"));
            }
            long added = single.outstanding() - before;
            assertTrue(added <= 2, added + " operations for 1,000 sends");
            // the first was taken at once, although its completion is still to come
            assertEquals(999, pair.right().bufferedAmount());
            holds.countDown();
            left.awaitBytes(1000);
            pair.left().abort();
        }
    }

    @ParameterizedTest(name = "{0} worker(s)")
    @ValueSource(ints = {1, 4})
    @DisplayName("get each its own bytes, where many have something to send by turns: copies and shared ones, of "
            + "workers and of others")
    void many(int workers) throws Exception {
        int pairs = 40;
        byte[][] sent = new byte[pairs][];
        Recorder[] answers = new Recorder[pairs];
        TcpPair[] all = new TcpPair[pairs];
        try (CompletionPort several = CompletionPort.open(PortOptions.defaults().workers(workers))) {
            for (int i = 0; i < pairs; i++) {
                boolean copies = i % 2 == 0;
                answers[i] = new Recorder();
                sent[i] = random(300_000, i);
                all[i] = TcpPair.open(several, options, answers[i], new TcpHandler() {
                    @Override
                    public void onData(TcpConnection c, ByteBuffer data) {
                        if (copies) {
                            c.send(data);
                        } else {
                            PooledBuffer kept = c.retainReceived();
                            c.send(kept);
                            kept.release();
                        }
                    }
                });
            }
            for (int from = 0; from < sent[0].length; from += 3000) {
                for (int i = 0; i < pairs; i++) {
                    all[i].left().send(ByteBuffer.wrap(sent[i], from, 3000));
                }
            }
            for (int i = 0; i < pairs; i++) {
                answers[i].awaitBytes(sent[i].length);
                assertArrayEquals(sent[i], answers[i].bytes(), "pair " + i);
                all[i].left().abort();
            }
        }
    }

    @Test
    @DisplayName("bring 16 MiB exactly in both directions at once, with the blocking API")
    void much() throws Exception {
        TcpPair pair = TcpPair.open(port, options.allowHalfOpen(true));
        byte[] bytes = random(16 * MIB, 1);
        CompletableFuture<byte[]> one = exchange(pair.left(), bytes);
        CompletableFuture<byte[]> other = exchange(pair.right(), bytes);
        assertArrayEquals(bytes, await(one));
        assertArrayEquals(bytes, await(other));
        assertTrue(awaitClosed(pair.left()).clean());
        assertTrue(awaitClosed(pair.right()).clean());
    }

    private static CompletableFuture<byte[]> exchange(TcpConnection connection, byte[] bytes) {
        CompletableFuture<byte[]> all = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                connection.write(ByteBuffer.wrap(bytes));
                connection.end();
            } catch (IOException | RuntimeException e) {
                all.completeExceptionally(e);
            }
        });
        Thread.ofVirtual().start(() -> {
            try {
                ByteBuffer got = ByteBuffer.allocate(bytes.length);
                for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
                    got.put(data);
                }
                all.complete(got.array());
            } catch (IOException | RuntimeException e) {
                all.completeExceptionally(e);
            }
        });
        return all;
    }

    @Test
    @DisplayName("hold 64 KiB for an end that does not receive; the rest waits at the sender's, and all arrives in "
            + "the end")
    void backPressure() throws Exception {
        // one worker takes packets in their order, so what settles has seen the send before it
        try (CompletionPort ordered = CompletionPort.open(PortOptions.defaults().workers(1))) {
            TcpPair pair = TcpPair.open(ordered, options, left, right);
            right.awaitOpen().pause();
            settle(pair.right());
            byte[] bytes = random(MIB, 2);
            assertFalse(pair.left().send(ByteBuffer.wrap(bytes)));
            settle(pair.left());
            settle(pair.right());
            // one receive may have been under way when the pause came
            long gone = MIB - pair.left().bufferedAmount();
            assertTrue(gone >= MemorySocket.CAPACITY && gone <= MemorySocket.CAPACITY + options.receiveMin(),
                    "went out: " + gone);
            pair.right().resume();
            right.awaitBytes(MIB);
            assertArrayEquals(bytes, right.bytes());
            left.await("drain");
        }
    }

    @Test
    @DisplayName("end one direction and go on in the other")
    void halfClose() throws Exception {
        TcpPair pair = join(options.allowHalfOpen(true));
        pair.left().send(text("question"));
        pair.left().end();
        right.await("end");
        assertEquals("question", right.received());
        pair.right().send(text("answer"));
        pair.right().end();
        left.await("end");
        assertEquals("answer", left.received());
        assertNull(left.awaitClose().error());
        assertTrue(awaitClosed(pair.left()).clean());
        assertTrue(awaitClosed(pair.right()).clean());
    }

    @Test
    @DisplayName("close in order: what was queued arrives first")
    void close() throws Exception {
        TcpPair pair = join(options);
        byte[] bytes = random(MIB, 3);
        // a close before that is an abort, as with every connection
        left.awaitOpen();
        pair.left().send(ByteBuffer.wrap(bytes));
        pair.left().close();
        right.await("end");
        assertArrayEquals(bytes, right.bytes());
        assertEquals(CloseInfo.Initiator.REMOTE, right.awaitClose().initiator());
        assertTrue(awaitClosed(pair.left()).clean());
        assertTrue(awaitClosed(pair.right()).clean());
    }

    @Test
    @DisplayName("show an abort of one to the other as a reset")
    void abort() throws Exception {
        TcpPair pair = join(options);
        left.awaitOpen();
        right.awaitOpen();
        pair.left().abort();
        CloseInfo info = right.awaitClose();
        assertEquals(IoError.CONNECTION_RESET, info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
        assertEquals(List.of("open", "close"), right.events());
        awaitClosed(pair.left());
    }

    @Test
    @DisplayName("reset a sender whose peer has ended and gone")
    void sendToNobody() throws Exception {
        TcpPair pair = join(options.allowHalfOpen(true));
        pair.left().end();
        right.await("end");
        pair.left().abort();
        awaitClosed(pair.left());
        pair.right().send(text("to nobody"));
        CloseInfo info = right.awaitClose();
        assertEquals(IoError.CONNECTION_RESET, info.error());
        assertEquals(9, awaitClosed(pair.right()).bytesLost());
    }

    @Test
    @DisplayName("may be aborted at once, before they are open: told onClose alone, or after onOpen")
    void abortAtOnce() throws Exception {
        for (int i = 0; i < 200; i++) {
            Recorder one = new Recorder();
            Recorder other = new Recorder();
            TcpPair pair = TcpPair.open(port, options, one, other);
            pair.left().abort();
            one.awaitClose();
            other.awaitClose();
            awaitClosed(pair.left());
            awaitClosed(pair.right());
            assertEquals("close", one.events().getLast());
        }
    }

    @Test
    @DisplayName("end with their port, and are refused by one that is closed")
    void portCloses() throws Exception {
        CompletionPort other = CompletionPort.open(PortOptions.defaults().workers(2));
        TcpPair pair = TcpPair.open(other, options, left, right);
        left.awaitOpen();
        right.awaitOpen();
        other.close();
        assertEquals(IoError.OPERATION_ABORTED, left.awaitClose().error());
        assertEquals(CloseInfo.Initiator.LOCAL, left.awaitClose().initiator());
        right.awaitClose();
        awaitClosed(pair.left());
        assertEquals(0, other.outstanding());
        assertEquals(0, other.counters().handles());
        assertEquals(0, other.buffers().usedBytes());
        assertThrows(IllegalStateException.class, () -> TcpPair.open(other, options, left, right));
        assertThrows(IllegalStateException.class, () -> TcpPair.open(other, options));
    }

    @Test
    @DisplayName("refuse what they cannot be: over TLS, on a port that is not of this library, without a handler")
    void misuse() {
        TcpOptions tls = options.tls(TestKeys.trusting());
        assertThrows(IllegalArgumentException.class, () -> TcpPair.open(port, tls, left, right));
        assertThrows(NullPointerException.class, () -> TcpPair.open(port, options, left, null));
        assertEquals(0, port.counters().handles());
    }

    @Test
    @DisplayName("run in a simulation, in virtual time, one port closing under them")
    void simulated() throws Throwable {
        Simulation.onThreadOfItsOwn(() -> {
            BufferPool buffers = new BufferPool(1 << 20);
            for (long seed = 0; seed < 200; seed++) {
                Simulation world = new Simulation(seed, Faults.draw(new SplittableRandom(seed)).harmless(), buffers);
                SimulatedPort simulated = new SimulatedPort(world, "memory", 2);
                Recorder one = new Recorder();
                Recorder other = new Recorder();
                TcpPair pair = TcpPair.open(simulated, options, one, other);
                byte[] bytes = random(200_000, seed);
                pair.left().send(ByteBuffer.wrap(bytes));
                if (seed % 2 == 0) {
                    while (one.count("open") == 0) {
                        world.step();
                    }
                    pair.left().close();
                    world.run(Long.MAX_VALUE / 2, 100_000);
                    assertArrayEquals(bytes, other.bytes(), "seed " + seed);
                    assertEquals(List.of("open", "data", "end", "close"), other.events(), "seed " + seed);
                }
                simulated.close();
                world.run(Long.MAX_VALUE / 2, 100_000);
                assertEquals(List.of(), world.failures(), "seed " + seed);
                assertEquals(1, one.count("close"), "seed " + seed);
                assertEquals(1, other.count("close"), "seed " + seed);
                assertTrue(pair.left().closed().isDone() && pair.right().closed().isDone(), "seed " + seed);
                assertEquals(List.of(), world.ledger.unfinished(), "seed " + seed);
                assertEquals(2, simulated.counters().nullCompletions(), "seed " + seed);
                assertEquals(0, buffers.usedBytes(), "seed " + seed);
            }
        });
    }
}
