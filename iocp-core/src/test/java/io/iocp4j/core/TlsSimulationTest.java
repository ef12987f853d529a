package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A client and a server of ours over TLS and a network with faults, from seeds, as {@link TcpSimulationTest}:
 * {@code -Dseeds=N} and {@code -Dseed=S}. The keys of a handshake are drawn by the JDK, so ciphertext differs from run
 * to run, its lengths do not.
 */
@DisplayName("TLS under a simulated network")
class TlsSimulationTest {
    private static final String COMMAND = "mvn test -pl iocp-core -Dtest=TlsSimulationTest#seeds -Dseed=";
    private static final int SEEDS_DEFAULT = 400;
    private static final int STEPS_MAX = 400_000;
    /** Within which a task of a handshake is under way, often. */
    private static final long TASK_NANOS = Duration.ofMillis(20).toNanos();
    private static final long FOR_EVER = Duration.ofHours(24).toNanos();

    private final BufferPool buffers = new BufferPool(1 << 20);
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");
    private final Map<Faults.Kind, Long> injected = new EnumMap<>(Faults.Kind.class);
    private int opened;
    private int complete;

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
    }

    @Test
    @DisplayName("partial operations, delays, resets, ends and errors at every point: all bytes or an error, never an "
            + "end too early")
    void seeds() throws Throwable {
        Simulation.onThreadOfItsOwn(this::runSeeds);
    }

    private void runSeeds() {
        Long only = Long.getLong("seed");
        long first = only == null ? 0 : only;
        long last = only == null ? Long.getLong("seeds", SEEDS_DEFAULT) - 1 : only;
        for (long seed = first; seed <= last; seed++) {
            try {
                new Run(seed).run();
            } catch (AssertionError | IOException | RuntimeException e) {
                throw new AssertionError("seed " + seed + ", again with: " + COMMAND + seed, e);
            }
        }
        System.out.println("simulated TLS: " + (last - first + 1) + " seeds, connections opened " + opened
                + ", streams complete "
                + complete + ", faults injected " + injected);
        if (last - first + 1 >= SEEDS_DEFAULT) {
            for (Faults.Kind kind : Faults.Kind.values()) {
                assertTrue(kind == Faults.Kind.NO_DESCRIPTORS || injected.getOrDefault(kind, 0L) > 0,
                        "no seed injected " + kind);
            }
        }
    }

    /** One end: sends its bytes as it may, ends, and keeps what comes. */
    private final class End extends Recorder {
        private final byte[] bytes;
        private final ByteBuffer left;
        private final int portion;
        private final boolean endsItself;
        private TcpConnection connection;

        End(SplittableRandom random, int sizeMax, boolean endsItself) {
            bytes = new byte[random.nextInt(sizeMax)];
            random.nextBytes(bytes);
            left = ByteBuffer.wrap(bytes);
            portion = 1 + random.nextInt(40_000);
            this.endsItself = endsItself;
        }

        @Override
        public void onOpen(TcpConnection c) throws IOException {
            opened++;
            connection = c;
            super.onOpen(c);
            send();
        }

        @Override
        public void onDrain(TcpConnection c) {
            send();
        }

        private void send() {
            boolean more = true;
            while (more && left.hasRemaining()) {
                int length = Math.min(portion, left.remaining());
                more = connection.send(left.slice(left.position(), length));
                left.position(left.position() + length);
            }
            if (more && (endsItself || count("end") == 1)) {
                connection.end();
            }
        }

        @Override
        public void onEnd(TcpConnection c) throws IOException {
            super.onEnd(c);
            send();
        }

        boolean isClosed() {
            return count("close") == 1;
        }
    }

    private final class Run {
        private final SplittableRandom random;
        private final boolean harmless;
        private final Simulation world;
        private final SimulatedPort serverPort;
        private final SimulatedPort clientPort;
        private final String version;
        private final End serverEnd;
        private final End clientEnd;
        private final List<TcpConnection> connections = new ArrayList<>();

        Run(long seed) {
            random = new SplittableRandom(seed);
            harmless = random.nextInt(4) == 0;
            Faults drawn = Faults.draw(random);
            Faults faults = harmless ? drawn.harmless() : drawn;
            world = new Simulation(random.nextLong(), faults, buffers);
            serverPort = new SimulatedPort(world, "servers", 2);
            clientPort = new SimulatedPort(world, "clients", 2);
            version = random.nextBoolean() ? "TLSv1.3" : "TLSv1.2";
            int sizeMax = faults.of(Faults.Kind.SMALL_WINDOW) > 0 ? 300 : random.nextInt(4) == 0 ? 200_000 : 2_000;
            // under TLS 1.2 an end ends both directions, so the answer has to come before it
            boolean halfClose = version.equals("TLSv1.3");
            clientEnd = new End(random, sizeMax, true);
            serverEnd = new End(random, halfClose ? sizeMax : 1, false);
        }

        private TcpOptions drawOptions() {
            int receiveMin = 1 + random.nextInt(600);
            Duration limit = harmless ? Duration.ZERO : Duration.ofMillis(500 + random.nextInt(20_000));
            return TcpOptions.defaults().loopback(0)
                    .allowHalfOpen(true)
                    .receive(receiveMin, receiveMin + random.nextInt(40_000))
                    .waterMarks(100, 100 + random.nextInt(30_000))
                    .connectTimeout(limit)
                    .handshakeTimeout(limit)
                    .lingerTimeout(harmless ? Duration.ofHours(1) : Duration.ofMillis(random.nextInt(3_000)))
                    .minLingerRate(harmless ? 0 : 1 << 10);
        }

        private TcpOptions secure(TcpOptions plain, SSLContext context) {
            return plain.tls(context, parameters -> parameters.setProtocols(new String[] {version}));
        }

        void run() throws IOException {
            TcpServer server = TcpServer.listen(serverPort, secure(drawOptions(), TestKeys.LOCALHOST.context()),
                    connection -> {
                connections.add(connection);
                return serverEnd;
            });
            connections.add(TcpClient.connect(clientPort, secure(drawOptions(), TestKeys.trusting()), server.address(),
                    clientEnd));
            if (random.nextInt(2) == 0) {
                // as who has a port for one connection does; the last reference may go on any thread
                connections.getFirst().closed().thenRun(clientPort::close);
            }
            if (!harmless) {
                sometimes(8, serverPort::close);
                sometimes(8, clientPort::close);
                sometimes(8, () -> connections.getLast().abort());
                sometimes(8, () -> connections.getFirst().close());
                world.whenTaskBegins(() -> {
                    if (random.nextInt(3) == 0) {
                        TcpConnection aborted = random.nextBoolean() ? connections.getFirst() : connections.getLast();
                        world.later(random.nextLong(TASK_NANOS), aborted::abort);
                    }
                });
            }
            world.run(Duration.ofMinutes(10).toNanos(), STEPS_MAX);
            checkStreams();
            connections.forEach(TcpConnection::abort);
            server.close();
            world.run(FOR_EVER, STEPS_MAX);
            serverPort.close();
            clientPort.close();
            world.run(FOR_EVER * 2, STEPS_MAX);
            checkEnd();
            world.injected().forEach((kind, count) -> injected.merge(kind, count, Long::sum));
        }

        private void sometimes(int oneIn, Runnable action) {
            if (random.nextInt(oneIn) == 0) {
                world.later(random.nextLong(Duration.ofMillis(800).toNanos()), action);
            }
        }

        private void checkStreams() {
            check(serverEnd, clientEnd);
            check(clientEnd, serverEnd);
            if (harmless) {
                for (End end : List.of(serverEnd, clientEnd)) {
                    assertTrue(end.isClosed(), "not closed: " + end.events());
                    assertEquals(1, end.count("end"), () -> end.events() + " of " + version);
                }
            }
        }

        private void check(End receiver, End sender) {
            byte[] got = receiver.bytes();
            byte[] sent = sender.bytes;
            int same = Arrays.mismatch(got, sent);
            assertTrue(same < 0 || same == got.length, "other bytes came, from " + same);
            if (receiver.count("end") == 1) {
                // whatever the network made up: only the sender ends its stream, behind everything that it took from
                // its application
                assertEquals(sender.connection.bytesWritten(), got.length, "ended too early");
                complete++;
            }
            if (harmless) {
                assertEquals(sent.length, got.length, "did not come");
            }
        }

        private void checkEnd() {
            assertEquals(List.of(), world.failures().stream().map(TlsSimulationTest::text).toList());
            for (TcpConnection connection : connections) {
                assertTrue(connection.closed().isDone(), "closed() did not complete: " + connection);
            }
            for (SimulatedPort port : List.of(serverPort, clientPort)) {
                assertEquals(0, port.counters().handles(), "open handles");
                assertEquals(2, port.counters().nullCompletions(), "null completions");
                assertEquals(0, port.counters().handlerFailures(), "completions that threw");
            }
            assertTrue(serverEnd.count("close") <= 1 && clientEnd.count("close") == 1, "told of its end once");
            assertEquals(List.of(), world.ledger.unfinished());
            assertEquals(0, buffers.usedBytes(), "bytes of the pool in use");
        }
    }

    private static String text(Throwable thrown) {
        return thrown + " at " + Arrays.stream(thrown.getStackTrace()).limit(6).toList();
    }
}
