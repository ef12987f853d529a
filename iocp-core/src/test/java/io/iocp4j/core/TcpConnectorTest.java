package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** In virtual time, with a name whose addresses answer as each test says. */
@DisplayName("A client that looks for its peer")
class TcpConnectorTest {
    private static final long MILLI = 1_000_000;
    private static final Simulation.Answer CONNECTS = new Simulation.Answer(MILLI, null);
    private static final Simulation.Answer REFUSES = new Simulation.Answer(MILLI, IoError.CONNECTION_REFUSED);
    private static final Simulation.Answer UNREACHABLE = new Simulation.Answer(MILLI, IoError.NETWORK_UNREACHABLE);
    private static final Simulation.Answer SILENT = new Simulation.Answer(-1, null);

    /** One network with a server, a client, and a name. */
    private static final class Net {
        private final BufferPool buffers = new BufferPool(0);
        private final Simulation world;
        private final SimulatedPort port;
        private final SimulatedPort servers;
        private final List<TcpConnection> accepted = new ArrayList<>();
        private final TcpServer server;
        private final Recorder recorder = new Recorder() {
            @Override
            public void onOpen(TcpConnection c) throws IOException {
                openedAtMillis = world.nanos() / MILLI;
                super.onOpen(c);
            }

            @Override
            public void onClose(TcpConnection c, CloseInfo why) {
                closedAtMillis = world.nanos() / MILLI;
                super.onClose(c, why);
            }
        };
        private long openedAtMillis = -1;
        private long closedAtMillis = -1;
        private CompletableFuture<List<InetAddress>> lookup = new CompletableFuture<>();
        private String name = "name";
        private TcpConnection connection;

        Net(long seed) throws IOException {
            this(seed, TcpOptions.defaults());
        }

        Net(long seed, TcpOptions ofServer) throws IOException {
            world = new Simulation(seed, Faults.none(), buffers).keepLog();
            port = new SimulatedPort(world, "clients", 1);
            servers = new SimulatedPort(world, "servers", 1);
            server = TcpServer.listen(servers, ofServer.loopback(0), c -> {
                accepted.add(c);
                return new TcpHandler() {
                };
            });
        }

        /** The addresses of the name and how each answers; one that is not given to the lookup at once comes later. */
        Net addresses(Simulation.Answer... answers) {
            lookup.complete(IntStream.range(0, answers.length).mapToObj(i -> {
                world.answer(v4(i), answers[i]);
                return v4(i);
            }).toList());
            return this;
        }

        Net connect(TcpOptions options) throws IOException {
            connection = TcpClient.connect(port, options.resolver(host -> lookup), name, server.address().getPort(),
                    recorder);
            return this;
        }

        void run(Duration until) {
            world.run(until.toNanos(), 100_000);
        }

        /** The first and the last of the failures of a connect, in the order in which they came. */
        List<IoError> failures() throws InterruptedException {
            IoException last = (IoException) recorder.awaitClose().cause();
            return Stream.concat(Stream.of(last.getSuppressed()), Stream.of(last)).map(e -> ((IoException) e).error())
                    .toList();
        }

        long connects() {
            return world.log().stream().filter(line -> line.contains("CONNECT ")).count();
        }

        /** Nothing is left of it, except for one connection if it was made. */
        void end() {
            if (connection.state() == TcpConnection.State.OPEN) {
                assertEquals(1, port.counters().handles(), "the other attempts are closed");
                assertEquals(1, accepted.stream().filter(c -> c.state() == TcpConnection.State.OPEN).count());
                connection.close();
            }
            server.close();
            world.run(world.nanos() + Duration.ofMinutes(1).toNanos(), 100_000);
            assertTrue(connection.closed().isDone());
            assertEquals(0, port.counters().handles());
            assertEquals(0, port.outstanding());
            assertTrue(server.closed().isDone());
            port.close();
            servers.close();
            world.run(Long.MAX_VALUE, 100_000);
            assertEquals(1, port.counters().nullCompletions());
            assertEquals(List.of(), world.failures());
            assertEquals(List.of(), world.ledger.unfinished());
            assertEquals(0, buffers.usedBytes());
        }
    }

    private static InetAddress v4(int i) {
        return InetAddress.ofLiteral("10.0.0." + (i + 1));
    }

    private static InetAddress v6(int i) {
        return InetAddress.ofLiteral("fd00::" + (i + 1));
    }

    @Test
    @DisplayName("takes turns between the families, beginning with that of the first address, as RFC 8305 section 4 "
            + "says")
    void interleaved() {
        assertEquals(List.of(v6(0), v4(0), v6(1), v4(1), v6(2), v6(3)),
                TcpConnector.interleave(List.of(v6(0), v6(1), v6(2), v6(3), v4(0), v4(1))));
        assertEquals(List.of(v4(0), v6(0), v4(1), v4(2)), TcpConnector.interleave(List.of(v4(0), v4(1), v4(2), v6(0))));
        assertEquals(List.of(v4(0), v6(0), v6(1)), TcpConnector.interleave(List.of(v4(0), v6(0), v6(1))));
        assertEquals(List.of(v6(0)), TcpConnector.interleave(List.of(v6(0))));
    }

    @Test
    @DisplayName("gives the first address its time, and tries the next as well after the attempt delay; the first "
            + "that answers stays")
    void silentFirst() throws Exception {
        Net net = new Net(1).addresses(SILENT, SILENT, CONNECTS, CONNECTS).connect(TcpOptions.defaults());
        net.run(Duration.ofMillis(499));
        assertEquals(TcpConnection.State.CONNECTING, net.connection.state());
        assertEquals(2, net.port.counters().handles());
        net.run(Duration.ofMillis(520));
        assertEquals(List.of("open"), net.recorder.events());
        assertTrue(net.openedAtMillis >= 500 && net.openedAtMillis < 510, "at " + net.openedAtMillis);
        assertEquals(v4(2), net.connection.remote().getAddress());
        net.end();
        assertEquals(3, net.connects(), "the fourth was not needed");
    }

    @Test
    @DisplayName("shakes hands with the first that answers: the other attempts are closed before, a late answer and a "
            + "failure change nothing")
    void losersOfTheHandshake() throws Exception {
        Simulation.Answer late = new Simulation.Answer(520 * MILLI, null);
        Simulation.Answer lateFailure = new Simulation.Answer(500 * MILLI, IoError.CONNECTION_REFUSED);
        // this server speaks no TLS, so that the handshake waits for its limit
        Net net = new Net(12).addresses(late, lateFailure, CONNECTS, CONNECTS);
        net.connect(TcpOptions.defaults().tls(TestKeys.trusting()).connectTimeout(Duration.ofSeconds(5)));
        net.run(Duration.ofMillis(499));
        assertEquals(2, net.port.counters().handles(), "two attempts wait");
        net.run(Duration.ofMillis(510));
        assertEquals(1, net.port.counters().handles(), "the one that shakes hands");
        net.run(Duration.ofSeconds(4));
        assertEquals(TcpConnection.State.CONNECTING, net.connection.state());
        net.run(Duration.ofSeconds(6));
        assertEquals(List.of(IoError.TIMED_OUT), net.failures());
        assertEquals(1, net.accepted.size(), "nobody else was connected to");
        net.end();
    }

    @Test
    @DisplayName("is open behind the handshake with the one that was chosen, and nothing is left of the others")
    void handshakeAmongOthers() throws Exception {
        Net net = new Net(13, TcpOptions.defaults().tls(TestKeys.LOCALHOST.context()))
                .addresses(SILENT, CONNECTS, CONNECTS);
        net.name = "localhost";
        net.connect(TcpOptions.defaults().tls(TestKeys.trusting()).connectTimeout(Duration.ofSeconds(5)));
        net.run(Duration.ofSeconds(2));
        assertEquals(TcpConnection.State.OPEN, net.connection.state());
        assertEquals("10.0.0.2", net.connection.remote().getAddress().getHostAddress());
        assertEquals(1, net.accepted.size());
        net.end();
    }

    @Test
    @DisplayName("tries the next address at once when one fails")
    void failsFast() throws Exception {
        Net net = new Net(2).addresses(REFUSES, UNREACHABLE, CONNECTS).connect(TcpOptions.defaults());
        net.run(Duration.ofMillis(100));
        assertEquals(List.of("open"), net.recorder.events());
        assertTrue(net.openedAtMillis < 20, "at " + net.openedAtMillis);
        net.end();
    }

    @Test
    @DisplayName("does not give the first address up when it begins with the second: the first to answer stays")
    void slowFirstWins() throws Exception {
        Net net = new Net(3).addresses(new Simulation.Answer(260 * MILLI, null),
                new Simulation.Answer(50 * MILLI, null))
                .connect(TcpOptions.defaults());
        net.run(Duration.ofSeconds(1));
        assertEquals(v4(0), net.connection.remote().getAddress());
        net.end();
    }

    @Test
    @Shows("C16")
    @DisplayName("reports the last failure when every address failed, with those before it, each with its address")
    void allFail() throws Exception {
        Simulation.Answer tooLate = new Simulation.Answer(MILLI, IoError.TIMED_OUT);
        Net net = new Net(4).addresses(REFUSES, UNREACHABLE, tooLate).connect(TcpOptions.defaults());
        net.run(Duration.ofSeconds(1));
        CloseInfo info = net.recorder.awaitClose();
        assertEquals(IoError.TIMED_OUT, info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, info.initiator());
        assertEquals(List.of(IoError.CONNECTION_REFUSED, IoError.NETWORK_UNREACHABLE, IoError.TIMED_OUT),
                net.failures());
        assertTrue(info.cause().getMessage().contains("10.0.0.3"), info.cause().getMessage());
        assertTrue(info.cause().getSuppressed()[0].getMessage().contains("10.0.0.1"));
        assertEquals(List.of("close"), net.recorder.events());
        net.end();
    }

    @Test
    @DisplayName("gives up at the connect timeout, which bounds all attempts together")
    void timeout() throws Exception {
        Net net = new Net(5).addresses(REFUSES, SILENT, SILENT)
                .connect(TcpOptions.defaults().connectTimeout(Duration.ofSeconds(2)));
        net.run(Duration.ofMillis(1999));
        assertEquals(List.of(), net.recorder.events());
        net.run(Duration.ofMillis(2010));
        assertEquals(IoError.TIMED_OUT, net.recorder.awaitClose().error());
        assertEquals(List.of(IoError.CONNECTION_REFUSED, IoError.TIMED_OUT), net.failures());
        net.end();
    }

    @Test
    @DisplayName("gives up at the connect timeout also while the name is being looked up; the answer that comes later "
            + "harms nobody")
    void lookupTimeout() throws Exception {
        Net net = new Net(6).connect(TcpOptions.defaults());
        net.run(Duration.ofMillis(29_999));
        assertEquals(List.of(), net.recorder.events());
        net.run(Duration.ofMillis(30_010));
        assertEquals(IoError.TIMED_OUT, net.recorder.awaitClose().error());
        net.addresses(CONNECTS);
        net.end();
        assertEquals(0, net.connects());
    }

    @Test
    @Shows("C11")
    @DisplayName("connects to nobody when the name has no address: HOST_NOT_FOUND with the name, no attempt")
    void noSuchHost() throws Exception {
        Net net = new Net(7).connect(TcpOptions.defaults());
        net.lookup.completeExceptionally(new UnknownHostException("name"));
        net.run(Duration.ofSeconds(1));
        CloseInfo info = net.recorder.awaitClose();
        assertEquals(IoError.HOST_NOT_FOUND, info.error());
        assertEquals("lookup: " + IoError.HOST_NOT_FOUND.description() + ", peer name:1024: name",
                info.cause().getMessage());
        net.end();
        assertEquals(0, net.connects());
    }

    @Test
    @DisplayName("case 23: connects to nobody where its resolver leaves out every address, also one written as text, "
            + "or "
            + "fails in any way")
    void refusedAddresses() throws Exception {
        Resolver outside = host -> CompletableFuture.completedFuture(
                Stream.of(InetAddress.ofLiteral(host)).filter(address -> !address.isSiteLocalAddress()).toList());
        List<Resolver> none = List.of(outside, host -> CompletableFuture.completedFuture(null), host -> null,
                host -> CompletableFuture.completedFuture(Arrays.asList(v4(0), null)), host -> {
                    throw new IllegalStateException("on purpose");
                });
        for (Resolver resolver : none) {
            Net net = new Net(15);
            net.connection = TcpClient.connect(net.port, TcpOptions.defaults().resolver(resolver), "10.0.0.1",
                    net.server.address().getPort(), net.recorder);
            net.run(Duration.ofSeconds(1));
            assertEquals(IoError.HOST_NOT_FOUND, net.recorder.awaitClose().error());
            net.end();
            assertEquals(0, net.connects());
        }
    }

    @Test
    @Shows({"A9", "C14"})
    @DisplayName("can be closed while the name is looked up or an attempt is under way: onClose at once and alone")
    void closed() throws Exception {
        for (boolean resolved : new boolean[] {false, true}) {
            for (boolean abort : new boolean[] {false, true}) {
                Net net = new Net(8).connect(TcpOptions.defaults());
                if (resolved) {
                    net.addresses(SILENT, CONNECTS);
                    net.run(Duration.ofMillis(100));
                }
                if (abort) {
                    net.connection.abort();
                } else {
                    net.connection.close();
                }
                assertEquals(TcpConnection.State.CLOSED, net.connection.state());
                long askedAt = net.world.nanos() / MILLI;
                net.lookup.complete(List.of(v4(0)));
                net.end();
                assertEquals(List.of("close"), net.recorder.events());
                assertNull(net.recorder.awaitClose().error());
                assertEquals(askedAt, net.closedAtMillis);
                assertEquals(resolved ? 1 : 0, net.connects());
            }
        }
    }

    @Test
    @DisplayName("hears that its port closes, also while it has only a name: OPERATION_ABORTED")
    void portCloses() throws Exception {
        for (boolean resolved : new boolean[] {false, true}) {
            Net net = new Net(9).connect(TcpOptions.defaults());
            if (resolved) {
                net.addresses(SILENT);
            }
            net.port.close();
            net.run(Duration.ofSeconds(1));
            assertEquals(IoError.OPERATION_ABORTED, net.recorder.awaitClose().error());
            net.lookup.complete(List.of(v4(0)));
            net.end();
        }
    }

    @Test
    @Shows({"C25", "C30"})
    @DisplayName("keeps what is sent and the end while it has only a name, and sends them in order")
    void sendsWhileLookingUp() throws Exception {
        Net net = new Net(10).connect(TcpOptions.defaults());
        net.connection.send(TcpFixture.text("a"));
        net.connection.send(TcpFixture.text("b"));
        net.connection.end();
        assertFalse(net.connection.send(TcpFixture.text("late")));
        assertEquals(2, net.connection.bytesWritten());
        net.addresses(REFUSES, CONNECTS);
        net.run(Duration.ofSeconds(1));
        assertEquals(2, net.accepted.getFirst().bytesRead());
        assertTrue(net.connection.closed().join().clean());
        net.end();
    }

    @Test
    @DisplayName("tries no more than 64 addresses of a name, however many it has")
    void manyAddresses() throws Exception {
        Net net = new Net(11);
        Simulation.Answer[] answers = new Simulation.Answer[200];
        Arrays.fill(answers, REFUSES);
        net.addresses(answers).connect(TcpOptions.defaults());
        net.run(Duration.ofSeconds(10));
        assertEquals(TcpConnector.ADDRESSES_MAX, net.failures().size());
        net.end();
        assertEquals(64, net.connects());
    }

    @Test
    @Shows("C12")
    @DisplayName("tries one address after the other when it has a local port, which only one of them can use")
    void localPort() throws Exception {
        Net net = new Net(12)
                .addresses(new Simulation.Answer(Duration.ofSeconds(1).toNanos(), IoError.TIMED_OUT), CONNECTS)
                .connect(TcpOptions.defaults().localAddress(new InetSocketAddress(v4(9), 9999)));
        net.run(Duration.ofMillis(900));
        assertEquals(1, net.port.counters().handles());
        assertEquals(TcpConnection.State.CONNECTING, net.connection.state(), "the second was tried beside the first");
        net.run(Duration.ofMillis(1100));
        assertEquals(9999, net.connection.local().getPort());
        assertEquals(9999, net.accepted.getFirst().remote().getPort());
        net.end();
    }

    @Test
    @DisplayName("2,000 names with addresses of all kinds: it connects if and only if one does in time, to that one, "
            + "and leaves nothing")
    void seeds() throws Exception {
        int opened = 0;
        for (long seed = 0; seed < 2_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Net net = new Net(seed);
            Simulation.Answer[] answers = new Simulation.Answer[1 + random.nextInt(5)];
            for (int i = 0; i < answers.length; i++) {
                answers[i] = switch (random.nextInt(3)) {
                    case 0 -> SILENT;
                    case 1 -> new Simulation.Answer(random.nextLong(600 * MILLI), IoError.CONNECTION_REFUSED);
                    default -> new Simulation.Answer(random.nextLong(600 * MILLI), null);
                };
            }
            boolean connects = Stream.of(answers).anyMatch(answer -> !answer.isSilence() && answer.error() == null);
            net.world.later(random.nextLong(300 * MILLI), () -> net.addresses(answers));
            net.connect(TcpOptions.defaults());
            if (random.nextInt(4) == 0) {
                net.world.later(random.nextLong(1_500 * MILLI), net.connection::abort);
                net.run(Duration.ofSeconds(40));
            } else {
                net.run(Duration.ofSeconds(40));
                assertEquals(connects, net.recorder.count("open") == 1, "seed " + seed);
                assertEquals(connects ? 0 : 1, net.recorder.count("close"), "seed " + seed);
            }
            opened += net.recorder.count("open");
            net.end();
            assertEquals("close", net.recorder.events().getLast(), "seed " + seed);
            assertEquals(1, net.recorder.count("close"), "seed " + seed);
        }
        assertTrue(opened > 500 && opened < 1_900, "the seeds are one-sided: " + opened);
    }

    @Test
    @DisplayName("finds addresses written as text without a lookup, and keeps the name of those that it looked up")
    void system() throws Exception {
        assertTrue(Resolver.SYSTEM.resolve("127.0.0.1").isDone());
        assertTrue(Resolver.SYSTEM.resolve("::1").isDone());
        InetAddress found = TcpFixture.await(Resolver.SYSTEM.resolve("localhost")).getFirst();
        assertTrue(found.isLoopbackAddress());
        assertEquals("localhost", new InetSocketAddress(found, 1).getHostString());
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Resolver.SYSTEM.resolve("nowhere.invalid").whenComplete((addresses, thrown) -> failure.complete(thrown));
        assertSame(UnknownHostException.class, TcpFixture.await(failure).getClass());
    }
}
