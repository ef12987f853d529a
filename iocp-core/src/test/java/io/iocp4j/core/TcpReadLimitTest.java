package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.NavigableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@DisplayName("A blocking read")
class TcpReadLimitTest extends TcpFixture {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofSeconds(Recorder.DEADLINE_SECONDS);

    private TcpConnection left;
    private TcpConnection right;

    @BeforeEach
    void openPair() throws IOException {
        TcpPair pair = TcpPair.open(port, options.maxRead(100));
        left = pair.left();
        right = pair.right();
        closeLater(left::abort);
        closeLater(right::abort);
    }

    private static IoException timedOut(Executable read) {
        IoException late = assertThrows(IoException.class, read);
        assertEquals(IoError.TIMED_OUT, late.error());
        return late;
    }

    private static String string(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data).toString();
    }

    @Test
    @DisplayName("of a line has a limit for the whole line: what came stays, and the connection too")
    void line() throws IOException {
        right.write("one\ntw");
        assertEquals("one", left.readLine(LONG));
        IoException late = timedOut(() -> left.readLine(SHORT));
        assertTrue(late.getMessage()
                .startsWith("read: not complete within the limit of this read, 20 ms (TIMED_OUT), peer "),
                late.getMessage());
        right.write("o\r\n");
        assertEquals("two", left.readLine(LONG));
        right.write("three");
        right.end();
        assertEquals("three", left.readLine(LONG));
        assertNull(left.readLine(LONG));
    }

    @Test
    @DisplayName("of an exact length has a limit for all of it: what came stays, and the connection too")
    void exactLength() throws IOException {
        right.write("1234567");
        assertEquals("123", string(left.readFully(3, LONG)));
        timedOut(() -> left.readFully(5, SHORT));
        right.write("8");
        assertEquals("45678", string(left.readFully(5, LONG)));
        assertThrows(IllegalArgumentException.class, () -> left.readFully(1, Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> left.readLine(SHORT.negated()));
        right.write("9");
        right.close();
        IoException end = assertThrows(IoException.class, () -> left.readFully(2, LONG));
        assertEquals(IoError.EOF, end.error());
        assertTrue(end.getMessage().startsWith("read: the peer has ended its side after 1 of 2 bytes (EOF)"),
                end.getMessage());
        assertEquals("9", string(left.read(LONG)));
    }

    @Test
    @DisplayName("of a line says in words that the line is too long, and that this side has closed the connection")
    void words() throws Exception {
        right.write("x".repeat(101));
        String tooLong = assertThrows(IoException.class, left::readLine).getMessage();
        assertTrue(tooLong.startsWith("read: the line is longer than maxRead, 100 bytes (NO_BUFFERS)"), tooLong);
        left.read();
        left.close();
        String closed = assertThrows(IoException.class, () -> left.readFully(1, LONG)).getMessage();
        assertTrue(closed.startsWith("read: this side has closed the connection after 0 of 1 bytes (EOF)"), closed);
    }

    @Test
    @DisplayName("ends with TIMED_OUT in words after a silence of the idle timeout, and the connection stays")
    void idle() throws Exception {
        left.idleTimeout(SHORT);
        String silent = timedOut(left::read).getMessage();
        assertTrue(silent.startsWith("read: nothing was received or sent within idleTimeout, 20 ms (TIMED_OUT)"),
                silent);
        timedOut(left::readLine);
        timedOut(() -> left.readFully(1, LONG));
        timedOut(() -> left.inputStream().read());
        right.write("later\n");
        assertEquals("later", left.readLine());
        left.idleTimeout(Duration.ZERO);
        timedOut(() -> left.read(SHORT));
        assertEquals(TcpConnection.State.OPEN, left.state());
    }

    @Test
    @DisplayName("is not ended by a silence that began before it: then the peer may have waited for this side")
    void idleCountsFromTheRead() throws Exception {
        left.idleTimeout(Duration.ofMillis(200));
        CompletableFuture<Void> silence = new CompletableFuture<>();
        port.schedule(Duration.ofMillis(190), () -> silence.complete(null));
        await(silence);
        long begun = System.nanoTime();
        timedOut(left::read);
        assertTrue(millisSince(begun) >= 199, "ended after " + millisSince(begun) + " ms");
    }

    @Test
    @DisplayName("in a session ends by the idle timeout of the options, and the connection with it")
    void idleSession() throws Exception {
        CompletableFuture<CloseInfo> ended = new CompletableFuture<>();
        TcpServer server = closeLater(TcpServer.listenBlocking(options.idleTimeout(SHORT), connection -> {
            connection.closed().thenAccept(ended::complete);
            connection.readLine();
        }));
        TcpConnection silent = closeLater(TcpClient.connect(port, options, "localhost", server.tcpPort()));
        assertEquals(IoError.TIMED_OUT, await(ended).error());
        assertNull(silent.read(LONG));
    }

    /** Its timers wait for a step. Its clock goes on by itself only where a virtual thread looks at it. */
    private static final class SteppedClock extends ForwardingPort {
        private static final long LOOK_NANOS = Duration.ofMillis(5).toNanos();

        private final AtomicLong nanos = new AtomicLong();
        private final CountDownLatch looks = new CountDownLatch(2);
        private final NavigableMap<Long, FutureTask<Void>> timers = new ConcurrentSkipListMap<>();

        SteppedClock(CompletionPort port) {
            super(port);
        }

        @Override
        public long nanoTime() {
            if (!Thread.currentThread().isVirtual()) {
                return nanos.get();
            }
            long seen = nanos.getAndAdd(LOOK_NANOS);
            // not before: the test then moves the clock
            looks.countDown();
            return seen;
        }

        @Override
        public Future<?> schedule(Duration delay, Runnable task) {
            FutureTask<Void> timer = new FutureTask<>(task, null);
            timers.put(nanos.get() + delay.toNanos(), timer);
            return timer;
        }

        void runUntil(long end) {
            for (var next = timers.pollFirstEntry(); next != null
                    && next.getKey() <= end; next = timers.pollFirstEntry()) {
                nanos.set(Math.max(nanos.get(), next.getKey()));
                next.getValue().run();
            }
        }
    }

    @Test
    @DisplayName("ends after one silence also where its thread is held up as it begins to wait")
    void idleOfASlowThread() throws Exception {
        Duration silence = Duration.ofHours(1);
        SteppedClock stepped = new SteppedClock(port);
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK)) {
            TcpConnection connection = closeLater(TcpClient.connect(stepped, options.connectTimeout(Duration.ZERO),
                    (InetSocketAddress) listener.getLocalSocketAddress()));
            connection.idleTimeout(silence);
            CompletableFuture<IoError> ended = new CompletableFuture<>();
            Thread.startVirtualThread(() -> ended.complete(timedOut(connection::read).error()));
            await(stepped.looks);
            stepped.runUntil(silence.toNanos() + 3 * SteppedClock.LOOK_NANOS);
            assertEquals(IoError.TIMED_OUT, await(ended));
            connection.abort();
            awaitClosed(connection);
        }
    }

    @Test
    @DisplayName("goes on waiting up to its limit when bytes that had come are dropped, as a start of TLS does")
    void dropped() throws Exception {
        right.write("12");
        assertEquals("1", string(left.readFully(1, LONG)));
        TcpBlockingReader reader = (TcpBlockingReader) ((TcpChannel) left).handler;
        Future<?> drop = port.schedule(SHORT, () -> reader.discard(left));
        timedOut(() -> left.readFully(2, SHORT.multipliedBy(10)));
        drop.get(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertEquals(0, reader.available());
    }
}
