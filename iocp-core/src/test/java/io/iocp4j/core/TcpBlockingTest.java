package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Calls that wait")
class TcpBlockingTest extends TcpFixture {
    private ExecutorService threads;

    @BeforeEach
    void makeThreads() {
        threads = closeLater(Executors.newVirtualThreadPerTaskExecutor());
    }

    /** A connection of ours with the blocking API. */
    private Pair connect(TcpOptions chosen) throws Exception {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReceiveBufferSize(SMALL);
            listener.bind(new InetSocketAddress(LOOPBACK, 0));
            TcpConnection connection =
                    TcpClient.connect(port, chosen, (InetSocketAddress) listener.getLocalSocketAddress());
            closeLater(connection::abort);
            Socket peer = closeLater(listener.accept());
            peer.setSoTimeout(20_000);
            return new Pair(connection, peer);
        }
    }

    private static String string(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data).toString();
    }

    private static byte[] readAll(TcpConnection connection) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
            all.write(data.array(), data.position(), data.remaining());
        }
        return all.toByteArray();
    }

    @Test
    @Shows({"B14", "D14"})
    @DisplayName("read gives what came, then null at the peer's end, and null again")
    void readToTheEnd() throws Exception {
        Pair pair = connect(options);
        byte[] data = random(MIB, 12);
        Future<byte[]> all = threads.submit(() -> readAll(pair.connection()));
        pair.peer().getOutputStream().write(data);
        pair.peer().shutdownOutput();
        assertArrayEquals(data, all.get());
        assertNull(pair.connection().read());
        assertTrue(awaitClosed(pair.connection()).clean());
        assertNull(pair.connection().read());
    }

    @Test
    @Shows({"C22", "C54"})
    @DisplayName("an echo of five lines gives everything back to a client that sends and ends at once")
    void echoToAClientThatEnds() throws Exception {
        for (int round = 0; round < 200; round++) {
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            TcpServer server = TcpServer.listenBlocking(options, connection -> {
                try {
                    for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
                        connection.write(data);
                    }
                    failure.complete(null);
                } catch (IOException e) {
                    failure.complete(e);
                }
            });
            try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                client.getOutputStream().write(new byte[] {1, 2, 3});
                client.shutdownOutput();
                assertArrayEquals(new byte[] {1, 2, 3}, client.getInputStream().readAllBytes());
            }
            assertNull(await(failure));
            server.close();
            server.awaitClosed();
        }
    }

    @Test
    @DisplayName("a read that times out throws TIMED_OUT and leaves the connection as it was")
    void readTimesOut() throws Exception {
        Pair pair = connect(options);
        for (int i = 0; i < 2; i++) {
            IoException late = assertThrows(IoException.class, () -> pair.connection().read(Duration.ofMillis(20)));
            assertEquals(IoError.TIMED_OUT, late.error());
            assertEquals("read", late.operation());
        }
        pair.peerSends("here");
        assertEquals("here", string(pair.connection().read(Duration.ofSeconds(Long.MAX_VALUE))));
        pair.connection().write("there");
        assertEquals("there", pair.peerReads(5));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().read(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().read(Duration.ofNanos(-1)));
    }

    @Test
    @Shows({"D9", "D11"})
    @DisplayName("a reader that waits wakes up when this side closes: the data left, then null")
    void closeWakesTheReader() throws Exception {
        for (boolean abort : new boolean[] {false, true}) {
            Pair pair = connect(options);
            Future<ByteBuffer> reader = threads.submit(() -> pair.connection().read());
            if (abort) {
                pair.connection().abort();
            } else {
                pair.connection().close();
            }
            assertNull(reader.get());
            pair.peer().close();
        }
    }

    @Test
    @Shows("E5")
    @DisplayName("a reader that waits when the peer resets gets CONNECTION_RESET")
    void resetThrows() throws Exception {
        Pair pair = connect(options);
        Future<IoException> reader =
                threads.submit(() -> assertThrows(IoException.class, () -> pair.connection().read()));
        settle(pair.connection());
        pair.peerResets();
        assertEquals(IoError.CONNECTION_RESET, reader.get().error());
        assertEquals(pair.connection().remote(), reader.get().remote());
    }

    @Test
    @Shows("D14")
    @DisplayName("one reader at a time: a second one is refused, the first is not disturbed")
    void oneReader() throws Exception {
        Pair pair = connect(options);
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        Runnable read = () -> {
            try {
                pair.connection().read();
            } catch (IOException | IllegalStateException e) {
                refused.complete(e);
            }
        };
        threads.execute(read);
        threads.execute(read);
        assertTrue(await(refused) instanceof IllegalStateException);
        pair.peerSends("x");
    }

    @Test
    @DisplayName("a write waits while the queue is above the high-water mark, and goes on when the peer reads")
    void writeWaits() throws Exception {
        Pair pair = connect(options.socketBuffers(SMALL, 0));
        byte[] data = random(4 * MIB, 13);
        Future<Long> writer = threads.submit(() -> {
            pair.connection().write(ByteBuffer.wrap(data));
            return pair.connection().bufferedAmount();
        });
        assertArrayEquals(Arrays.copyOf(data, 1000), pair.peer().getInputStream().readNBytes(1000));
        assertFalse(writer.isDone(), "4 MiB were written to a peer that read 1000 bytes");
        Future<byte[]> rest = threads.submit(() -> pair.peer().getInputStream().readNBytes(data.length - 1000));
        assertTrue(writer.get() <= options.highWaterMark());
        assertEquals(data.length - 1000, rest.get().length);
    }

    @ParameterizedTest(name = "maxSendQueue {0}, high-water mark {1}")
    @CsvSource({"50000, 65536", "1048576, 1048576", "1, 0"})
    @DisplayName("a write of more than the queue may hold arrives whole at a slow reader: its portions wait for room")
    void writeAboveTheQueueLimit(int maxSendQueue, int highWaterMark) throws Exception {
        Pair pair = connect(options.socketBuffers(SMALL, 0).maxSendQueue(maxSendQueue).waterMarks(0, highWaterMark));
        byte[] data = random(maxSendQueue == 1 ? 2_000 : 3 * MIB, 14);
        Future<Boolean> writer = threads.submit(() -> {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            pair.connection().write(buffer);
            pair.connection().end();
            return buffer.hasRemaining();
        });
        ByteArrayOutputStream arrived = new ByteArrayOutputStream();
        byte[] few = new byte[1_000];
        for (int got = pair.peer().getInputStream().read(few); got >= 0; got = pair.peer().getInputStream().read(few)) {
            arrived.write(few, 0, got);
            assertTrue(pair.connection().bufferedAmount() <= maxSendQueue, "more waits than may");
        }
        assertArrayEquals(data, arrived.toByteArray(), () -> WrongBytes.describe(data, arrived.toByteArray()));
        assertFalse(writer.get());
        pair.peer().close();
        assertTrue(awaitClosed(pair.connection()).clean());
    }

    @Test
    @Shows({"C29", "C55"})
    @DisplayName("a write that waits when the connection ends throws; also every later one")
    void writeFails() throws Exception {
        for (boolean reset : new boolean[] {true, false}) {
            Pair pair = connect(options.socketBuffers(SMALL, 0));
            Future<IoException> writer = threads.submit(
                    () -> assertThrows(IoException.class, () -> pair.connection().write(ByteBuffer.allocate(8 * MIB))));
            pair.peerReads(1);
            if (reset) {
                pair.peerResets();
                assertEquals(IoError.Group.LOST, writer.get().error().group());
            } else {
                pair.connection().abort();
                assertEquals(IoError.OPERATION_ABORTED, writer.get().error());
            }
            assertThrows(IoException.class, () -> pair.connection().write("x"));
            awaitClosed(pair.connection());
        }
    }

    @Test
    @DisplayName("a write to a peer that takes nothing for the write timeout throws TIMED_OUT, also where nobody "
            + "reads on our side")
    void writeStalls() throws Exception {
        Pair pair = connect(options.socketBuffers(SMALL, 0).writeTimeout(Duration.ofMillis(80)));
        pair.peerSends("never read");
        Future<?> write = threads.submit(() -> {
            pair.connection().write(ByteBuffer.allocate(16 * MIB));
            return null;
        });
        Throwable thrown = assertThrows(ExecutionException.class,
                () -> write.get(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS)).getCause();
        assertEquals(IoError.TIMED_OUT, IoError.of(thrown));
        assertEquals(IoError.TIMED_OUT, awaitClosed(pair.connection()).error());
    }

    @Test
    @DisplayName("an interrupt ends the wait, not the connection")
    void interrupted() throws Exception {
        Pair pair = connect(options);
        CompletableFuture<IoException> thrown = new CompletableFuture<>();
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                pair.connection().read();
            } catch (IOException e) {
                thrown.complete((IoException) e);
            }
        });
        reader.interrupt();
        assertEquals(IoError.OPERATION_ABORTED, await(thrown).error());
        pair.peerSends("x");
        assertEquals("x", string(pair.connection().read()));
    }

    @Test
    @DisplayName("blocking calls refuse to block a worker; reading with a handler that takes the bytes is refused too")
    void notOnAWorker() throws Exception {
        Pair pair = connect(options);
        CompletableFuture<Void> checked = new CompletableFuture<>();
        pair.connection().execute(() -> {
            try {
                assertThrows(IllegalStateException.class, () -> pair.connection().read());
                assertThrows(IllegalStateException.class, () -> pair.connection().write("x"));
                assertThrows(IllegalStateException.class, () -> pair.connection().read(Duration.ofSeconds(1)));
                checked.complete(null);
            } catch (AssertionError e) {
                checked.completeExceptionally(e);
            }
        });
        await(checked);
        Pair other = accept(options, new Recorder());
        assertThrows(IllegalStateException.class, () -> other.connection().read());
    }
}
