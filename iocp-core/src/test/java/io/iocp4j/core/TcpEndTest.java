package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("After the end of a connection")
class TcpEndTest extends TcpFixture {
    @Test
    @Shows({"D12", "D8"})
    @DisplayName("closers of several threads all get the one end, none an error, and the handler hears of it once")
    void manyClosers() throws Exception {
        try (ExecutorService threads =
                Executors.newFixedThreadPool(4, Thread.ofPlatform().name("test-closer-", 0).factory())) {
            Recorder recorder = new Recorder();
            Pair pair = accept(options, recorder);
            CyclicBarrier together = new CyclicBarrier(4);
            List<Future<CloseInfo>> ends = IntStream.range(0, 4).mapToObj(i -> threads.submit(() -> {
                together.await(20, TimeUnit.SECONDS);
                pair.connection().close();
                return awaitClosed(pair.connection());
            })).toList();
            recorder.awaitClose();
            pair.peer().close();
            for (Future<CloseInfo> end : ends) {
                assertEquals(new CloseInfo(null, CloseInfo.Initiator.LOCAL, null, 0), end.get());
            }
            assertEquals(List.of("open", "close"), recorder.events());
        }
    }

    @Test
    @Shows("D10")
    @DisplayName("who waits for closed() finds the handle gone, the buffers given back and nothing outstanding")
    void nothingLeft() throws Exception {
        Pair pair = accept(options, new Recorder());
        pair.connection().send(text("the tail"));
        pair.connection().close();
        pair.peer().close();
        awaitClosed(pair.connection());
        assertEquals(0, port.counters().handles());
        assertEquals(0, ((TcpChannel) pair.connection()).count());
        assertEquals(0, port.buffers().usedBytes());
    }

    @Test
    @Shows("D13")
    @DisplayName("nothing of the library keeps the connection in memory")
    void collectable() throws Exception {
        ReferenceQueue<TcpConnection> gone = new ReferenceQueue<>();
        try (TcpServer server = TcpServer.listen(port, options, connection -> new TcpHandler() {
        })) {
            WeakReference<TcpConnection> weak = connectAndForget(server, gone);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            boolean collected = false;
            while (!collected) {
                assertTrue(System.nanoTime() < deadline, "still held: " + weak.get());
                System.gc();
                collected = gone.remove(100) != null;
            }
        }
    }

    private WeakReference<TcpConnection> connectAndForget(TcpServer server,
            ReferenceQueue<TcpConnection> gone) throws Exception {
        TcpConnection connection = TcpClient.connect(port, options.idleTimeout(Duration.ofHours(1)), server.address());
        connection.write("x");
        connection.close();
        awaitClosed(connection);
        return new WeakReference<>(connection, gone);
    }

    @Test
    @Shows("D15")
    @DisplayName("abort() drops what has come and was not delivered, at once, and gives its memory back")
    void heldInput() throws Exception {
        Recorder recorder = new Recorder();
        Pair pair = accept(options, recorder);
        CompletableFuture<Boolean> paused = new CompletableFuture<>();
        pair.connection().execute(() -> {
            pair.connection().pause();
            paused.complete(true);
        });
        await(paused);
        pair.peerSends("never seen");
        awaitRead(pair.connection(), 10);
        assertTrue(port.buffers().usedBytes() > 0);
        pair.connection().abort();
        awaitClosed(pair.connection());
        assertEquals(0, port.buffers().usedBytes());
        pair.connection().resume();
        assertEquals(List.of("open", "close"), recorder.events());
        assertEquals("", recorder.received());
    }

    /** The receive that was pending when the connection was paused ends, and is held. */
    private void awaitRead(TcpConnection connection, long bytes) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (connection.bytesRead() < bytes) {
            assertTrue(System.nanoTime() < deadline, "nothing came");
            settle(connection);
        }
    }

    @Test
    @Shows({"CVE-2024-27308", "D20"})
    @DisplayName("calls on it do not reach the connection that got its descriptor")
    void descriptorReused() throws Exception {
        Pair old = accept(options, new Recorder());
        old.connection().abort();
        awaitClosed(old.connection());
        for (int i = 0; i < 50; i++) {
            Recorder recorder = new Recorder();
            Pair next = accept(options, recorder);
            assertFalse(old.connection().send(text("stray")));
            old.connection().end();
            old.connection().close();
            old.connection().abort();
            old.connection().reset();
            assertThrows(IOException.class, () -> old.connection().keepAlive(true));
            assertThrows(IOException.class, () -> old.connection().write("stray"));
            next.connection().send(text("good"));
            assertEquals("good", next.peerReads(4));
            next.peerSends("good");
            recorder.awaitBytes(4);
            next.connection().abort();
            awaitClosed(next.connection());
        }
    }

    /** Writes down whether SO_LINGER was asked for. */
    private static final class LingerSeen extends ForwardingPort {
        private final CompletableFuture<Integer> linger = new CompletableFuture<>();
        private final boolean supported;

        LingerSeen(CompletionPort port, boolean supported) {
            super(port);
            this.supported = supported;
        }

        @Override
        public PortSocket socket(CompletionKey key) throws IoException {
            PortSocket real = port.socket(key);
            return new PortSocket() {
                @Override
                public <T> void option(SocketOption<T> option, T value) throws IoException {
                    if (option.name().equals("SO_LINGER")) {
                        linger.complete((Integer) value);
                        if (supported) {
                            return;
                        }
                    }
                    real.option(option, value);
                }

                @Override
                public void bind(InetSocketAddress local) throws IoException {
                    real.bind(local);
                }

                @Override
                public void connect(InetSocketAddress remote, IoContext context) {
                    real.connect(remote, context);
                }

                @Override
                public void receive(ByteBuffer buffer, IoContext context) {
                    real.receive(buffer, context);
                }

                @Override
                public void send(ByteBuffer[] buffers, int count, IoContext context) {
                    real.send(buffers, count, context);
                }

                @Override
                public void shutdownOutput() throws IoException {
                    real.shutdownOutput();
                }

                @Override
                public void close() {
                    real.close();
                }

                @Override
                public void key(CompletionKey newKey) {
                    real.key(newKey);
                }

                @Override
                public InetSocketAddress local() {
                    return real.local();
                }

                @Override
                public InetSocketAddress remote() {
                    return real.remote();
                }
            };
        }
    }

    @ParameterizedTest(name = "the engine can: {0}")
    @ValueSource(booleans = {true, false})
    @DisplayName("a reset() asks the engine for RST and closes now in any case, dropping what is queued")
    void reset(boolean supported) throws Exception {
        LingerSeen seen = new LingerSeen(port, supported);
        try (ServerSocket listener = new ServerSocket(0, 10, LOOPBACK)) {
            Recorder recorder = new Recorder();
            TcpConnection connection =
                    TcpClient.connect(seen, options, (InetSocketAddress) listener.getLocalSocketAddress(), recorder);
            closeLater(listener.accept());
            recorder.awaitOpen();
            connection.reset();
            assertEquals(0, await(seen.linger));
            CloseInfo info = awaitClosed(connection);
            assertEquals(new CloseInfo(null, CloseInfo.Initiator.LOCAL, null, 0), info);
            assertEquals(List.of("open", "close"), recorder.events());
            connection.reset();
        }
    }
}
