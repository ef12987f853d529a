package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Under load from many threads")
class TcpRaceTest extends TcpFixture {
    /** Less than half of what as many idle connections need. */
    private static final long STORM_HEAP_MAX = 8 * MIB;
    private static final long STORM_ECHO_MILLIS_MAX = 1_000;

    /** Checks the order of the callbacks and that they never overlap; one per connection. */
    private static class Witness implements TcpHandler {
        private final Queue<String> mistakes;
        private final CountDownLatch closed = new CountDownLatch(1);
        private final AtomicInteger inside = new AtomicInteger();
        private volatile boolean opened;
        private volatile boolean ended;

        Witness(Queue<String> mistakes) {
            this.mistakes = mistakes;
        }

        private void during(String event, boolean allowed) {
            if (inside.incrementAndGet() != 1) {
                mistakes.add(event + " overlaps another callback");
            }
            if (!allowed) {
                mistakes.add(event + " out of order");
            }
            inside.decrementAndGet();
        }

        private boolean isOpen() {
            return opened && closed.getCount() == 1;
        }

        @Override
        public void onOpen(TcpConnection c) throws IOException {
            during("onOpen", !opened && closed.getCount() == 1);
            opened = true;
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            during("onData", isOpen() && !ended && data.hasRemaining());
        }

        @Override
        public void onDrain(TcpConnection c) {
            during("onDrain", isOpen());
        }

        @Override
        public void onEnd(TcpConnection c) {
            during("onEnd", isOpen() && !ended);
            ended = true;
        }

        @Override
        public void onTimeout(TcpConnection c) {
            during("onTimeout", isOpen());
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            during("onClose", closed.getCount() == 1);
            closed.countDown();
        }
    }

    private final Queue<String> mistakes = new ConcurrentLinkedQueue<>();

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    @Shows({"B8", "B29"})
    @DisplayName("4 threads do everything to the same connections: callbacks in order, onClose once, everything is "
            + "freed")
    void everythingAtOnce(long seed) throws Exception {
        race(seed, 4, round -> round < 20);
    }

    @Test
    @Tag("long")
    @Shows("B29")
    @DisplayName("8 threads do everything to the same connections for 30 s")
    void everythingAtOnceForLong() throws Exception {
        long start = System.nanoTime();
        race(6, 8, round -> millisSince(start) < 30_000);
    }

    private void race(long seed, int threadCount, IntPredicate goOn) throws Exception {
        TcpOptions chosen = options.lingerTimeout(Duration.ofMillis(200)).waterMarks(100, 1000)
                .allowHalfOpen(seed % 2 == 0)
                .backlog(1_000).socketBuffers(SMALL, 0);
        Queue<TcpConnection> all = new ConcurrentLinkedQueue<>();
        Queue<Witness> witnesses = new ConcurrentLinkedQueue<>();
        TcpServer server = TcpServer.listen(port, chosen, connection -> {
            all.add(connection);
            Witness witness = new Witness(mistakes);
            witnesses.add(witness);
            return witness;
        });
        PooledBuffer shared = port.buffers().acquire(2_000);
        for (int round = 0; goOn.test(round); round++) {
            List<TcpConnection> targets = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Witness witness = new Witness(mistakes);
                witnesses.add(witness);
                targets.add(TcpClient.connect(port, chosen, server.address(), witness));
            }
            targets.addAll(all);
            all.addAll(targets.subList(0, 8));
            Thread[] threads = new Thread[threadCount];
            for (int t = 0; t < threads.length; t++) {
                SplittableRandom random = new SplittableRandom(seed * 1_000 + round * 10 + t);
                threads[t] = Thread.ofPlatform().name("test-race-" + t).start(() -> {
                    for (int i = 0; i < 400; i++) {
                        act(targets.get(random.nextInt(targets.size())), random, shared);
                    }
                });
            }
            for (Thread thread : threads) {
                thread.join();
            }
            all.forEach(TcpConnection::resume);
            all.forEach(random(seed + round) ? TcpConnection::close : TcpConnection::abort);
            all.removeIf(connection -> connection.closed().isDone());
            witnesses.removeIf(witness -> witness.closed.getCount() == 0);
        }
        shared.release();
        server.close(Duration.ofSeconds(5));
        for (TcpConnection connection : all) {
            awaitClosed(connection);
        }
        for (Witness witness : witnesses) {
            await(witness.closed);
        }
        assertTrue(mistakes.isEmpty(), () -> "seed " + seed + ": " + mistakes);
        assertEquals(0, shared.references(), "seed " + seed);
    }

    private static boolean random(long seed) {
        return new SplittableRandom(seed).nextBoolean();
    }

    private static void act(TcpConnection connection, SplittableRandom random, PooledBuffer shared) {
        switch (random.nextInt(40)) {
            case 0 -> connection.close();
            case 1 -> connection.abort();
            case 2 -> connection.end();
            case 3, 4, 5, 6 -> connection.pause();
            case 7 -> connection.idleTimeout(Duration.ofNanos(random.nextInt(1_000_000)));
            case 8 -> connection.idleTimeout(Duration.ZERO);
            case 9 -> connection.execute(() -> connection.send(text("from a task")));
            case 10 -> connection.schedule(Duration.ofNanos(random.nextInt(100_000)), connection::resume);
            case 11 -> connection.waterMarks(0, random.nextInt(2_000));
            case 12, 13, 14, 15, 16, 17 -> connection.send(shared);
            case 18, 19, 20, 21, 22, 23 -> connection.send(ByteBuffer.allocate(random.nextInt(5_000)));
            default -> connection.resume();
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {4, 5})
    @Shows({"C3", "C19"})
    @DisplayName("two threads pause and resume while data streams both ways: no byte is lost, none comes twice")
    void pauseAndResumeUnderLoad(long seed) throws Exception {
        int total = 8 * MIB;
        byte[] pattern = random(64 << 10, seed);
        AtomicLong checked = new AtomicLong();
        Witness receiver = new Witness(mistakes) {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                super.onData(c, data);
                long at = checked.get();
                while (data.hasRemaining()) {
                    if (data.get() != pattern[(int) (at++ % pattern.length)]) {
                        mistakes.add("another byte at " + (at - 1));
                        c.abort();
                        return;
                    }
                }
                checked.set(at);
            }
        };
        TcpConnection[] accepted = new TcpConnection[1];
        TcpServer server = TcpServer.listen(port, options, connection -> {
            accepted[0] = connection;
            return receiver;
        });
        TcpConnection sender = TcpClient.connect(port, options, server.address());
        Thread writer = Thread.ofPlatform().name("test-writer").start(() -> {
            try {
                for (int sent = 0; sent < total; sent += pattern.length) {
                    sender.write(ByteBuffer.wrap(pattern));
                }
                sender.end();
            } catch (IOException e) {
                mistakes.add("writer: " + e);
            }
        });
        Thread[] togglers = new Thread[2];
        for (int t = 0; t < togglers.length; t++) {
            SplittableRandom random = new SplittableRandom(seed + t);
            togglers[t] = Thread.ofPlatform().name("test-toggler-" + t).start(() -> {
                while (receiver.closed.getCount() > 0) {
                    TcpConnection connection = accepted[0];
                    if (connection != null && random.nextBoolean()) {
                        connection.pause();
                    }
                    for (int calls = random.nextInt(100); connection != null && calls > 0; calls--) {
                        // the time that a pause lasts
                        connection.bytesRead();
                    }
                    if (connection != null) {
                        connection.resume();
                    }
                }
            });
        }
        await(receiver.closed);
        writer.join();
        for (Thread toggler : togglers) {
            toggler.join();
        }
        assertTrue(mistakes.isEmpty(), () -> "seed " + seed + ": " + mistakes);
        assertEquals(total, checked.get());
        sender.close();
        awaitClosed(sender);
        server.close(Duration.ofSeconds(5));
    }

    @Test
    @Shows({"A17", "B27"})
    @DisplayName("1,000 connects and closes in all manners: nothing of one life is told in another, nothing is left")
    void manyLives() throws Exception {
        TcpServer server = TcpServer.listen(port, options.lingerTimeout(Duration.ofMillis(200)),
                connection -> new Witness(mistakes));
        for (int life = 0; life < 1_000; life++) {
            Witness witness = new Witness(mistakes);
            TcpConnection connection = TcpClient.connect(port, options, server.address(), witness);
            connection.send(text("life " + life));
            switch (life % 4) {
                case 0 -> connection.close();
                case 1 -> connection.abort();
                case 2 -> connection.end();
                default -> {
                    settle(connection);
                    connection.close();
                }
            }
            await(witness.closed);
            awaitClosed(connection);
        }
        server.close(Duration.ofSeconds(5));
        assertTrue(mistakes.isEmpty(), mistakes::toString);
        assertEquals(0, port.counters().handles());
        assertEquals(0, port.buffers().usedBytes());
    }

    @Test
    @Shows({"B27", "Accept storms"})
    @DisplayName("Accept storms: 10,000 connects that are cut at once, by either side: "
            + "others are served in time, neither heap nor descriptors grow")
    void storm() throws Exception {
        TcpServer server = TcpServer.listen(port, options, connection -> new Witness(mistakes) {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                super.onData(c, data);
                c.send(data);
            }
        });
        storm(server, 1_000);
        long heapBefore = usedHeap();
        int descriptorsBefore = descriptors();
        List<Long> echoes = storm(server, 10_000);
        server.close(Duration.ofSeconds(5));
        long heap = usedHeap() - heapBefore;
        assertTrue(heap < STORM_HEAP_MAX, heap + " bytes of heap");
        // the listener itself is gone meanwhile
        assertTrue(descriptors() <= descriptorsBefore, () -> descriptorsBefore + " descriptors, then " + descriptors());
        assertEquals(0, port.counters().handles());
        assertTrue(mistakes.isEmpty(), mistakes::toString);
        echoes.sort(null);
        long p99 = echoes.get(echoes.size() * 99 / 100);
        assertTrue(p99 < STORM_ECHO_MILLIS_MAX, () -> "milliseconds of connects and echoes: " + echoes);
    }

    /**
     * Cuts so many connections, and returns how long one in a hundred that was not cut took for its connect and an
     * echo.
     */
    private List<Long> storm(TcpServer server, int connections) throws Exception {
        List<Long> echoes = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            if (i % 2 == 0) {
                try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                    client.setSoLinger(true, 0);
                }
            } else {
                Witness witness = new Witness(mistakes);
                TcpConnection connection = TcpClient.connect(port, options, server.address(), witness);
                connection.abort();
                await(witness.closed);
                awaitClosed(connection);
            }
            if (i % 100 == 0) {
                long start = System.nanoTime();
                try (Socket client = new Socket(LOOPBACK, server.address().getPort())) {
                    client.getOutputStream().write(i);
                    assertEquals(i & 0xFF, client.getInputStream().read());
                }
                echoes.add(millisSince(start));
            }
        }
        return echoes;
    }

    private static long usedHeap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /** How many this process has open; 0 where the system does not tell. */
    private static int descriptors() {
        String[] names = new File("/proc/self/fd").list();
        return names == null ? 0 : names.length;
    }
}
