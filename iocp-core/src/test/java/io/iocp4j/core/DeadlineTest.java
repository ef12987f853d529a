package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** In virtual time, whose clock jumps. */
@DisplayName("A time limit that comes late, because the process was stopped")
class DeadlineTest {
    private static final long SECOND = 1_000_000_000;
    private static final int STEPS_MAX = 100_000;
    private static final Duration STOPPED = Duration.ofSeconds(12);

    private final Simulation world = new Simulation(5, Faults.none(), new BufferPool(1 << 20));
    private final SimulatedPort port = new SimulatedPort(world, "port", 1);
    private final Recorder left = new Recorder();
    private final Recorder right = new Recorder();
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
        port.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
        assertEquals(List.of(), world.ledger.unfinished());
        assertEquals(0, port.outstanding());
        assertEquals(0, world.buffers().usedBytes());
    }

    private TcpPair pair(TcpOptions options) {
        TcpPair pair = TcpPair.open(port, options, left, right);
        run(Duration.ofMillis(1));
        assertEquals(List.of("open"), left.events());
        return pair;
    }

    private void run(Duration until) {
        world.run(until.toNanos(), STEPS_MAX);
        // what is due next is later
        world.jump(Math.max(0, until.toNanos() - world.nanos()));
    }

    private void stop() {
        world.jump(STOPPED.toNanos());
    }

    private static CloseInfo ended(TcpConnection connection) {
        assertTrue(connection.closed().isDone(), connection::toString);
        return connection.closed().join();
    }

    private static long seconds(Duration time) {
        return time.toNanos() / SECOND;
    }

    // ------------------------------------------------------------------ each limit of core

    @Test
    @DisplayName("a silence is not told where bytes came meanwhile, and is told where none came")
    void idle() {
        TcpPair pair = pair(TcpOptions.defaults().idleTimeout(Duration.ofSeconds(10)));
        run(Duration.ofSeconds(9));
        stop();
        pair.right().send(ByteBuffer.allocate(1));
        run(Duration.ofSeconds(22));
        assertEquals(List.of("open", "data"), left.events());
        run(Duration.ofSeconds(30));
        stop();
        run(Duration.ofSeconds(44));
        assertEquals(List.of("open", "data", "timeout"), left.events());
    }

    @Test
    @DisplayName("a peer that took bytes meanwhile is not cut after close(), and one that took none is")
    void linger() {
        TcpPair pair = pair(TcpOptions.defaults());
        pair.right().pause();
        pair.left().execute(() -> {
            pair.left().send(ByteBuffer.allocate(1 << 20));
            pair.left().close();
        });
        // the callback's data is sent when it has returned: the memory between the two takes something after close()
        run(Duration.ofSeconds(9));
        stop();
        pair.right().resume();
        run(Duration.ofSeconds(22));
        assertTrue(ended(pair.left()).clean());
        assertEquals(1 << 20, right.bytes().length);
    }

    @Test
    @DisplayName("a peer that takes nothing after close() is cut anyway")
    void lingerForNobody() {
        TcpPair pair = pair(TcpOptions.defaults());
        pair.right().pause();
        pair.left().send(ByteBuffer.allocate(1 << 20));
        pair.left().close();
        run(Duration.ofSeconds(4));
        stop();
        run(Duration.ofSeconds(23));
        assertEquals(IoError.TIMED_OUT, ended(pair.left()).error());
        pair.right().abort();
    }

    @Test
    @DisplayName("a TLS handshake goes on, on both sides")
    void handshake() throws Exception {
        List<TcpConnection> accepted = new ArrayList<>();
        TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0).tls(TestKeys.LOCALHOST.context()),
                c -> {
            accepted.add(c);
            return left;
        });
        TcpConnection client =
                TcpClient.connect(port, TcpOptions.defaults().tls(TestKeys.trusting()), server.address(), right);
        while (accepted.isEmpty()) {
            assertTrue(world.step());
        }
        for (int i = 0; i < 4; i++) {
            assertTrue(world.step());
        }
        assertEquals(TcpConnection.State.CONNECTING, accepted.getFirst().state());
        // beyond the limits of both
        world.jump(Duration.ofMinutes(1).toNanos());
        run(Duration.ofSeconds(62));
        assertEquals(List.of("open"), left.events());
        assertEquals(List.of("open"), right.events());
        client.abort();
        accepted.getFirst().abort();
        server.close();
    }

    @Test
    @DisplayName("a connect whose answer waits succeeds, and one without an answer fails")
    void connect() throws Exception {
        TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), c -> left);
        InetAddress address = InetAddress.ofLiteral("10.0.0.1");
        world.answer(address, new Simulation.Answer(Duration.ofSeconds(3).toNanos(), null));
        TcpOptions options = TcpOptions.defaults().connectTimeout(Duration.ofSeconds(2))
                .resolver(host -> CompletableFuture.completedFuture(List.of(address)));
        TcpConnection connection = TcpClient.connect(port, options, "name", server.address().getPort(), right);
        run(Duration.ofSeconds(1));
        stop();
        run(Duration.ofSeconds(14));
        assertEquals(List.of("open"), right.events());
        connection.abort();
        world.answer(address, new Simulation.Answer(-1, null));
        Recorder failed = new Recorder();
        TcpConnection silent = TcpClient.connect(port, options, "name", server.address().getPort(), failed);
        run(Duration.ofSeconds(15));
        stop();
        run(Duration.ofSeconds(30));
        assertEquals(List.of("close"), failed.events());
        assertEquals(IoError.TIMED_OUT, ended(silent).error());
        server.close();
    }

    // ------------------------------------------------------------------ the limit itself

    @Test
    @DisplayName("in time it runs at its time; late it waits for a pass and a second at most, and runs as a task of "
            + "the connection too")
    void whenItRuns() {
        TcpPair pair = pair(TcpOptions.defaults());
        List<Long> ran = new ArrayList<>();
        port.deadline(Duration.ofSeconds(3), () -> ran.add(world.nanos() / SECOND));
        run(Duration.ofSeconds(3).plusMillis(1));
        assertEquals(List.of(3L), ran);
        pair.left().deadline(Duration.ofSeconds(3), () -> ran.add(world.nanos() / SECOND));
        stop();
        run(Duration.ofMillis(15_900));
        assertEquals(List.of(3L), ran);
        run(Duration.ofSeconds(20));
        assertEquals(List.of(3L, 3 + seconds(STOPPED) + 1), ran);
        pair.left().abort();
        pair.right().abort();
    }

    @Test
    @DisplayName("where every timer comes late it runs after three looks anyway")
    void alwaysLate() {
        List<Long> ran = new ArrayList<>();
        Future<?> deadline = port.deadline(Duration.ofSeconds(1), () -> ran.add(world.nanos()));
        int steps = 0;
        while (ran.isEmpty()) {
            // each step is a timer, or a pass through the queue
            stop();
            assertTrue(world.step());
            steps++;
        }
        assertTrue(deadline.isDone());
        assertEquals(2 * Deadline.LOOKS_MAX + 1, steps);
    }

    @Test
    @DisplayName("cancelled it never runs, also while it looks again; with its port closed it is cancelled")
    void cancelled() {
        List<String> ran = new ArrayList<>();
        Future<?> early = port.deadline(Duration.ofSeconds(1), () -> ran.add("early"));
        assertTrue(early.cancel(false));
        Future<?> looking = port.deadline(Duration.ofSeconds(1), () -> ran.add("looking"));
        stop();
        world.step();
        assertFalse(looking.isDone());
        assertTrue(looking.cancel(false));
        Future<?> passed = port.deadline(Duration.ofSeconds(1), () -> ran.add("passed"));
        stop();
        world.step();
        world.step();
        assertTrue(passed.cancel(false));
        run(Duration.ofMinutes(1));
        port.close();
        run(Duration.ofMinutes(2));
        assertTrue(port.deadline(Duration.ofSeconds(1), () -> ran.add("closed")).isCancelled());
        assertEquals(List.of(), ran);
        assertEquals(List.of(), world.failures());
    }

    @Test
    @DisplayName("what its task throws is told to the port, and by its future")
    void throwing() {
        IllegalStateException thrown = new IllegalStateException("on purpose");
        Future<?> deadline = port.deadline(Duration.ofSeconds(1), () -> {
            throw thrown;
        });
        run(Duration.ofSeconds(2));
        assertEquals(Future.State.FAILED, deadline.state());
        assertEquals(thrown, deadline.exceptionNow());
        assertEquals(List.of(thrown), world.failures().stream().map(Throwable::getCause).toList());
        assertNull(world.failures().getFirst().getCause().getCause());
    }
}
