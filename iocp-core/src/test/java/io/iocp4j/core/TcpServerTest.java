package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A server")
class TcpServerTest extends TcpFixture {
    private final BlockingQueue<Recorder> handlers = new LinkedBlockingQueue<>();

    /** Gives back what it is sent. */
    private static final class Echo extends Recorder {
        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            c.send(data.duplicate());
            super.onData(c, data);
        }
    }

    private Recorder echo(TcpConnection connection) {
        Echo echo = new Echo();
        handlers.add(echo);
        return echo;
    }

    private TcpServer serve(TcpOptions chosen) throws IOException {
        return closeLater(TcpServer.listen(port, chosen, this::echo));
    }

    private Socket client(TcpServer server) throws IOException {
        Socket client = closeLater(new Socket(LOOPBACK, server.address().getPort()));
        client.setSoTimeout(20_000);
        return client;
    }

    private Recorder nextHandler() throws InterruptedException {
        Recorder handler = handlers.poll(20, TimeUnit.SECONDS);
        assertTrue(handler != null, "no connection came");
        return handler;
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write(7);
        assertEquals(7, client.getInputStream().read());
    }

    @Test
    @Shows({"C58", "C59", "C35"})
    @DisplayName("close(): nobody new, the old ones live on, closed() when the last is gone")
    void closeKeepsConnections() throws Exception {
        TcpServer server = serve(options);
        Socket first = client(server);
        Socket second = client(server);
        ping(first);
        ping(second);
        assertEquals(2, server.connections());
        server.close();
        assertThrows(IOException.class, () -> client(server));
        ping(first);
        ping(second);
        first.close();
        nextHandler().awaitClose();
        assertFalse(server.closed().isDone());
        ping(second);
        second.close();
        await(server.closed());
        assertEquals(0, server.connections());
        assertEquals(2, server.accepted());
        server.awaitClosed();
    }

    @Test
    @Shows("C60")
    @DisplayName("a second close() does nothing; without connections closed() comes at once")
    void closeTwice() throws Exception {
        TcpServer server = serve(options);
        server.close();
        server.close();
        assertTrue(server.closed().isDone());
        server.close(Duration.ZERO);
    }

    @Test
    @DisplayName("close(deadline) closes each connection in order and cuts those that do not end by then")
    void closeWithDeadline() throws Exception {
        TcpServer server = serve(options.lingerTimeout(Duration.ofHours(1)));
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Socket client = client(server);
            ping(client);
            clients.add(client);
        }
        clients.getFirst().close();
        server.close(Duration.ofMillis(50));
        assertTrue(server.closed().isDone());
        for (int i = 0; i < 5; i++) {
            Recorder handler = nextHandler();
            handler.awaitClose();
            assertEquals(1, handler.count("close"));
        }
        assertEquals(-1, clients.getLast().getInputStream().read());
    }

    @Test
    @DisplayName("a server with a port of its own takes the port with it: the close that races with the last "
            + "connection too")
    void ownPort() throws Exception {
        for (int round = 0; round < 100; round++) {
            TcpServer server = TcpServer.listen(options, connection -> new Echo());
            try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                ping(client);
            }
            server.close(Duration.ofSeconds(10));
            assertTrue(server.closed().isDone());
        }
    }

    @Test
    @Shows("C47")
    @DisplayName("above maxConnections the newcomer sees the end at once, is counted, and has no handler; then there "
            + "is room again")
    void maxConnections() throws Exception {
        TcpServer server = serve(options.maxConnections(2));
        Socket first = client(server);
        ping(first);
        ping(client(server));
        Socket third = client(server);
        assertEquals(-1, third.getInputStream().read());
        assertEquals(1, server.dropped());
        assertEquals(2, server.connections());
        Recorder handler = nextHandler();
        nextHandler();
        assertTrue(handlers.isEmpty());
        TcpConnection connection = handler.awaitOpen();
        connection.abort();
        awaitClosed(connection);
        // the server counts the room a moment after closed()
        while (handlers.isEmpty()) {
            Socket next = client(server);
            try {
                next.getOutputStream().write(7);
                next.getInputStream().read();
            } catch (IOException e) {
                assertTrue(e.getMessage().contains("reset") || e.getMessage().contains("Broken pipe"), e::toString);
            }
        }
        assertEquals(2, server.connections());
    }

    @Test
    @Shows("C43")
    @DisplayName("the address can be taken again at once, although connections of the former server linger in "
            + "TIME_WAIT")
    void restart() throws Exception {
        TcpServer former = serve(options);
        InetSocketAddress address = former.address();
        Socket client = client(former);
        ping(client);
        TcpConnection connection = nextHandler().awaitOpen();
        connection.close();
        assertEquals(-1, client.getInputStream().read());
        client.close();
        awaitClosed(connection);
        former.close();
        await(former.closed());
        TcpServer next = serve(options.address(address));
        assertEquals(address, next.address());
        ping(client(next));
    }

    @Test
    @Shows("C40")
    @DisplayName("by default both IPv4 and IPv6 reach it")
    void anyAddress() throws Exception {
        TcpServer server = serve(TcpOptions.defaults());
        assertTrue(server.address().getPort() > 0);
        try (Socket four = new Socket("127.0.0.1", server.address().getPort())) {
            ping(four);
        }
    }

    @Test
    @Shows("C36")
    @DisplayName("nulls and a taken address are refused, and nothing is left of the attempt")
    void refusals() throws Exception {
        TcpServer server = serve(options);
        int handles = port.counters().handles();
        assertThrows(NullPointerException.class, () -> TcpServer.listen(port, options, null));
        assertThrows(NullPointerException.class, () -> TcpServer.listen(options, null));
        assertThrows(NullPointerException.class, () -> TcpServer.listenBlocking(options, null));
        assertThrows(NullPointerException.class, () -> TcpServer.listenBlocking(port, options, null));
        TcpOptions taken = options.address(server.address());
        assertEquals(IoError.ADDRESS_IN_USE, assertThrows(IoException.class, () -> serve(taken)).error());
        assertEquals(IoError.ADDRESS_IN_USE,
                assertThrows(IoException.class, () -> TcpServer.listenBlocking(taken, connection -> { })).error());
        assertEquals(handles, port.counters().handles());
    }

    @Test
    @DisplayName("has a thread for each connection on a given port too, which is still open when the server is closed")
    void sessionsOnAGivenPort() throws Exception {
        try (TcpServer server =
                TcpServer.listenBlocking(port, options, connection -> connection.write(connection.read()))) {
            assertSame(port, server.completionPort());
            try (Socket client = new Socket(LOOPBACK, server.tcpPort())) {
                ping(client);
                assertEquals(-1, client.getInputStream().read());
            }
        }
        port.execute(() -> { });
    }

    @Test
    @DisplayName("takes a function that makes handlers of a class of the application")
    void handlersOfOneClass() throws Exception {
        Function<Object, Echo> handlers = connection -> new Echo();
        TcpServer server = closeLater(TcpServer.listen(port, options, handlers));
        try (Socket client = new Socket(LOOPBACK, server.tcpPort())) {
            ping(client);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"abort", "close", "throw", "null"})
    @DisplayName("who refuses a connection while its handler is made: no onOpen to nobody, onClose once, the next one "
            + "is served")
    void refuseInFactory(String how) throws Exception {
        for (int round = 0; round < 50; round++) {
            Recorder refused = new Recorder();
            boolean[] first = {true};
            TcpServer server = TcpServer.listen(port, options, connection -> {
                if (!first[0]) {
                    return new Echo();
                }
                first[0] = false;
                connection.execute(() -> refused.add("task"));
                connection.pause();
                connection.resume();
                switch (how) {
                    case "abort" -> connection.abort();
                    case "close" -> connection.close();
                    case "throw" -> throw new IllegalStateException("on purpose");
                    default -> {
                        return null;
                    }
                }
                return refused;
            });
            try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                client.setSoTimeout(20_000);
                assertEquals(-1, client.getInputStream().read());
                // not earlier: a port with several accepts under way may take two connections in either order
                try (Socket next = new Socket(LOOPBACK, server.address().getPort())) {
                    ping(next);
                }
                client.shutdownOutput();
                if (how.equals("abort") || how.equals("close")) {
                    refused.awaitClose();
                    assertEquals(1, refused.count("close"));
                    assertEquals(0, refused.count("open"));
                    assertEquals("close", refused.events().getLast());
                }
            }
            server.close();
            await(server.closed());
        }
    }

    @Test
    @DisplayName("the handler's maker may resume: data still comes after onOpen")
    void resumeInFactory() throws Exception {
        for (int round = 0; round < 200; round++) {
            Recorder recorder = new Recorder();
            TcpServer server = TcpServer.listen(port, options, connection -> {
                connection.pause();
                connection.resume();
                connection.send(text("early"));
                return recorder;
            });
            try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                client.getOutputStream().write(1);
                client.shutdownOutput();
                assertEquals("early", new String(client.getInputStream().readAllBytes()));
            }
            recorder.awaitClose();
            assertEquals(List.of("open", "data", "end", "close"), recorder.events());
            server.close();
            await(server.closed());
        }
    }

    @Test
    @DisplayName("sessions: a thread for each; closed when it returns, aborted when it throws, woken when the server "
            + "closes")
    void sessions() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        TcpServer server = TcpServer.listenBlocking(options, connection -> {
            switch (connection.read().get()) {
                case 1 -> connection.write("bye");
                case 2 -> throw new IllegalStateException("on purpose");
                case 3 -> throw new IOException("on purpose");
                default -> {
                    waiting.countDown();
                    connection.read();
                }
            }
        });
        for (int how = 1; how <= 3; how++) {
            try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                client.getOutputStream().write(how);
                assertEquals(how == 1 ? "bye" : "", new String(client.getInputStream().readAllBytes()));
            }
        }
        try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
            client.getOutputStream().write(4);
            await(waiting);
            server.close(Duration.ofMillis(50));
            assertTrue(server.closed().isDone());
            assertEquals(4, server.accepted());
        }
    }
}
