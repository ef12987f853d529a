package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link TcpConnectorTest} decides in virtual time, here with real sockets; and the forms of connect. */
@DisplayName("A client")
class TcpConnectTest extends TcpFixture {
    /** An echo on a port of its own, reached at the loopback address. */
    private TcpServer echo() throws IOException {
        TcpServer server = TcpServer.listenBlocking(options, connection -> {
            for (ByteBuffer data = connection.read(); data != null; data = connection.read()) {
                connection.write(data);
            }
        });
        return closeLater(server);
    }

    private static String string(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data).toString();
    }

    @Test
    @Shows("C11")
    @DisplayName("connects to a host by name, with callbacks and with the blocking API")
    void byName() throws Exception {
        TcpServer server = echo();
        Recorder recorder = new Recorder();
        TcpConnection callbacks = TcpClient.connect(port, options, "localhost", server.address().getPort(), recorder);
        callbacks.send(text("early"));
        recorder.awaitBytes(5);
        callbacks.end();
        assertTrue(awaitClosed(callbacks).clean());
        TcpConnection waits = TcpClient.connect(port, options, "localhost", server.address().getPort());
        assertEquals("localhost", waits.remote().getHostString());
        waits.write("hi");
        assertEquals("hi", string(waits.readFully(2)));
        waits.end();
        assertNull(waits.read());
        assertTrue(awaitClosed(waits).clean());
        server.close(Duration.ofSeconds(10));
    }

    @Test
    @DisplayName("needs no port of its own")
    void sharedPort() throws Exception {
        TcpServer server = echo();
        TcpConnection connection = TcpClient.connect("127.0.0.1", server.address().getPort());
        try (connection) {
            connection.write("hi");
            assertEquals("hi", string(connection.read(Duration.ofSeconds(20))));
        }
        assertTrue(awaitClosed(connection).clean());
        // LeakCheck sees to it that its threads end
        server.close(Duration.ofSeconds(10));
    }

    @Test
    @Shows({"C13", "C16"})
    @DisplayName("that is refused says so with both addresses, and leaves nothing")
    void refused() throws Exception {
        int closedPort;
        try (ServerSocket closed = new ServerSocket(0, 1, LOOPBACK)) {
            closedPort = closed.getLocalPort();
        }
        IoException thrown = assertThrows(IoException.class, () -> TcpClient.connect(options, "127.0.0.1", closedPort));
        assertEquals(IoError.CONNECTION_REFUSED, thrown.error());
        assertEquals("connect", thrown.operation());
        assertEquals(closedPort, ((InetSocketAddress) thrown.remote()).getPort());
        InetSocketAddress local = new InetSocketAddress(LOOPBACK, 0);
        IoException both = assertThrows(IoException.class,
                () -> TcpClient.connect(port, options.localAddress(local), "127.0.0.1", closedPort));
        assertEquals(local, both.local());
        assertTrue(both.getMessage().contains("peer") && both.getMessage().contains("local"), both.getMessage());
        assertThrows(IllegalArgumentException.class, () -> TcpClient.connect("127.0.0.1", 65_536));
        assertThrows(IllegalArgumentException.class, () -> TcpClient.connect((String) null, 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
    @Shows("C16")
    @DisplayName("that is connected with itself, since the system chose the port that nobody listens on: "
            + "CONNECTION_REFUSED; "
            + "by its own choice it may be")
    void metItself(String bound) throws Exception {
        InetSocketAddress closed;
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK)) {
            closed = (InetSocketAddress) listener.getLocalSocketAddress();
        }
        CompletionPort chosen = new ForwardingPort(port) {
            @Override
            public PortSocket socket(CompletionKey key) throws IoException {
                PortSocket socket = port.socket(key);
                // of its own accord the system does this once in some thousand times
                socket.bind(new InetSocketAddress(bound, closed.getPort()));
                return socket;
            }
        };
        IoException thrown = assertThrows(IoException.class, () -> TcpClient.connect(chosen, options, closed));
        assertEquals(IoError.CONNECTION_REFUSED, thrown.error());
        assertEquals(closed, thrown.remote());
        assertTrue(thrown.getMessage().contains("with itself"), thrown.getMessage());
        assertEquals(0, port.counters().handles());

        InetSocketAddress free;
        try (ServerSocket listener = new ServerSocket(0, 1, LOOPBACK)) {
            free = (InetSocketAddress) listener.getLocalSocketAddress();
        }
        try (TcpConnection connection = TcpClient.connect(port, options.localAddress(free), free)) {
            connection.write("x");
            assertEquals("x", string(connection.readFully(1)));
        }
    }

    @Test
    @Shows("C11")
    @DisplayName("by a name that nobody has: HOST_NOT_FOUND that names it")
    void nowhere() {
        IoException thrown = assertThrows(IoException.class, () -> TcpClient.connect("nowhere.invalid", 1));
        assertEquals(IoError.HOST_NOT_FOUND, thrown.error());
        assertEquals("lookup", thrown.operation());
        assertTrue(thrown.getMessage().contains("nowhere.invalid"), thrown.getMessage());
        assertEquals(InetSocketAddress.createUnresolved("nowhere.invalid", 1), thrown.remote());
    }

    @Test
    @DisplayName("that has failed names the peer that was to be reached, also in what is thrown later, and where no "
            + "socket was to be had")
    void namesThePeer() throws Exception {
        InetSocketAddress asked = InetSocketAddress.createUnresolved("nowhere.invalid", 7);
        Recorder recorder = new Recorder();
        TcpConnection connection = TcpClient.connect(port, options, asked, recorder);
        recorder.awaitClose();
        assertEquals(asked, assertThrows(IoException.class, () -> connection.write("x")).remote());
        ForwardingPort full = new ForwardingPort(port) {
            @Override
            public PortSocket socket(CompletionKey key) throws IoException {
                throw new IoException(IoError.NO_DESCRIPTORS, "open", null, null, null);
            }
        };
        IoException thrown =
                assertThrows(IoException.class, () -> TcpClient.connect(full, options, asked, new Recorder()));
        assertEquals(asked, thrown.remote());
        assertEquals("open", thrown.operation());
        try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
            InetSocketAddress peer = new InetSocketAddress(LOOPBACK, 9);
            IoException bind = assertThrows(IoException.class,
                    () -> TcpClient.connect(port,
                    options.localAddress((InetSocketAddress) taken.getLocalSocketAddress()), peer));
            assertEquals(peer, bind.remote());
            assertEquals(taken.getLocalSocketAddress(), bind.local());
        }
    }

    @Test
    @DisplayName("asks the application for addresses and TLS parameters under no lock: another thread may close the "
            + "port meanwhile")
    void noLock() throws Exception {
        for (boolean tls : new boolean[] {false, true}) {
            CompletionPort closing = CompletionPort.open(PortOptions.defaults().workers(1));
            CountDownLatch closed = new CountDownLatch(1);
            Runnable close = () -> {
                Thread.ofPlatform().name("test-closer").start(() -> {
                    closing.close();
                    closed.countDown();
                });
                try {
                    await(closed);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            };
            TcpOptions asking = tls ? options.tls(TestKeys.trusting(), parameters -> close.run())
                    : options.resolver(host -> {
                close.run();
                return new CompletableFuture<>();
            });
            try {
                Recorder recorder = new Recorder();
                TcpClient.connect(closing, asking, "name", 1, recorder);
                assertFalse(tls, "a closed port gives no socket");
                assertEquals(IoError.OPERATION_ABORTED, recorder.awaitClose().error());
            } catch (IllegalStateException e) {
                assertTrue(tls, e::toString);
            }
        }
    }

    @Test
    @Shows("C12")
    @DisplayName("connects from the port that it was given; a taken one: ADDRESS_IN_USE of bind, with the address")
    void localAddress() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            int free;
            try (ServerSocket probe = new ServerSocket(0, 1, LOOPBACK)) {
                free = probe.getLocalPort();
            }
            InetSocketAddress asked = new InetSocketAddress(LOOPBACK, free);
            Recorder recorder = new Recorder();
            TcpConnection connection = TcpClient.connect(port, options.localAddress(asked), "127.0.0.1",
                    listener.getLocalPort(), recorder);
            try (Socket peer = listener.accept()) {
                assertEquals(asked, peer.getRemoteSocketAddress());
                assertEquals(asked, recorder.awaitOpen().local());
            }
            awaitClosed(connection);
            InetSocketAddress taken = (InetSocketAddress) listener.getLocalSocketAddress();
            IoException thrown = assertThrows(IoException.class,
                    () -> TcpClient.connect(port, options.localAddress(taken), "127.0.0.1", listener.getLocalPort()));
            assertEquals(IoError.ADDRESS_IN_USE, thrown.error());
            assertEquals("bind", thrown.operation());
            assertEquals(taken, thrown.local());
        }
        assertEquals(0, port.counters().handles());
    }

    @Test
    @Shows({"E6", "C5"})
    @DisplayName("that does not keep what is sent early: send says false, a write throws NOT_CONNECTED, nothing of it "
            + "is sent")
    void withoutBuffering() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            Recorder recorder = new Recorder();
            CompletableFuture<List<InetAddress>> lookup = new CompletableFuture<>();
            TcpConnection connection =
                    TcpClient.connect(port, options.connectBuffering(false).resolver(host -> lookup), "name",
                    listener.getLocalPort(), recorder);
            assertEquals(TcpConnection.State.CONNECTING, connection.state());
            assertFalse(connection.send(text("early")));
            assertFalse(connection.send(text("early"), text("too")));
            assertEquals(IoError.NOT_CONNECTED,
                    assertThrows(IoException.class, () -> connection.write("early")).error());
            assertEquals(IoError.NOT_CONNECTED,
                    assertThrows(IoException.class, () -> connection.keepAlive(true)).error());
            assertEquals(0, connection.bytesWritten());
            lookup.complete(List.of(LOOPBACK));
            recorder.awaitOpen();
            assertTrue(connection.send(text("now")));
            connection.end();
            try (Socket peer = listener.accept()) {
                assertEquals("now", new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
            }
            assertTrue(awaitClosed(connection).clean());
        }
    }

    @Test
    @Shows("C18")
    @DisplayName("whose handle is closed under it ends once, with the error of the receive")
    void handleClosed() throws Exception {
        CompletableFuture<PortSocket> handle = new CompletableFuture<>();
        CompletionPort seen = new ForwardingPort(port) {
            @Override
            public PortSocket socket(CompletionKey key) throws IoException {
                PortSocket socket = port.socket(key);
                handle.complete(socket);
                return socket;
            }
        };
        for (boolean paused : new boolean[] {false, true}) {
            try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
                Recorder recorder = new Recorder();
                InetSocketAddress remote = (InetSocketAddress) listener.getLocalSocketAddress();
                TcpConnection connection = TcpClient.connect(seen, options, remote, recorder);
                if (paused) {
                    // the receive is begun on the closed handle then, else it is pending when the handle is closed
                    connection.pause();
                }
                listener.accept().close();
                recorder.awaitOpen();
                if (!paused) {
                    recorder.await("end");
                }
                handle.join().close();
                connection.resume();
                recorder.awaitClose();
                awaitClosed(connection);
                assertEquals(1, recorder.count("close"));
            }
        }
    }

    @Test
    @Shows("C55")
    @DisplayName("that writes after the peer's end took its own: BROKEN_PIPE; after an end() of its own: SHUT_DOWN")
    void whyNot() throws Exception {
        TcpServer server = closeLater(TcpServer.listen(port, options, connection -> new Recorder()));
        TcpConnection ended = TcpClient.connect(port, options, server.address());
        ended.end();
        assertEquals(IoError.SHUT_DOWN, assertThrows(IoException.class, () -> ended.write("x")).error());
        awaitClosed(ended);
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            TcpConnection connection =
                    TcpClient.connect(port, options, (InetSocketAddress) listener.getLocalSocketAddress());
            Socket peer = closeLater(listener.accept());
            peer.shutdownOutput();
            assertNull(connection.read());
            IoException broken = assertThrows(IoException.class, () -> connection.write("x"));
            assertEquals(IoError.BROKEN_PIPE, broken.error());
            assertEquals("write", broken.operation());
            assertTrue(broken.getMessage().contains("allowHalfOpen is off"), broken.getMessage());
            assertEquals(IoError.BROKEN_PIPE, assertThrows(IoException.class, () -> connection.write("x")).error());
            assertFalse(connection.send(text("x")));
            awaitClosed(connection);
        }
    }
}
