package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A read of a certain length, or of a line,")
class TcpReadTest extends TcpFixture {
    private Pair connect(TcpOptions chosen) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
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

    @Test
    @DisplayName("gives exactly what was asked, and leaves the rest for the next of any kind")
    void exactly() throws Exception {
        Pair pair = connect(options);
        pair.peerSends("abcdefg\nhij");
        assertEquals("ab", string(pair.connection().readFully(2)));
        assertEquals("c", string(pair.connection().readFully(1)));
        assertEquals("defg", pair.connection().readLine());
        assertEquals("hij", string(pair.connection().readFully(3)));
        pair.peer().shutdownOutput();
        assertNull(pair.connection().read());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("gives the same however the bytes are cut")
    void anyCut(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        Pair pair = connect(options.receive(1, 1 + random.nextInt(50)));
        byte[] data = random(200_000, seed);
        Thread peer = Thread.ofPlatform().name("test-peer").start(() -> {
            try {
                pair.peer().getOutputStream().write(data);
                pair.peerSends("\nline\r\n\r\nlast");
                pair.peer().shutdownOutput();
            } catch (java.io.IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        byte[] got = new byte[data.length];
        for (int at = 0; at < got.length;) {
            ByteBuffer part = pair.connection().readFully(Math.min(1 + random.nextInt(20_000), got.length - at));
            int length = part.remaining();
            part.get(got, at, length);
            at += length;
        }
        assertArrayEquals(data, got);
        assertEquals("", pair.connection().readLine());
        assertEquals("line", pair.connection().readLine());
        assertEquals("", pair.connection().readLine());
        assertEquals("last", pair.connection().readLine());
        assertNull(pair.connection().readLine());
        peer.join();
    }

    @Test
    @DisplayName("that the peer's end cuts short throws EOF, and what had come can still be read")
    void endTooSoon() throws Exception {
        Pair pair = connect(options);
        pair.peerSends("ab");
        pair.peer().shutdownOutput();
        IoException thrown = assertThrows(IoException.class, () -> pair.connection().readFully(3));
        assertEquals(IoError.EOF, thrown.error());
        assertEquals("read", thrown.operation());
        assertEquals("ab", string(pair.connection().read()));
        assertNull(pair.connection().read());
        assertEquals(IoError.EOF, assertThrows(IoException.class, () -> pair.connection().readFully(1)).error());
    }

    @Test
    @DisplayName("that a reset cuts short throws CONNECTION_RESET")
    void reset() throws Exception {
        Pair pair = connect(options);
        pair.peerSends("ab");
        assertEquals("a", string(pair.connection().readFully(1)));
        // begins the receive of the read that follows
        pair.connection().resume();
        settle(pair.connection());
        pair.peerResets();
        assertEquals(IoError.CONNECTION_RESET,
                assertThrows(IoException.class, () -> pair.connection().readLine()).error());
    }

    @Test
    @DisplayName("that begins when the connection was reset already throws CONNECTION_RESET")
    void resetBefore() throws Exception {
        Pair pair = connect(options);
        pair.peerSends("ab");
        assertEquals("a", string(pair.connection().readFully(1)));
        pair.peerResets();
        assertEquals(IoError.CONNECTION_RESET,
                assertThrows(IoException.class, () -> pair.connection().readLine()).error());
    }

    @Test
    @DisplayName("has a limit, which is checked before memory is taken; a line above it stays to be read")
    void limit() throws Exception {
        Pair pair = connect(options.maxRead(5));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().readFully(6));
        assertThrows(IllegalArgumentException.class, () -> pair.connection().readFully(-1));
        pair.peerSends("12345\n123456");
        assertEquals("12345", pair.connection().readLine());
        IoException thrown = assertThrows(IoException.class, () -> pair.connection().readLine());
        assertEquals(IoError.NO_BUFFERS, thrown.error());
        assertEquals("12345", string(pair.connection().readFully(5)));
        assertEquals("6", string(pair.connection().read()));
        pair.connection().write("still here");
        assertEquals("still here", pair.peerReads(10));
    }

    @Test
    @DisplayName("of exactly 0 bytes takes nothing and does not wait, also behind the end: a message may be empty")
    void nothing() throws Exception {
        Pair pair = connect(options);
        assertEquals("", string(pair.connection().readFully(0)));
        pair.peerSends("ab");
        assertEquals("a", string(pair.connection().readFully(1)));
        assertEquals("", string(pair.connection().readFully(0)));
        assertEquals("b", string(pair.connection().readFully(1)));
        pair.peer().shutdownOutput();
        assertNull(pair.connection().read());
        assertEquals("", string(pair.connection().readFully(0, Duration.ofMillis(1))));
    }

    @Test
    @DisplayName("reads UTF-8, replaces what is none, and knows LF from CR LF and from a CR alone")
    void text() throws Exception {
        Pair pair = connect(options);
        pair.peerSends("gr\u00fc\u00df\u20ac\r\na\rb\n");
        pair.peer().getOutputStream().write(new byte[] {(byte) 0xff, '\n'});
        assertEquals("gr\u00fc\u00df\u20ac", pair.connection().readLine());
        assertEquals("a\rb", pair.connection().readLine());
        assertEquals("\ufffd", pair.connection().readLine());
    }

    @Test
    @DisplayName("may follow a read that timed out, and loses nothing")
    void afterTimeout() throws Exception {
        Pair pair = connect(options);
        assertEquals(IoError.TIMED_OUT,
                assertThrows(IoException.class, () -> pair.connection().read(Duration.ofMillis(10))).error());
        pair.peerSends("x\ny");
        assertEquals("x", pair.connection().readLine());
        pair.connection().close();
        assertEquals(IoError.EOF, assertThrows(IoException.class, () -> pair.connection().readLine()).error());
        assertEquals("y", string(pair.connection().read()), "what had come is read first");
        assertNull(pair.connection().readLine());
    }

    /** How this side ends a connection, and what a read is told of it; null if that it has ended. */
    private enum End {
        CLOSE(null, TcpConnection::close),
        ABORT(null, TcpConnection::abort),
        ERROR(IoError.TIMED_OUT,
        connection -> connection.abort(IoError.TIMED_OUT, new IllegalStateException("on purpose"))),
        PORT(IoError.OPERATION_ABORTED, connection -> connection.completionPort().close());

        private final IoError error;
        private final Consumer<TcpConnection> action;

        End(IoError error, Consumer<TcpConnection> action) {
            this.error = error;
            this.action = action;
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("that this side ends never gives a torn line, and tells the error of an abort; what had come can "
            + "still be read")
    void endedHere(End end) throws Exception {
        Pair pair = connect(options);
        pair.peerSends("whole\ntorn");
        assertEquals("whole", pair.connection().readLine());
        // what is behind the line came with it, or comes to a reader that waits; the end is told before the next read
        assertEquals("t", string(pair.connection().readFully(1)));
        end.action.accept(pair.connection());
        pair.peer().close();
        awaitClosed(pair.connection());
        IoError torn = end.error == null ? IoError.EOF : end.error;
        assertEquals(torn, assertThrows(IoException.class, () -> pair.connection().readLine()).error());
        assertEquals(torn, assertThrows(IoException.class, () -> pair.connection().readFully(50)).error());
        assertEquals("orn", string(pair.connection().read()));
        if (end.error == null) {
            assertNull(pair.connection().read());
            assertNull(pair.connection().readLine());
        } else {
            IoException thrown = assertThrows(IoException.class, () -> pair.connection().read());
            assertEquals(end.error, thrown.error());
            assertEquals("read", thrown.operation());
            assertEquals(end.error, assertThrows(IoException.class, () -> pair.connection().readLine()).error());
        }
    }

    @Test
    @DisplayName("wakes up with the error when another thread aborts")
    void abortWakes() throws Exception {
        Pair pair = connect(options);
        IllegalStateException cause = new IllegalStateException("on purpose");
        port.schedule(Duration.ofMillis(20), () -> pair.connection().abort(IoError.NO_BUFFERS, cause));
        IoException thrown = assertThrows(IoException.class, () -> pair.connection().readLine());
        assertEquals(IoError.NO_BUFFERS, thrown.error());
        assertEquals(cause, thrown.getCause());
    }

    @Test
    @DisplayName("whose limit has passed while the process was stopped takes what came meanwhile")
    void stopped() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            Socket[] peer = new Socket[1];
            Thread reader = Thread.currentThread();
            int[] looks = new int[1];
            // the reader looks at the clock when it begins, before it waits, and after that
            ForwardingPort jumping = new ForwardingPort(port) {
                @Override
                public long nanoTime() {
                    if (peer[0] == null || Thread.currentThread() != reader) {
                        return super.nanoTime();
                    }
                    if (++looks[0] == 3) {
                        try {
                            peer[0].getOutputStream().write('x');
                        } catch (java.io.IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                    return super.nanoTime() + (looks[0] < 3 ? 0 : Duration.ofSeconds(12).toNanos());
                }
            };
            TcpConnection connection =
                    TcpClient.connect(jumping, options, (InetSocketAddress) listener.getLocalSocketAddress());
            closeLater(connection::abort);
            peer[0] = closeLater(listener.accept());
            assertEquals("x", string(connection.read(Duration.ofMillis(10))));
            assertEquals(IoError.TIMED_OUT,
                    assertThrows(IoException.class, () -> connection.read(Duration.ofMillis(10))).error());
        }
    }
}
