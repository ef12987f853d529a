package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Options")
class TcpOptionsTest {
    private static final TcpOptions DEFAULTS = TcpOptions.defaults();

    @Test
    @Shows({"C6", "C41", "C49"})
    @DisplayName("the defaults: no half-open, backlog 511, keep-alive off, and the rest as documented")
    void defaults() {
        assertFalse(DEFAULTS.allowHalfOpen());
        assertEquals(511, DEFAULTS.backlog());
        assertFalse(DEFAULTS.keepAlive());
        assertTrue(DEFAULTS.noDelay());
        assertEquals(0, DEFAULTS.address().getPort());
        assertTrue(DEFAULTS.address().getAddress().isAnyLocalAddress());
        assertEquals(0, DEFAULTS.maxConnections(), "as many as the memory budget has room for");
        assertEquals(512, DEFAULTS.receiveMin());
        assertEquals(128 << 10, DEFAULTS.maxReceive());
        assertEquals(64 << 10, DEFAULTS.highWaterMark());
        assertEquals(16 << 10, DEFAULTS.lowWaterMark());
        assertEquals(16 << 20, DEFAULTS.maxSendQueue());
        assertEquals(0, DEFAULTS.sendBuffer());
        assertEquals(0, DEFAULTS.receiveBuffer());
        assertEquals(Duration.ZERO, DEFAULTS.idleTimeout());
        assertEquals(Duration.ofSeconds(30), DEFAULTS.connectTimeout());
        assertEquals(Duration.ofSeconds(5), DEFAULTS.lingerTimeout());
        assertEquals(1024, DEFAULTS.minLingerRate());
        assertEquals(Duration.ofSeconds(30), DEFAULTS.writeTimeout());
        assertEquals(Duration.ofMillis(250), DEFAULTS.attemptDelay());
        assertEquals(Duration.ZERO, DEFAULTS.userTimeout());
        assertEquals(Duration.ZERO, DEFAULTS.keepAliveIdle());
        assertEquals(Duration.ZERO, DEFAULTS.keepAliveInterval());
        assertEquals(0, DEFAULTS.keepAliveCount());
        assertEquals(1 << 20, DEFAULTS.maxRead());
        assertNull(DEFAULTS.localAddress());
        assertTrue(DEFAULTS.connectBuffering());
        assertFalse(DEFAULTS.pauseOnConnect());
        assertSame(ConnectionFilter.ALL, DEFAULTS.filter());
    }

    @Test
    @Shows("C51")
    @DisplayName("keep-alive has idle time, interval and count; the changes for clients and servers are copies too")
    void newer() {
        ConnectionFilter filter = new ConnectionFilter() {
        };
        InetSocketAddress local = new InetSocketAddress("127.0.0.1", 12);
        TcpOptions changed = DEFAULTS.keepAlive(Duration.ofSeconds(1), Duration.ofSeconds(2), 3)
                .userTimeout(Duration.ofMillis(4))
                .attemptDelay(Duration.ofMillis(10)).maxRead(5).localAddress(local).connectBuffering(false)
                .pauseOnConnect(true).filter(filter);
        assertTrue(changed.keepAlive());
        assertEquals(Duration.ofSeconds(1), changed.keepAliveIdle());
        assertEquals(Duration.ofSeconds(2), changed.keepAliveInterval());
        assertEquals(3, changed.keepAliveCount());
        assertEquals(Duration.ofMillis(4), changed.userTimeout());
        assertEquals(Duration.ofMillis(10), changed.attemptDelay());
        assertEquals(5, changed.maxRead());
        assertEquals(local, changed.localAddress());
        assertFalse(changed.connectBuffering());
        assertTrue(changed.pauseOnConnect());
        assertSame(filter, changed.filter());
        assertNull(changed.localAddress(null).localAddress());
        assertThrows(NullPointerException.class, () -> DEFAULTS.filter(null));
        defaults();
    }

    static Stream<Arguments> keepAlives() {
        Duration second = Duration.ofSeconds(1);
        return Stream.of(Arguments.of(Duration.ofMillis(999), second, 1),
                Arguments.of(Duration.ofSeconds(32_768), second, 1),
                Arguments.of(second, Duration.ZERO, 1), Arguments.of(second, Duration.ofSeconds(32_768), 1),
                Arguments.of(second, second, 0), Arguments.of(second, second, 128),
                Arguments.of(Duration.ofSeconds(-1), second, 1));
    }

    @ParameterizedTest
    @MethodSource("keepAlives")
    @Shows("C49")
    @DisplayName("keep-alive times out of range are refused: 1 to 32,767 s, 1 to 32,767 s, 1 to 127")
    void keepAliveRanges(Duration idle, Duration interval, int count) {
        assertThrows(IllegalArgumentException.class, () -> DEFAULTS.keepAlive(idle, interval, count));
        assertEquals(127, DEFAULTS.keepAlive(Duration.ofSeconds(32_767), Duration.ofSeconds(32_767), 127)
                .keepAliveCount());
    }

    @Test
    @DisplayName("each change is a copy with that one change")
    void copies() {
        TcpOptions changed = DEFAULTS.backlog(1).noDelay(false).keepAlive(true).allowHalfOpen(true).maxConnections(2)
                .receive(1, 2)
                .waterMarks(3, 4).maxSendQueue(5).socketBuffers(6, 7).idleTimeout(Duration.ofSeconds(8))
                .connectTimeout(Duration.ofSeconds(9)).lingerTimeout(Duration.ofSeconds(10)).loopback(11)
                .writeTimeout(Duration.ofSeconds(12)).minLingerRate(13).resolver(host -> null);
        assertNotSame(DEFAULTS, changed);
        assertEquals(List.of(1, false, true, true, 2, 1, 2, 3, 4, 5, 6, 7),
                List.of(changed.backlog(), changed.noDelay(), changed.keepAlive(), changed.allowHalfOpen(),
                changed.maxConnections(),
                        changed.receiveMin(), changed.maxReceive(), changed.lowWaterMark(), changed.highWaterMark(),
                        changed.maxSendQueue(), changed.sendBuffer(), changed.receiveBuffer()));
        assertEquals(Duration.ofSeconds(8), changed.idleTimeout());
        assertEquals(Duration.ofSeconds(9), changed.connectTimeout());
        assertEquals(Duration.ofSeconds(10), changed.lingerTimeout());
        assertEquals(Duration.ofSeconds(12), changed.writeTimeout());
        assertEquals(13, changed.minLingerRate());
        assertTrue(changed.address().getAddress().isLoopbackAddress());
        assertEquals(11, changed.address().getPort());
        assertNull(changed.resolver().resolve("name"));
        assertSame(Resolver.SYSTEM, DEFAULTS.resolver());
        defaults();
    }

    static Stream<Arguments> refused() {
        Duration before = Duration.ofNanos(-1);
        return Stream.<UnaryOperator<TcpOptions>>of(
                options -> options.backlog(0), options -> options.backlog(-1), options -> options.maxConnections(0),
                options -> options.receive(0, 10), options -> options.receive(10, 9),
                options -> options.receive(-1, -1),
                options -> options.receive(1, BufferPool.PIECE_MAX + 1), options -> options.waterMarks(-1, 0),
                options -> options.waterMarks(2, 1), options -> options.waterMarks(0, -1),
                options -> options.maxSendQueue(0),
                options -> options.socketBuffers(-1, 0), options -> options.socketBuffers(0, -1),
                options -> options.idleTimeout(before), options -> options.connectTimeout(before),
                options -> options.lingerTimeout(before), options -> options.writeTimeout(before),
                options -> options.minLingerRate(-1), options -> options.tcpPort(-1), options -> options.tcpPort(65536),
                options -> options.attemptDelay(Duration.ofMillis(9)), options -> options.maxRead(0),
                options -> options.userTimeout(before), options -> options.userTimeout(Duration.ofMillis(1L << 31)),
                options -> options.localAddress(InetSocketAddress.createUnresolved("nowhere", 1)),
                options -> options.address(InetSocketAddress.createUnresolved("nowhere", 1))).map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("refused")
    @DisplayName("values out of range are refused")
    void ranges(UnaryOperator<TcpOptions> change) {
        assertThrows(IllegalArgumentException.class, () -> change.apply(DEFAULTS));
    }

    static Stream<Arguments> taken() {
        return Stream.<UnaryOperator<TcpOptions>>of(
                options -> options.backlog(1), options -> options.maxConnections(1), options -> options.receive(1, 1),
                options -> options.receive(BufferPool.PIECE_MAX, BufferPool.PIECE_MAX),
                options -> options.waterMarks(0, 0),
                options -> options.waterMarks(Integer.MAX_VALUE, Integer.MAX_VALUE), options -> options.maxSendQueue(1),
                options -> options.writeTimeout(Duration.ZERO), options -> options.minLingerRate(0),
                options -> options.idleTimeout(Duration.ZERO), options -> options.tcpPort(65535)).map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("taken")
    @DisplayName("the ends of each range are taken")
    void endsOfRanges(UnaryOperator<TcpOptions> change) {
        assertNotSame(DEFAULTS, change.apply(DEFAULTS));
    }

    @Test
    @DisplayName("say their values as text, and nothing of a TLS context but that there is one")
    void text() throws Exception {
        String text = TcpOptions.defaults().maxConnections(7).tls(javax.net.ssl.SSLContext.getDefault()).toString();
        assertTrue(text.startsWith("TcpOptions[") && text.contains("maxConnections=7") && text.endsWith("tls=true]"),
                text);
    }
}
