package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("At the door of a server")
class TcpServerDoorTest extends TcpFixture {
    /** What a filter was told. */
    private record Dropped(InetSocketAddress local, InetSocketAddress remote, ConnectionFilter.DropReason why) {
    }

    /** Asks a predicate and writes down what it is told. */
    private static final class Doorman implements ConnectionFilter {
        private final BiPredicate<InetSocketAddress, InetSocketAddress> admits;
        private final BlockingQueue<Dropped> dropped = new LinkedBlockingQueue<>();
        private final BlockingQueue<InetSocketAddress> gone = new LinkedBlockingQueue<>();

        Doorman(BiPredicate<InetSocketAddress, InetSocketAddress> admits) {
            this.admits = admits;
        }

        @Override
        public boolean admits(InetSocketAddress local, InetSocketAddress remote) {
            return admits.test(local, remote);
        }

        @Override
        public void onDrop(InetSocketAddress local, InetSocketAddress remote, DropReason why) {
            dropped.add(new Dropped(local, remote, why));
        }

        @Override
        public void onGone(InetSocketAddress remote) {
            gone.add(remote);
        }

        InetSocketAddress nextGone() throws InterruptedException {
            InetSocketAddress next = gone.poll(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
            assertTrue(next != null, "nobody is gone");
            return next;
        }

        Dropped next() throws InterruptedException {
            Dropped next = dropped.poll(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
            assertTrue(next != null, "nobody was dropped");
            return next;
        }
    }

    private Socket client(TcpServer server) throws IOException {
        Socket client = closeLater(new Socket(LOOPBACK, server.address().getPort()));
        client.setSoTimeout(20_000);
        return client;
    }

    private static Dropped expected(Socket client, ConnectionFilter.DropReason why) {
        return new Dropped((InetSocketAddress) client.getRemoteSocketAddress(),
                (InetSocketAddress) client.getLocalSocketAddress(), why);
    }

    @Test
    @Shows("C47")
    @DisplayName("a newcomer above maxConnections is dropped, and the filter hears both addresses and why")
    void full() throws Exception {
        Doorman doorman = new Doorman((local, remote) -> true);
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(
                TcpServer.listen(port, options.maxConnections(1).filter(doorman), connection -> recorder));
        client(server);
        TcpConnection inside = recorder.awaitOpen();
        Socket second = client(server);
        assertEquals(-1, second.getInputStream().read());
        assertEquals(expected(second, ConnectionFilter.DropReason.FULL), doorman.next());
        assertEquals(1, server.dropped());
        inside.abort();
    }

    @Test
    @DisplayName("a newcomer that the filter does not admit is dropped by its address, counted, and has no handler")
    void refused() throws Exception {
        Doorman doorman = new Doorman((local, remote) -> remote.getPort() % 2 == 0);
        CountDownLatch in = new CountDownLatch(4);
        TcpServer server = closeLater(TcpServer.listen(port, options.filter(doorman), connection -> new Recorder() {
            @Override
            public void onOpen(TcpConnection c) {
                assertEquals(0, c.remote().getPort() % 2);
                in.countDown();
                c.abort();
            }
        }));
        int refused = 0;
        while (in.getCount() > 0 || refused < 4) {
            Socket client = client(server);
            assertEquals(-1, client.getInputStream().read());
            if (client.getLocalPort() % 2 != 0) {
                refused++;
                assertEquals(expected(client, ConnectionFilter.DropReason.REFUSED), doorman.next());
            }
        }
        assertEquals(refused, server.dropped());
    }

    @Test
    @DisplayName("the filter hears once of the end of each newcomer that it admitted, and never of one that it refused")
    void gone() throws Exception {
        Doorman doorman = new Doorman((local, remote) -> true);
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(
                TcpServer.listen(port, options.maxConnections(1).filter(doorman), connection -> recorder));
        Socket first = client(server);
        TcpConnection inside = recorder.awaitOpen();
        Socket second = client(server);
        assertEquals(-1, second.getInputStream().read());
        assertEquals(second.getLocalSocketAddress(), doorman.nextGone(), "there was no place for it");
        inside.abort();
        assertEquals(first.getLocalSocketAddress(), doorman.nextGone());
        server.close();
        server.awaitClosed();
        assertTrue(doorman.gone.isEmpty(), doorman.gone::toString);
        Doorman refusing = new Doorman((local, remote) -> false);
        TcpServer other = closeLater(TcpServer.listen(port, options.filter(refusing), connection -> recorder));
        assertEquals(-1, client(other).getInputStream().read());
        refusing.next();
        assertTrue(refusing.gone.isEmpty(), "it was not admitted");
    }

    @Test
    @DisplayName("a filter that throws keeps the newcomer out, and only that one; what it throws when told harms "
            + "nobody")
    void throwing() throws Exception {
        boolean[] first = {true};
        Recorder recorder = new Recorder();
        ConnectionFilter filter = new ConnectionFilter() {
            @Override
            public boolean admits(InetSocketAddress local, InetSocketAddress remote) {
                if (first[0]) {
                    first[0] = false;
                    throw new IllegalStateException("on purpose");
                }
                return true;
            }

            @Override
            public void onDrop(InetSocketAddress local, InetSocketAddress remote, DropReason why) {
                throw new StackOverflowError("on purpose");
            }
        };
        TcpServer server = closeLater(TcpServer.listen(port, options.filter(filter), connection -> recorder));
        assertEquals(-1, client(server).getInputStream().read());
        client(server);
        recorder.awaitOpen().abort();
        assertEquals(1, server.dropped());
    }

    @Test
    @Shows("C46")
    @DisplayName("the filter hears of a failed accept, with the address that the server listens on")
    void acceptFails() throws Exception {
        CompletableFuture<IoException> told = new CompletableFuture<>();
        ConnectionFilter filter = new ConnectionFilter() {
            @Override
            public void onAcceptFailed(IoException failure) {
                told.complete(failure);
                throw new IllegalStateException("on purpose");
            }
        };
        Simulation world = new Simulation(1, Faults.none().with(Faults.Kind.NO_DESCRIPTORS, 0.5), new BufferPool(0));
        SimulatedPort simulated = new SimulatedPort(world, "simulated", 1);
        Recorder recorder = new Recorder();
        TcpServer server = TcpServer.listen(simulated, options.filter(filter), connection -> new Recorder());
        for (int i = 0; i < 10; i++) {
            TcpClient.connect(simulated, options, server.address(), recorder);
        }
        world.run(Duration.ofMinutes(1).toNanos(), 100_000);
        assertEquals(10, server.accepted());
        assertEquals(IoError.NO_DESCRIPTORS, told.join().error());
        assertEquals("accept", told.join().operation());
        assertEquals(server.address(), told.join().local());
        server.close();
        simulated.close();
        world.run(Long.MAX_VALUE, 100_000);
        assertEquals(List.of(), world.failures());
    }

    @Test
    @Shows("C48")
    @DisplayName("an accepted connection has the server's options: paused, half-open, marks, idle time")
    void inherits() throws Exception {
        Recorder recorder = new Recorder();
        TcpOptions chosen = options.pauseOnConnect(true).allowHalfOpen(true).idleTimeout(Duration.ofMillis(20))
                .waterMarks(0, 1);
        Pair pair = accept(chosen, recorder);
        assertFalse(pair.connection().send(text("hello")), "above its mark");
        recorder.await("drain");
        recorder.await("timeout");
        pair.peerSends("x");
        pair.peer().shutdownOutput();
        pair.connection().resume();
        recorder.await("end");
        pair.connection().send(text("still"));
        assertEquals("hellostill", pair.peerReads(10));
        assertEquals(TcpConnection.State.OPEN, pair.connection().state());
    }

    @Test
    @Shows("C37")
    @DisplayName("pauseOnConnect: nothing is received until resume()")
    void pauseOnConnect() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options.pauseOnConnect(true), recorder);
        pair.peerSends("hello");
        settle(pair.connection());
        assertEquals(0, pair.connection().bytesRead());
        assertEquals(List.of("open"), recorder.events());
        pair.connection().resume();
        recorder.awaitBytes(5);
    }

    @Test
    @Shows("C37")
    @DisplayName("blocking calls read as always from a connection that began paused")
    void pauseOnConnectBlocking() throws Exception {
        CompletableFuture<String> line = new CompletableFuture<>();
        TcpServer server = closeLater(
                TcpServer.listenBlocking(options.pauseOnConnect(true), c -> line.complete(c.readLine())));
        client(server).getOutputStream().write("hello\n".getBytes());
        assertEquals("hello", await(line));
    }

    @Test
    @Shows("C38")
    @DisplayName("a server listens by port or by address, once when it is made; the same options make another server")
    void forms() throws Exception {
        TcpServer byPort = closeLater(
                TcpServer.listen(port, TcpOptions.defaults().tcpPort(0), connection -> new Recorder()));
        TcpServer byAddress = closeLater(TcpServer.listen(port, options, connection -> new Recorder()));
        TcpServer again = closeLater(TcpServer.listen(port, options, connection -> new Recorder()));
        assertTrue(byPort.address().getAddress().isAnyLocalAddress());
        assertTrue(byAddress.address().getAddress().isLoopbackAddress());
        assertFalse(byAddress.address().equals(again.address()));
        IoException thrown = assertThrows(IoException.class,
                () -> TcpServer.listen(port, options.address(again.address()), connection -> new Recorder()));
        assertEquals(IoError.ADDRESS_IN_USE, thrown.error());
    }

    @Test
    @Shows("C39")
    @DisplayName("listen returns when it listens; no handler is made on its stack")
    void listening() throws Exception {
        CompletableFuture<Thread> made = new CompletableFuture<>();
        TcpServer server = closeLater(TcpServer.listen(port, options, connection -> {
            made.complete(Thread.currentThread());
            return new Recorder();
        }));
        client(server);
        assertNotSame(Thread.currentThread(), await(made));
        assertEquals(1, server.accepted());
    }

    @Test
    @Shows({"C42", "C44"})
    @DisplayName("a taken address: ADDRESS_IN_USE of bind with the address, and then another can be tried")
    void taken() throws Exception {
        TcpServer first = closeLater(TcpServer.listen(port, options, connection -> new Recorder()));
        IoException thrown = assertThrows(IoException.class,
                () -> TcpServer.listen(port, options.address(first.address()), connection -> new Recorder()));
        assertEquals(IoError.ADDRESS_IN_USE, thrown.error());
        assertEquals("bind", thrown.operation());
        assertEquals(first.address(), thrown.local());
        assertTrue(thrown.getMessage().contains(String.valueOf(first.address().getPort())), thrown.getMessage());
        client(closeLater(TcpServer.listen(port, options.loopback(0), connection -> new Recorder())));
        InetSocketAddress elsewhere = new InetSocketAddress("192.0.2.1", 0);
        assertEquals(IoError.ADDRESS_NOT_AVAILABLE, assertThrows(IoException.class,
                () -> TcpServer.listen(port, options.address(elsewhere), connection -> new Recorder())).error());
    }

    @Test
    @Shows("C40")
    @DisplayName("without an address both families reach it at :: where the system has both")
    void bothFamilies() throws Exception {
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(TcpServer.listen(port, TcpOptions.defaults(), connection -> recorder));
        closeLater(new Socket("127.0.0.1", server.address().getPort()));
        recorder.await("open");
        if (server.address().getAddress() instanceof Inet6Address) {
            closeLater(new Socket("::1", server.address().getPort()));
            recorder.await("open", 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ADDRESS_NOT_AVAILABLE", "INVALID_ARGUMENT", "ADDRESS_IN_USE", "ACCESS_DENIED"})
    @Shows("C40")
    @DisplayName("where :: fails it listens on 0.0.0.0, unless somebody else has the port or it is forbidden")
    void noIpv6(IoError why) throws Exception {
        ForwardingPort without = new ForwardingPort(port) {
            @Override
            public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
                if (local.getAddress() instanceof Inet6Address) {
                    throw new IoException(why, "bind", local, null, null);
                }
                return port.listen(local, backlog, key);
            }
        };
        boolean fallsBack = why == IoError.ADDRESS_NOT_AVAILABLE || why == IoError.INVALID_ARGUMENT;
        if (fallsBack) {
            client(closeLater(TcpServer.listen(without, TcpOptions.defaults(), connection -> new Recorder())));
        } else {
            assertEquals(why, assertThrows(IoException.class,
                    () -> TcpServer.listen(without, TcpOptions.defaults(), connection -> new Recorder())).error());
        }
    }

    @Test
    @Shows("C56")
    @DisplayName("who waited to be accepted when the listener closes is reset by the system, and nobody waits for ever")
    void acceptQueue() throws Exception {
        PortAcceptor listener = port.listen(new InetSocketAddress(LOOPBACK, 0), 10, CompletionKey.NONE);
        try (Socket waiting = new Socket(LOOPBACK, listener.local().getPort())) {
            waiting.setSoTimeout(20_000);
            listener.close();
            try {
                assertEquals(-1, waiting.getInputStream().read());
            } catch (IOException e) {
                assertEquals(IoError.CONNECTION_RESET, IoError.of(e));
            }
        }
    }
}
