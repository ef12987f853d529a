package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A server whose accept fails")
class TcpAcceptFailureTest extends TcpFixture {
    /**
     * The port of the test, but its listeners fail as often as asked, and the waits of its timer are written down and
     * not waited for.
     */
    static class FailingPort extends ForwardingPort {
        private final IoError error;
        private final AtomicInteger failuresLeft;
        private final List<Duration> waits = new CopyOnWriteArrayList<>();
        /** What the clock says. */
        private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
        /** How often there is no memory for a timer task, and for an accept that is begun. */
        private final AtomicInteger timersThatThrow = new AtomicInteger();
        private final AtomicInteger acceptsThatThrow = new AtomicInteger();

        FailingPort(CompletionPort port, IoError error, int failures) {
            super(port);
            this.error = error;
            this.failuresLeft = new AtomicInteger(failures);
        }

        AtomicLong nanos() {
            return nanos;
        }

        @Override
        public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
            PortAcceptor real = port.listen(local, backlog, key);
            return new PortAcceptor() {
                @Override
                public void accept(IoContext context) {
                    if (acceptsThatThrow.getAndDecrement() > 0) {
                        context.release();
                        throw new OutOfMemoryError("on purpose");
                    }
                    if (failuresLeft.getAndDecrement() > 0) {
                        context.submit(Operation.ACCEPT, null);
                        context.complete(0, null, error, null);
                        port.post(new Probe(null, context::finish) {
                            @Override
                            protected void onCompletion() {
                                super.onCompletion();
                                release();
                            }
                        });
                    } else {
                        real.accept(context);
                    }
                }

                @Override
                public InetSocketAddress local() {
                    return real.local();
                }

                @Override
                public void close() {
                    real.close();
                }
            };
        }

        @Override
        public long nanoTime() {
            return nanos.get();
        }

        @Override
        public Future<?> schedule(Duration delay, Runnable task) {
            if (timersThatThrow.getAndDecrement() > 0) {
                throw new OutOfMemoryError("on purpose");
            }
            waits.add(delay);
            return port.schedule(Duration.ZERO, task);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NO_DESCRIPTORS", "NO_BUFFERS", "OTHER"})
    @Shows({"C46", "Accept storms"})
    @DisplayName("Accept storms: lives on, waits longer each time up to a second, and then accepts again")
    void retries(IoError error) throws Exception {
        FailingPort failing = new FailingPort(port, error, 10);
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(TcpServer.listen(failing, options, connection -> recorder));
        try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
            assertEquals(client.getLocalSocketAddress(), recorder.awaitOpen().remote());
            assertEquals(1, server.accepted());
        }
        recorder.awaitClose();
        assertEquals(List.of(10L, 20L, 40L, 80L, 160L, 320L, 640L, 1000L, 1000L, 1000L),
                failing.waits.stream().map(Duration::toMillis).toList());
        server.close();
        await(server.closed());
    }

    private void acceptsOne(FailingPort failing, Runnable meanwhile) throws Exception {
        Recorder recorder = new Recorder();
        TcpServer server = closeLater(TcpServer.listen(failing, options, connection -> recorder));
        meanwhile.run();
        try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
            assertEquals(client.getLocalSocketAddress(), recorder.awaitOpen().remote());
        }
        recorder.awaitClose();
        server.close();
        await(server.closed());
    }

    @ParameterizedTest
    @EnumSource(names = {"CONNECTION_RESET", "CONNECTION_ABORTED"})
    @DisplayName("because the peer was gone does not wait: a peer that connects and resets keeps nobody out")
    void peersThatAreGone(IoError error) throws Exception {
        FailingPort failing = new FailingPort(port, error, AcceptLoop.GONE_PER_SECOND_MAX);
        acceptsOne(failing, () -> { });
        assertEquals(List.of(), failing.waits);
    }

    @Test
    @DisplayName("with that for every accept waits anyway, so that a broken system does not make it spin; a "
            + "second later it does not")
    void peersThatAreAlwaysGone() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.CONNECTION_RESET, 2 * AcceptLoop.GONE_PER_SECOND_MAX + 3) {
            @Override
            public Future<?> schedule(Duration delay, Runnable task) {
                if (delay.toMillis() == 40) {
                    nanos().addAndGet(1_000_000_000);
                }
                return super.schedule(delay, task);
            }
        };
        acceptsOne(failing, () -> { });
        assertEquals(List.of(10L, 20L, 40L), failing.waits.stream().map(Duration::toMillis).toList());
    }

    @Test
    @DisplayName("for want of memory accepts again, whatever has no memory: the accept, the timer")
    void outOfMemory() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.NO_BUFFERS, 3);
        failing.timersThatThrow.set(1);
        acceptsOne(failing, () -> { });
        assertEquals(List.of(20L, 40L), failing.waits.stream().map(Duration::toMillis).toList());
    }

    @Test
    @DisplayName("for want of memory with which neither a timer nor an accept can be begun goes on when a connection "
            + "has gone")
    void noMemoryAtAll() throws Exception {
        // with one worker, nobody goes while the server looks for a way to accept again
        try (CompletionPort single = CompletionPort.open(PortOptions.defaults().workers(1))) {
            FailingPort failing = new FailingPort(single, IoError.NO_BUFFERS, 0);
            List<Recorder> recorders = List.of(new Recorder(), new Recorder(), new Recorder());
            AtomicInteger calls = new AtomicInteger();
            TcpServer server = TcpServer.listen(failing, options, connection -> {
                int call = calls.getAndIncrement();
                if (call == 1) {
                    failing.acceptsThatThrow.set(2);
                    failing.timersThatThrow.set(1);
                }
                return recorders.get(call);
            });
            try (Socket first = new Socket(LOOPBACK, server.address().getPort())) {
                TcpConnection connection = recorders.get(0).awaitOpen();
                Socket second = closeLater(new Socket(LOOPBACK, server.address().getPort()));
                recorders.get(1).awaitOpen();
                Socket third = closeLater(new Socket(LOOPBACK, server.address().getPort()));
                connection.abort();
                assertEquals(third.getLocalSocketAddress(), recorders.get(2).awaitOpen().remote());
                assertTrue(first.isConnected() && second.isConnected());
            }
            server.close(Duration.ZERO);
        }
    }

    @Test
    @DisplayName("for want of memory with which neither a timer nor an accept can be begun goes on when memory was "
            + "given back")
    void memoryComesBack() throws Exception {
        try (CompletionPort single = CompletionPort.open(PortOptions.defaults().workers(1))) {
            FailingPort failing = new FailingPort(single, IoError.NO_BUFFERS, 0);
            List<Recorder> recorders = List.of(new Recorder(), new Recorder());
            AtomicInteger calls = new AtomicInteger();
            TcpServer server = TcpServer.listen(failing, options, connection -> {
                int call = calls.getAndIncrement();
                if (call == 0) {
                    failing.acceptsThatThrow.set(2);
                    failing.timersThatThrow.set(1);
                }
                return recorders.get(call);
            });
            try (Socket first = new Socket(LOOPBACK, server.tcpPort())) {
                recorders.get(0).awaitOpen();
                // behind the failures, which are of the only worker
                Probe behind = new Probe();
                single.post(behind);
                behind.await();
                Socket second = closeLater(new Socket(LOOPBACK, server.tcpPort()));
                single.buffers().acquire(1 << 20).release();
                assertEquals(second.getLocalSocketAddress(), recorders.get(1).awaitOpen().remote());
                assertTrue(first.isConnected());
            }
            server.close(Duration.ZERO);
        }
    }

    @Test
    @DisplayName("with a handler, a filter and a task of the application that throw errors accepts the next")
    void errorsOfTheApplication() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.NO_DESCRIPTORS, 1);
        CountDownLatch told = new CountDownLatch(1);
        TcpOptions throwing = options.filter(new ConnectionFilter() {
            @Override
            public void onAcceptFailed(IoException failure) {
                told.countDown();
                throw new NoClassDefFoundError("on purpose");
            }
        });
        Recorder recorder = new Recorder();
        AtomicInteger calls = new AtomicInteger();
        TcpServer server = closeLater(TcpServer.listen(failing, throwing, connection -> {
            if (calls.getAndIncrement() == 0) {
                throw new OutOfMemoryError("on purpose");
            }
            return recorder;
        }));
        try (Socket first = new Socket(LOOPBACK, server.address().getPort())) {
            await(told);
            assertEquals(-1, first.getInputStream().read());
        }
        try (Socket second = new Socket(LOOPBACK, server.address().getPort())) {
            assertEquals(second.getLocalSocketAddress(), recorder.awaitOpen().remote());
        }
        recorder.awaitClose();
        server.close();
        await(server.closed());
    }

    @Test
    @DisplayName("can be closed while it waits to accept again")
    void closeWhileFailing() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.NO_DESCRIPTORS, Integer.MAX_VALUE);
        TcpServer server = TcpServer.listen(failing, options, connection -> new Recorder());
        server.close();
        await(server.closed());
        assertTrue(server.closed().isDone());
        assertEquals(0, server.connections());
    }

    @Test
    @DisplayName("because there was no memory to try again listens no more")
    void firstRetry() throws Exception {
        AtomicInteger budgetsThatThrow = new AtomicInteger(1);
        CompletionPort shortPort = new ForwardingPort(port) {
            @Override
            public MemoryBudget memory() {
                if (budgetsThatThrow.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("on purpose");
                }
                return super.memory();
            }
        };
        InetSocketAddress free;
        try (ServerSocket any = new ServerSocket(0, 1, LOOPBACK)) {
            free = (InetSocketAddress) any.getLocalSocketAddress();
        }
        TcpOptions there = options.address(free);
        Function<TcpConnection, TcpHandler> handlers = connection -> new Recorder();
        assertThrows(OutOfMemoryError.class, () -> TcpServer.listen(shortPort, there, handlers));
        try (TcpServer server = TcpServer.listen(shortPort, there, handlers)) {
            assertEquals(free, server.address());
        }
    }

    @Test
    @DisplayName("before it was there at all listens no more")
    void firstAccept() throws Exception {
        FailingPort failing = new FailingPort(port, IoError.OTHER, 0);
        failing.acceptsThatThrow.set(1);
        InetSocketAddress free;
        try (ServerSocket any = new ServerSocket(0, 1, LOOPBACK)) {
            free = (InetSocketAddress) any.getLocalSocketAddress();
        }
        TcpOptions there = options.address(free);
        assertThrows(OutOfMemoryError.class, () -> TcpServer.listen(failing, there, connection -> new Recorder()));
        try (TcpServer server = TcpServer.listen(failing, there, connection -> new Recorder())) {
            assertEquals(free, server.address());
        }
    }
}
