package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection receives")
class TcpReceiveTest extends TcpFixture {
    @ParameterizedTest
    @EnumSource
    @Shows({"B14", "B15", "E2"})
    @DisplayName("an idle peer that closes is seen at once, as an end without an error, told once")
    void idlePeerCloses(Role role) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = pair(role, options.lingerTimeout(Duration.ofSeconds(60)), recorder);
        long start = System.nanoTime();
        pair.peer().close();
        CloseInfo info = recorder.awaitClose();
        assertTrue(millisSince(start) < 10_000, "an idle peer's end was seen after " + millisSince(start) + " ms");
        assertNull(info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
        assertEquals(List.of("open", "end", "close"), recorder.events());
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @ParameterizedTest
    @EnumSource
    @Shows({"B16", "C21", "E5"})
    @DisplayName("a peer that resets: CONNECTION_RESET, onClose once and no onEnd")
    void peerResets(Role role) throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = pair(role, options, recorder);
        // the receive is pending then: one that came later would be told of an orderly end by Wine
        settle(pair.connection());
        pair.peerResets();
        CloseInfo info = recorder.awaitClose();
        assertEquals(IoError.CONNECTION_RESET, info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
        assertEquals(IoError.CONNECTION_RESET, awaitClosed(pair.connection()).error());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @ParameterizedTest(name = "{0} bytes at a time")
    @ValueSource(ints = {1, 7, 512, 513, 100_000})
    @Shows({"B23", "B25"})
    @DisplayName("however the peer cuts its bytes, they arrive complete and in order")
    void cuts(int step) throws Exception {
        byte[] data = random(step == 1 ? 2_000 : 300_000, step);
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.peer().setTcpNoDelay(true);
        OutputStream out = pair.peer().getOutputStream();
        for (int i = 0; i < data.length; i += step) {
            out.write(data, i, Math.min(step, data.length - i));
        }
        pair.peer().shutdownOutput();
        recorder.awaitClose();
        assertArrayEquals(data, recorder.bytes());
        assertEquals(data.length, pair.connection().bytesRead());
    }

    @Test
    @Shows({"C3", "C19"})
    @DisplayName("a paused connection slows its peer down with bounded memory; after resume() every byte arrives")
    void pausedSlowsThePeer() throws Exception {
        byte[] data = random(16 * MIB, 1);
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().pause();
        CountDownLatch sent = new CountDownLatch(1);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                pair.peer().getOutputStream().write(data);
                pair.peer().shutdownOutput();
                sent.countDown();
            } catch (IOException e) {
                recorder.add("sender: " + e);
            }
        });
        assertFalse(sent.await(300, TimeUnit.MILLISECONDS), "16 MiB went to a connection that is paused");
        assertTrue(port.buffers().usedBytes() <= options.maxReceive(), "held: " + port.buffers().usedBytes());
        pair.connection().resume();
        recorder.awaitClose();
        sender.join();
        assertArrayEquals(data, recorder.bytes());
    }

    @Test
    @DisplayName("what came while paused is held and told once, however often it is paused and resumed")
    void pauseAndResume() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        TcpConnection connection = pair.connection();
        connection.resume();
        connection.pause();
        connection.pause();
        pair.peerSends("one");
        settle(connection);
        connection.resume();
        connection.pause();
        connection.resume();
        connection.resume();
        recorder.awaitBytes(3);
        pair.peerSends("two");
        recorder.awaitBytes(6);
        assertEquals("onetwo", recorder.received());
    }

    @Test
    @DisplayName("each onData may pause: one more piece is told for each resume()")
    void pauseInEachCallback() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                c.pause();
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        byte[] data = random(20_000, 3);
        pair.peer().getOutputStream().write(data);
        pair.peer().shutdownOutput();
        for (int pieces = 1; recorder.bytes().length < data.length; pieces++) {
            recorder.await("data", pieces);
            settle(pair.connection());
            assertEquals(pieces, recorder.count("data"));
            pair.connection().resume();
        }
        // the last piece may have come after the last resume() of the loop
        pair.connection().resume();
        recorder.awaitClose();
        assertArrayEquals(data, recorder.bytes());
    }

    @Test
    @Shows("C22")
    @DisplayName("the end of the peer is told after the data before it, also when it came while paused")
    void endWhilePaused() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().pause();
        byte[] data = random(100_000, 4);
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                pair.peer().getOutputStream().write(data);
                pair.peer().shutdownOutput();
            } catch (IOException e) {
                recorder.add("sender: " + e);
            }
        });
        settle(pair.connection());
        assertEquals(List.of("open"), recorder.events());
        pair.connection().resume();
        recorder.awaitClose();
        sender.join();
        assertEquals(List.of("open", "data", "end", "close"), recorder.events());
        assertArrayEquals(data, recorder.bytes());
    }

    @Test
    @DisplayName("the end alone while paused waits for resume(), and is told then")
    void onlyTheEndWhilePaused() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().pause();
        pair.peer().shutdownOutput();
        settle(pair.connection());
        assertEquals(List.of("open"), recorder.events());
        pair.connection().resume();
        pair.connection().pause();
        pair.connection().resume();
        recorder.awaitClose();
        assertEquals(List.of("open", "end", "close"), recorder.events());
    }

    @Test
    @DisplayName("the room for a receive grows while the peer sends much and shrinks again when it sends little")
    void adaptiveSize() throws Exception {
        List<Integer> capacities = new ArrayList<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                capacities.add(data.capacity());
                super.onData(c, data);
            }
        };
        Pair pair = accept(options.receive(512, 16 << 10), recorder);
        byte[] data = random(2 * MIB, 5);
        pair.peer().getOutputStream().write(data);
        recorder.awaitBytes(data.length);
        assertEquals(512, capacities.getFirst());
        assertTrue(capacities.contains(16 << 10), "never grew to the largest: " + capacities);
        assertFalse(capacities.stream().anyMatch(capacity -> capacity > 16 << 10), "grew above the largest");
        for (int i = 1; i <= 12; i++) {
            pair.peerSends("x");
            recorder.awaitBytes(data.length + i);
        }
        assertEquals(512, capacities.getLast(), "did not shrink to the smallest");
    }

    @Test
    @DisplayName("the next receive has the memory of the one before, but never memory that a handler retained")
    void memoryIsHandedOn() throws Exception {
        List<ByteBuffer> given = new ArrayList<>();
        List<PooledBuffer> kept = new ArrayList<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                given.add(data);
                if (given.size() == 2) {
                    kept.add(c.retainReceived());
                    assertSame(c.retainReceived(), kept.getFirst());
                    kept.getFirst().release();
                }
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        for (int i = 1; i <= 4; i++) {
            pair.peerSends("no." + i);
            recorder.awaitBytes(4 * i);
        }
        assertSame(given.get(0), given.get(1));
        assertNotSame(given.get(1), given.get(2));
        assertSame(given.get(2), given.get(3));
        byte[] bytes = new byte[4];
        kept.getFirst().buffer().get(0, bytes);
        assertEquals("no.2", new String(bytes));
        // only then it is certain that every receive was freed, which a worker does behind its delivery
        pair.connection().abort();
        awaitClosed(pair.connection());
        assertTrue(kept.getFirst().release(), "the receive has given its own reference back");
    }

    @Test
    @DisplayName("a receive takes over the reference to its connection from the one before: after many messages there "
            + "are as many")
    void referenceIsHandedOn() throws Exception {
        List<Integer> references = new ArrayList<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                references.add(((TcpChannel) c).count());
                super.onData(c, data);
            }
        };
        Pair pair = accept(options.receive(512, 1024), recorder);
        int sent = 0;
        for (int i = 0; i < 50; i++) {
            // a full buffer now and then, after which the next receive has another size
            String message = "x".repeat(i % 10 == 9 ? 512 : 1);
            sent += message.length();
            pair.peerSends(message);
            recorder.awaitBytes(sent);
        }
        // the transport and the receive; and what workers have not given back yet behind the deliveries before
        assertTrue(references.stream().allMatch(count -> count >= 2 && count <= 6), "references: " + references);
    }

    @Test
    @DisplayName("who retains what was received keeps it beyond the callback; outside of onData nobody can")
    void retainReceived() throws Exception {
        CompletableFuture<PooledBuffer> kept = new CompletableFuture<>();
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        Recorder recorder = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                refused.complete(assertThrows(IllegalStateException.class, c::retainReceived));
                super.onOpen(c);
            }

            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                kept.complete(c.retainReceived());
            }
        };
        Pair pair = accept(options, recorder);
        await(refused);
        assertThrows(IllegalStateException.class, pair.connection()::retainReceived);
        pair.peerSends("keep me");
        PooledBuffer buffer = await(kept);
        pair.peer().close();
        awaitClosed(pair.connection());
        byte[] bytes = new byte[buffer.buffer().remaining()];
        buffer.buffer().get(bytes);
        assertEquals("keep me", new String(bytes));
        assertTrue(buffer.release(), "somebody else still holds it");
    }

    @Test
    @Shows({"B17", "C24", "C54", "E1"})
    @DisplayName("half-open: the peer's end ends its side only, and our answer still reaches it")
    void halfOpen() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.allowHalfOpen(true), recorder);
        pair.peerSends("question");
        pair.peer().shutdownOutput();
        recorder.await("end");
        settle(pair.connection());
        assertEquals(TcpConnection.State.OPEN, pair.connection().state());
        assertTrue(pair.connection().send(text("answer")));
        assertEquals("answer", pair.peerReads(6));
        pair.connection().end();
        assertEquals(0, pair.peerReadsAll().length);
        assertTrue(awaitClosed(pair.connection()).clean());
        assertEquals(List.of("open", "data", "end", "close"), recorder.events());
    }
}
