package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A connection sends")
class TcpSendTest extends TcpFixture {
    @ParameterizedTest
    @EnumSource
    @Shows({"C2", "B26", "B25"})
    @DisplayName("send returns before the peer reads, the data is the caller's again, every byte arrives")
    void copies(Role role) throws Exception {
        byte[] data = random(5 * MIB, 6);
        Pair pair = pair(role, options, new Recorder());
        ByteBuffer buffer = ByteBuffer.wrap(data.clone());
        assertFalse(pair.connection().send(buffer), "5 MiB are above the high-water mark");
        assertFalse(buffer.hasRemaining());
        Arrays.fill(buffer.array(), (byte) 0);
        assertEquals(data.length, pair.connection().bytesWritten());
        pair.connection().end();
        assertArrayEquals(data, pair.peerReadsAll());
        assertEquals(0, pair.connection().bufferedAmount());
    }

    @Test
    @Shows({"C27", "C28"})
    @DisplayName("what a callback sends in many pieces leaves when it returns, in order")
    void manySmallSendsInACallback() throws Exception {
        StringBuilder expected = new StringBuilder();
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                for (int i = 0; i < 1_000; i++) {
                    c.send(text(i + ","));
                    expected.append(i).append(',');
                }
                assertEquals(expected.length(), c.bufferedAmount(), "sent before the callback returned");
                super.onData(c, data);
            }
        };
        Pair pair = accept(options, recorder);
        pair.peerSends("go");
        recorder.await("data");
        assertEquals(expected.toString(), pair.peerReads(expected.length()));
    }

    @Test
    @DisplayName("an empty send is nothing")
    void empty() throws Exception {
        Pair pair = accept(options, new Recorder());
        assertTrue(pair.connection().send(ByteBuffer.allocate(0)));
        PooledBuffer shared = port.buffers().acquire(1);
        shared.buffer().limit(0);
        assertTrue(pair.connection().send(shared));
        assertTrue(shared.release());
        assertEquals(0, pair.connection().bytesWritten());
        pair.connection().send(text("x"));
        assertEquals("x", pair.peerReads(1));
    }

    @Test
    @Shows("B24")
    @DisplayName("a peer that does not read costs the others nothing, and its queue is reported")
    void slowReader() throws Exception {
        TcpOptions small = options.socketBuffers(SMALL, 0);
        Pair slow = accept(small, new Recorder());
        Recorder other = new Recorder();
        Pair quick = accept(small, other);
        assertFalse(slow.connection().send(ByteBuffer.allocate(4 * MIB)));
        for (int i = 1; i <= 200; i++) {
            quick.peerSends("p");
            other.awaitBytes(i);
            quick.connection().send(text("q"));
            assertEquals("q", quick.peerReads(1));
        }
        assertTrue(slow.connection().bufferedAmount() > 0);
        slow.connection().abort();
        assertTrue(awaitClosed(slow.connection()).bytesLost() > 0);
    }

    @Test
    @DisplayName("send says false from above the high-water mark, and onDrain comes exactly once per crossing")
    void drainOncePerCrossing() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0).waterMarks(1000, 2000), recorder);
        TcpConnection connection = pair.connection();
        assertTrue(connection.send(ByteBuffer.allocate(100)));
        pair.peerReads(100);
        int total = 100;
        for (int crossing = 1; crossing <= 5; crossing++) {
            assertFalse(connection.send(ByteBuffer.allocate(MIB)));
            assertFalse(connection.send(ByteBuffer.allocate(1)), "still above");
            total += MIB + 1;
            assertEquals(MIB + 1, pair.peerReads(MIB + 1).length());
            recorder.await("drain", crossing);
            settle(connection);
            assertEquals(crossing, recorder.count("drain"));
            assertTrue(connection.send(ByteBuffer.allocate(1)), "below again");
            total++;
            assertEquals(1, pair.peerReads(1).length());
        }
        assertEquals(total, connection.bytesWritten());
        connection.abort();
        recorder.awaitClose();
        assertEquals(5, recorder.count("drain"));
    }

    @Test
    @DisplayName("water marks 0 and 0: every send that is queued says false, onDrain comes when all is out")
    void zeroWaterMarks() throws Exception {
        Recorder recorder = new Recorder() {
            @Override
            public void onDrain(TcpConnection c) throws IOException {
                assertEquals(0, c.bufferedAmount());
                super.onDrain(c);
            }
        };
        Pair pair = accept(options, recorder);
        pair.connection().waterMarks(0, 0);
        for (int i = 1; i <= 10; i++) {
            assertFalse(pair.connection().send(text("x")));
            recorder.await("drain", i);
        }
        assertEquals("xxxxxxxxxx", pair.peerReads(10));
        assertEquals(10, recorder.count("drain"));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().waterMarks(2, 1));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().waterMarks(-1, 1));
    }

    @Test
    @DisplayName("a producer that stops at false and goes on in onDrain sends everything with a short queue")
    void producer() throws Exception {
        int chunks = 400;
        int high = 64 << 10;
        int chunk = 16 << 10;
        Recorder recorder = new Recorder() {
            private int sent;

            private void produce(TcpConnection c) {
                while (sent < chunks) {
                    sent++;
                    boolean more = c.send(ByteBuffer.allocate(chunk));
                    assertTrue(c.bufferedAmount() <= high + chunk, "the queue is longer than asked for");
                    if (!more) {
                        return;
                    }
                }
                c.end();
            }

            @Override
            public void onOpen(TcpConnection c) throws IOException {
                super.onOpen(c);
                produce(c);
            }

            @Override
            public void onDrain(TcpConnection c) throws IOException {
                super.onDrain(c);
                produce(c);
            }
        };
        Pair pair = accept(options.socketBuffers(SMALL, 0), recorder);
        assertEquals(chunks * chunk, pair.peerReadsAll().length);
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @DisplayName("above maxSendQueue: NO_BUFFERS, that connection only, and nothing was taken for it")
    void queueLimit() throws Exception {
        TcpOptions limited = options.socketBuffers(SMALL, 0).maxSendQueue(MIB);
        Recorder greedy = new Recorder();
        Recorder modest = new Recorder();
        Pair first = accept(limited, greedy);
        Pair second = accept(limited, modest);
        assertFalse(second.connection().send(ByteBuffer.allocate(MIB)),
                "exactly the limit is above the water mark, but taken");
        assertFalse(first.connection().send(ByteBuffer.allocate(MIB + 1)));
        assertEquals(IoError.NO_BUFFERS, greedy.awaitClose().error());
        assertEquals(0, first.connection().bytesWritten());
        assertEquals(CloseInfo.Initiator.LOCAL, awaitClosed(first.connection()).initiator());
        assertEquals(MIB, second.peerReads(MIB).length());
        assertEquals(TcpConnection.State.OPEN, second.connection().state());
    }

    @Test
    @DisplayName("when ENTRIES_MAX shared buffers wait, however few their bytes: NO_BUFFERS, that connection only, "
            + "all released")
    void entriesLimit() throws Exception {
        PooledBuffer shared = port.buffers().acquire(1);
        shared.buffer().put(0, (byte) 'x').limit(1);
        Pair first = accept(options, new Recorder());
        Pair second = accept(options, new Recorder());
        Pair third = accept(options.socketBuffers(SMALL, 0), new Recorder());
        // nothing leaves before a callback returns, so all of them wait
        first.connection().execute(() -> sendTimes(first.connection(), shared, TcpSendQueue.ENTRIES_MAX));
        second.connection().execute(() -> sendTimes(second.connection(), shared, TcpSendQueue.ENTRIES_MAX + 1));
        third.connection().send(ByteBuffer.allocate(4 * MIB));
        sendTimes(third.connection(), shared, TcpSendQueue.ENTRIES_MAX);
        CloseInfo over = awaitClosed(second.connection());
        assertEquals(IoError.NO_BUFFERS, over.error());
        assertEquals(TcpSendQueue.ENTRIES_MAX, over.bytesLost());
        assertEquals(IoError.NO_BUFFERS, awaitClosed(third.connection()).error());
        assertEquals("x".repeat(TcpSendQueue.ENTRIES_MAX), first.peerReads(TcpSendQueue.ENTRIES_MAX));
        assertEquals(TcpConnection.State.OPEN, first.connection().state());
        first.connection().close();
        first.peer().close();
        awaitClosed(first.connection());
        assertEquals(1, shared.references());
        shared.release();
    }

    private static void sendTimes(TcpConnection connection, PooledBuffer shared, int times) {
        for (int i = 0; i < times; i++) {
            connection.send(shared);
        }
    }

    @Test
    @DisplayName("one counted buffer on 100 connections is copied nowhere and released everywhere, whatever becomes "
            + "of them")
    void sharedByMany() throws Exception {
        int size = 256 << 10;
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            pairs.add(accept(options.socketBuffers(SMALL, 0), new Recorder()));
        }
        PooledBuffer shared = port.buffers().acquire(size);
        byte[] data = random(size, 8);
        shared.buffer().put(data).flip();
        long before = port.buffers().usedBytes();
        for (Pair pair : pairs) {
            pair.connection().send(shared);
            pair.connection().end();
        }
        // the first receives of the connections may be submitted meanwhile
        long receives = 100L * options.receiveMin();
        assertTrue(port.buffers().usedBytes() <= before + receives, "a shared buffer was copied");
        assertTrue(shared.references() > 1);
        shared.release();
        for (int i = 0; i < pairs.size(); i++) {
            Pair pair = pairs.get(i);
            switch (i % 4) {
                case 0 -> pair.connection().abort();
                case 1 -> pair.peerResets();
                default -> assertArrayEquals(data, pair.peerReadsAll());
            }
            pair.peer().close();
        }
        for (Pair pair : pairs) {
            awaitClosed(pair.connection());
        }
        assertEquals(0, shared.references());
        assertEquals(0, port.buffers().usedBytes());
    }

    @Test
    @Shows({"C29", "E4"})
    @DisplayName("a peer that is gone ends the connection once, with its error and the number of bytes lost")
    void peerGoneWhileSending() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.socketBuffers(SMALL, 0), recorder);
        pair.connection().pause();
        settle(pair.connection());
        pair.connection().send(ByteBuffer.allocate(4 * MIB));
        pair.peerResets();
        CloseInfo info = recorder.awaitClose();
        assertEquals(IoError.Group.LOST, info.error().group());
        assertTrue(awaitClosed(pair.connection()).bytesLost() > 0);
        assertEquals(1, recorder.count("close"));
    }

    @Test
    @Shows({"C26", "E3", "E12"})
    @DisplayName("sending on a closed connection is dropped, says false and is harmless; after end() too")
    void sendAfterTheEnd() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        pair.connection().end();
        assertFalse(pair.connection().send(text("late")));
        assertEquals(0, pair.peerReadsAll().length);
        assertEquals(IoError.SHUT_DOWN, assertThrows(IoException.class, () -> pair.connection().write("late")).error());
        pair.peerSends("still heard");
        recorder.awaitBytes(11);
        pair.connection().abort();
        PooledBuffer shared = port.buffers().acquire(10);
        assertFalse(pair.connection().send(shared));
        assertTrue(shared.release());
        assertFalse(pair.connection().send(text("late")));
        assertEquals(IoError.OPERATION_ABORTED,
                assertThrows(IoException.class, () -> pair.connection().write("late")).error());
        assertEquals(0, pair.connection().bytesWritten());
    }

    @Test
    @DisplayName("has one timer at the most, however many sends there are, and whether they are taken or not")
    void timers() throws Exception {
        Duration look = options.writeTimeout().dividedBy(TcpStallTimer.LOOKS);
        AtomicInteger looks = new AtomicInteger();
        CompletionPort counting = new ForwardingPort(port) {
            @Override
            public Future<?> schedule(Duration delay, Runnable task) {
                looks.addAndGet(delay.equals(look) ? 1 : 0);
                return super.schedule(delay, task);
            }
        };
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            Recorder recorder = new Recorder();
            TcpConnection connection = TcpClient.connect(counting, options,
                    (InetSocketAddress) listener.getLocalSocketAddress(), recorder);
            closeLater(connection::abort);
            Pair pair = new Pair(connection, closeLater(listener.accept()));
            recorder.awaitOpen();
            for (int i = 0; i < 1_000; i++) {
                connection.send(text("x"));
                assertEquals("x", pair.peerReads(1));
            }
            for (int i = 0; i < 15; i++) {
                connection.send(ByteBuffer.allocate(MIB));
            }
            assertTrue(connection.bufferedAmount() > 0);
            assertEquals(1, looks.get());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("what found no memory was never accepted: it is neither written nor lost")
    void noMemory(boolean twoPieces) throws Exception {
        Recorder recorder = new Recorder();
        List<PooledBuffer> taken = new ArrayList<>();
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK); CompletionPort small = CompletionPort.open(
                PortOptions.defaults().workers(1).maxKeptBytes(0).maxDirect(256 << 10))) {
            TcpConnection connection = TcpClient.connect(small, options,
                    (InetSocketAddress) listener.getLocalSocketAddress(), recorder);
            recorder.awaitOpen();
            settle(connection);
            assertThrows(OutOfMemoryError.class, () -> {
                while (true) {
                    taken.add(small.buffers().acquire(TcpSendQueue.CHUNK_MIN));
                }
            });
            if (twoPieces) {
                taken.removeLast().release();
                assertFalse(connection.send(ByteBuffer.allocate(16), ByteBuffer.allocate(2 * TcpSendQueue.CHUNK_MIN)));
            } else {
                assertFalse(connection.send(ByteBuffer.allocate(TcpSendQueue.CHUNK_MIN)));
            }
            CloseInfo info = awaitClosed(connection);
            assertEquals(IoError.NO_BUFFERS, info.error());
            assertEquals(0, info.bytesLost());
            assertEquals(0, connection.bytesWritten());
        } finally {
            taken.forEach(PooledBuffer::release);
        }
    }
}
