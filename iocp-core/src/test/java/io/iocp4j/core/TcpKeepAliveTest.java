package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Keep-alive")
class TcpKeepAliveTest extends TcpFixture {
    private static final Duration ONE = Duration.ofSeconds(1);

    /** The sockets of the connections, in their order; only an engine of channels can be asked for an option. */
    private final BlockingQueue<AsyncChannelSocket> sockets = new LinkedBlockingQueue<>();
    private CompletionPort seen;
    private ServerSocket listener;

    @BeforeEach
    void listen() throws Exception {
        CompletionPort aio = closeLater(CompletionPort.open(PortOptions.defaults().workers(1).engine("aio")));
        listener = closeLater(new ServerSocket(0, 10, LOOPBACK));
        seen = new ForwardingPort(aio) {
            @Override
            public PortSocket socket(CompletionKey key) throws IoException {
                PortSocket socket = port.socket(key);
                sockets.add((AsyncChannelSocket) socket);
                return socket;
            }
        };
    }

    private TcpConnection connect(TcpOptions chosen) throws IOException {
        TcpConnection connection =
                TcpClient.connect(seen, chosen, (InetSocketAddress) listener.getLocalSocketAddress());
        closeLater(connection::abort);
        return connection;
    }

    private <T> T option(SocketOption<T> which) throws IOException {
        return sockets.element().channel().getOption(which);
    }

    private void assertTimes(int idle, int interval, int count) throws IOException {
        assertEquals(idle, option(ExtendedSocketOptions.TCP_KEEPIDLE));
        assertEquals(interval, option(ExtendedSocketOptions.TCP_KEEPINTERVAL));
        assertEquals(count, option(ExtendedSocketOptions.TCP_KEEPCOUNT));
    }

    @Test
    @Shows({"C49", "C50"})
    @DisplayName("is off by default; on without times leaves those of the system; off keeps them, and twice is "
            + "harmless")
    void times() throws Exception {
        TcpConnection connection = connect(options);
        assertEquals(false, option(StandardSocketOptions.SO_KEEPALIVE));
        int idle = option(ExtendedSocketOptions.TCP_KEEPIDLE);
        int interval = option(ExtendedSocketOptions.TCP_KEEPINTERVAL);
        int count = option(ExtendedSocketOptions.TCP_KEEPCOUNT);
        for (int i = 0; i < 2; i++) {
            connection.keepAlive(true);
            assertEquals(true, option(StandardSocketOptions.SO_KEEPALIVE));
            assertTimes(idle, interval, count);
        }
        connection.keepAlive(Duration.ofSeconds(11), Duration.ofSeconds(12), 13);
        assertTimes(11, 12, 13);
        for (int i = 0; i < 2; i++) {
            connection.keepAlive(false);
            assertEquals(false, option(StandardSocketOptions.SO_KEEPALIVE));
            assertTimes(11, 12, 13);
        }
        connection.keepAlive(true);
        assertTimes(11, 12, 13);
        assertThrows(IllegalArgumentException.class, () -> connection.keepAlive(Duration.ZERO, ONE, 1));
        assertTimes(11, 12, 13);
        connection.abort();
        assertEquals(IoError.BAD_DESCRIPTOR, assertThrows(IoException.class, () -> connection.keepAlive(true)).error());
    }

    @Test
    @Shows("C51")
    @DisplayName("sets idle time, interval and count before the connect")
    void allThree() throws Exception {
        connect(options.keepAlive(Duration.ofSeconds(21), Duration.ofSeconds(22), 23));
        assertEquals(true, option(StandardSocketOptions.SO_KEEPALIVE));
        assertTimes(21, 22, 23);
    }

    @Test
    @DisplayName("has a user timeout beside it, which an engine that cannot set it refuses: at the connect, and when "
            + "a server listens")
    void userTimeout() throws Exception {
        TcpOptions asked = options.userTimeout(ONE);
        IoException refused = assertThrows(IoException.class, () -> connect(asked));
        assertEquals(IoError.NOT_SUPPORTED, refused.error());
        assertEquals("option TCP_USER_TIMEOUT", refused.operation());
        assertEquals("'TCP_USER_TIMEOUT' not supported", refused.getCause().getMessage());
        IoException listening =
                assertThrows(IoException.class, () -> TcpServer.listen(seen, asked, c -> new Recorder()));
        assertEquals(IoError.NOT_SUPPORTED, listening.error());
        assertEquals(0, seen.counters().handles());
    }

    @Test
    @Shows({"B28", "C52"})
    @DisplayName("a peer whose link is cut is given up after the probes: TIMED_OUT")
    void cutLink() throws Exception {
        try (CutLink link = CutLink.open()) {
            assumeTrue(link != null, "needs root, iproute2 and network namespaces");
            Recorder recorder = new Recorder();
            TcpConnection connection = TcpClient.connect(port, options.keepAlive(ONE, ONE, 2), link.peer(), recorder);
            recorder.awaitOpen();
            connection.send(text("hello"));
            recorder.awaitBytes(5);
            // unacknowledged data would suppress the probes: the echo has acknowledged it
            link.cut();
            long start = System.nanoTime();
            CloseInfo info = connection.closed().get(60, TimeUnit.SECONDS);
            assertEquals(IoError.TIMED_OUT, info.error());
            assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
            assertEquals(1, recorder.count("close"));
            assertTrue(millisSince(start) >= 2_000, "sooner than two probes take: " + millisSince(start));
        }
    }
}
