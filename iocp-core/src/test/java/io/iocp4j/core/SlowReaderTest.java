package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** In virtual time. */
@DisplayName("A peer that reads slowly, or not at all,")
class SlowReaderTest {
    private static final int STEPS_MAX = 1_000_000;
    private static final int QUEUED = 1 << 20;
    /** What the network takes by itself. */
    private static final int WINDOW = 16 << 10;
    private static final Duration BETWEEN_READS = Duration.ofSeconds(4);

    private final Simulation world = new Simulation(6, Faults.none(), new BufferPool(1 << 20));
    private final SimulatedPort port = new SimulatedPort(world, "port", 1);
    private final Recorder recorder = new Recorder();
    private final List<TcpConnection> accepted = new ArrayList<>();
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");
    private long endNanos = -1;

    /** Which end of the connection is ours. */
    private enum Role {
        SERVER, CLIENT
    }

    /** Takes one receive, and the next when it is time. */
    private final class Slow extends Recorder {
        @Override
        public void onOpen(TcpConnection c) throws IOException {
            c.pause();
            super.onOpen(c);
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer data) throws IOException {
            super.onData(c, data);
            c.pause();
            port.schedule(BETWEEN_READS, c::resume);
        }
    }

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(List.of(), world.failures());
        assertEquals(List.of(), world.ledger.unfinished());
        assertEquals(0, world.buffers().usedBytes());
    }

    /** Ours and the peer, both open. */
    private record Ends(TcpConnection ours, TcpConnection peer) {
    }

    private Ends connect(Role ours, TcpOptions options, TcpOptions peers, TcpHandler peer) throws IOException {
        TcpOptions server = ours == Role.SERVER ? options : peers;
        TcpServer listening = TcpServer.listen(port, server.loopback(0), c -> {
            accepted.add(c);
            return ours == Role.SERVER ? recorder : peer;
        });
        TcpConnection client = TcpClient.connect(port, ours == Role.SERVER ? peers : options, listening.address(),
                ours == Role.SERVER ? peer : recorder);
        run(Duration.ofMillis(100));
        listening.close();
        TcpConnection other = accepted.getFirst();
        Ends ends = ours == Role.SERVER ? new Ends(other, client) : new Ends(client, other);
        ends.ours.closed().thenRun(() -> endNanos = world.nanos());
        return ends;
    }

    /** The peer takes so many bytes each 4 seconds. */
    private Ends connect(TcpOptions options, int bytes) throws IOException {
        return connect(Role.SERVER, options, TcpOptions.defaults().receive(bytes, bytes).allowHalfOpen(true),
                new Slow());
    }

    private void run(Duration until) {
        world.run(until.toNanos(), STEPS_MAX);
        // what is due next is later
        world.jump(Math.max(0, until.toNanos() - world.nanos()));
    }

    private static CloseInfo ended(TcpConnection connection) {
        assertTrue(connection.closed().isDone(), connection::toString);
        return connection.closed().join();
    }

    // ------------------------------------------------------------------ after the end

    @ParameterizedTest(name = "the peer ends first: {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("is cut after the end if it takes less than the least rate, though it takes some in each linger "
            + "timeout")
    void lessThanTheRate(boolean peerEnds) throws Exception {
        Ends ends = connect(TcpOptions.defaults(), 512);
        ends.ours.send(ByteBuffer.allocate(QUEUED));
        ends.peer.resume();
        if (peerEnds) {
            ends.peer.end();
        } else {
            ends.ours.close();
        }
        run(Duration.ofSeconds(12));
        CloseInfo info = ended(ends.ours);
        assertEquals(IoError.TIMED_OUT, info.error());
        assertEquals(CloseInfo.Initiator.REMOTE, peerEnds ? info.initiator() : CloseInfo.Initiator.REMOTE);
        assertTrue(info.bytesLost() > QUEUED / 2);
    }

    @ParameterizedTest(name = "at least {0} bytes per second")
    @ValueSource(ints = {0, 100})
    @DisplayName("gets all of it if it takes as much as the least rate asks for, which is set, and 0 for any byte at "
            + "all")
    void asMuchAsTheRate(int rate) throws Exception {
        Ends ends = connect(TcpOptions.defaults().minLingerRate(rate), 512);
        ends.ours.send(ByteBuffer.allocate(WINDOW + 10_000));
        ends.peer.resume();
        ends.ours.close();
        run(Duration.ofSeconds(25));
        assertFalse(ends.ours.closed().isDone(), () -> ended(ends.ours).toString());
        ends.peer.end();
        run(Duration.ofHours(1));
        assertTrue(ended(ends.ours).clean());
        assertEquals(WINDOW + 10_000, ends.peer.bytesRead());
    }

    // ------------------------------------------------------------------ before the end

    @ParameterizedTest(name = "{0}, TLS: {1}")
    @CsvSource({"SERVER, false", "CLIENT, false", "SERVER, true", "CLIENT, true"})
    @DisplayName("and takes nothing for the write timeout ends the connection, also while we are paused ourselves: "
            + "TIMED_OUT")
    void takesNothing(Role role, boolean tls) throws Exception {
        TcpOptions server = tls ? TcpOptions.defaults().tls(TestKeys.LOCALHOST.context()) : TcpOptions.defaults();
        TcpOptions client = tls ? TcpOptions.defaults().tls(TestKeys.trusting()) : TcpOptions.defaults();
        Ends ends = connect(role, role == Role.SERVER ? server : client, role == Role.SERVER ? client : server,
                new Slow());
        ends.ours.pause();
        ends.ours.send(ByteBuffer.allocate(QUEUED));
        run(Duration.ofSeconds(29));
        assertEquals(TcpConnection.State.OPEN, ends.ours.state());
        run(Duration.ofSeconds(39));
        CloseInfo why = ended(ends.ours);
        assertEquals(IoError.TIMED_OUT, why.error());
        assertEquals(CloseInfo.Initiator.REMOTE, why.initiator());
        assertTrue(why.cause().getMessage().endsWith("within writeTimeout, 30 s"), why.cause().getMessage());
        assertEquals(List.of("open", "close"), recorder.events());
    }

    @Test
    @DisplayName("is not cut while it takes something, or nothing is queued, and is cut when it stops later")
    void stopsLater() throws Exception {
        Ends ends = connect(TcpOptions.defaults(), 512);
        ends.ours.send(ByteBuffer.allocate(WINDOW + 10_000));
        ends.peer.resume();
        run(Duration.ofHours(1));
        assertEquals(WINDOW + 10_000, ends.peer.bytesRead());
        assertEquals(TcpConnection.State.OPEN, ends.ours.state());
        ends.peer.pause();
        ends.ours.send(ByteBuffer.allocate(2 * WINDOW));
        long from = world.nanos();
        run(Duration.ofHours(2));
        assertEquals(IoError.TIMED_OUT, ended(ends.ours).error());
        assertTrue(endNanos - from >= Duration.ofSeconds(30).toNanos(), "cut after " + (endNanos - from));
        assertTrue(endNanos - from <= Duration.ofSeconds(46).toNanos(), "cut after " + (endNanos - from));
    }

    @Test
    @DisplayName("is not cut where the limit is off")
    void off() throws Exception {
        Ends ends = connect(TcpOptions.defaults().writeTimeout(Duration.ZERO), 512);
        ends.ours.send(ByteBuffer.allocate(QUEUED));
        run(Duration.ofHours(1));
        assertEquals(TcpConnection.State.OPEN, ends.ours.state());
    }
}
