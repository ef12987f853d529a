package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * A connection that has a receive and a send in flight, and everything that may happen to it, in every order, close
 * together or far apart: small, complete, nothing random.
 */
@DisplayName("One connection in every order of events")
class TcpSmallWorldTest {
    private enum Event {
        RECEIVE_DONE, SEND_DONE, EOF, CLOSE, ABORT, PORT_CLOSE
    }

    /** What one run is made of. */
    private record Plan(List<Event> events, int stepsBetween, boolean halfOpen, boolean paused) {
        /** Whether each event has had its whole effect when the next one comes. */
        boolean isSlow() {
            return stepsBetween == TO_REST;
        }

        boolean has(Event event) {
            return events.contains(event);
        }

        /** Whether the first comes, and none of the others comes before it. */
        boolean isBefore(Event event, Event... others) {
            Set<Event> ends = Set.of(others);
            int end = events.stream().filter(ends::contains).mapToInt(events::indexOf).min().orElse(events.size());
            return has(event) && events.indexOf(event) < end;
        }
    }

    private static final int TO_REST = Integer.MAX_VALUE;
    /** More than the network holds, so that the send stays in flight until the peer receives. */
    private static final int QUEUED = 500;
    private static final int FROM_PEER = 3;

    private final BufferPool buffers = new BufferPool(1 << 20);
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
    }

    @Test
    @DisplayName("every order of up to six of {receive done, send done, EOF, close, abort, port close} ends well")
    void everyOrder() throws Throwable {
        Simulation.onThreadOfItsOwn(this::runEveryOrder);
    }

    private void runEveryOrder() {
        List<List<Event>> orders = new ArrayList<>();
        collect(new ArrayList<>(), EnumSet.allOf(Event.class), orders);
        assertEquals(1957, orders.size());
        for (List<Event> order : orders) {
            for (int steps : new int[] {0, 1, 2, TO_REST}) {
                for (int flags = 0; flags < 4; flags++) {
                    Plan plan = new Plan(order, steps, (flags & 1) != 0, (flags & 2) != 0);
                    try {
                        new Run(plan).run();
                    } catch (AssertionError | IOException e) {
                        throw new AssertionError(plan.toString(), e);
                    }
                }
            }
        }
    }

    private static void collect(List<Event> begun, Set<Event> left, List<List<Event>> into) {
        into.add(List.copyOf(begun));
        for (Event next : left) {
            begun.add(next);
            Set<Event> others = EnumSet.copyOf(left);
            others.remove(next);
            collect(begun, others, into);
            begun.removeLast();
        }
    }

    /** An operation of the peer, which has no connection but a bare socket. */
    private static final class Bare extends IoContext {
        private final Consumer<IoContext> then;

        Bare(Consumer<IoContext> then) {
            super(null);
            this.then = then;
        }

        @Override
        protected void onCompletion() {
            then.accept(this);
        }
    }

    private final class Run implements TcpHandler {
        private final Plan plan;
        /** What can be decided is decided early, so that the order of the plan is the order of the decisions. */
        private final Simulation world = new Simulation(1,
                Faults.none().with(Faults.Kind.EARLY, 1).with(Faults.Kind.SMALL_WINDOW, 1), buffers);
        private final SimulatedPort port = new SimulatedPort(world, "port", 1);
        private final SimulatedPort peers = new SimulatedPort(world, "peers", 1);
        private final List<String> told = new ArrayList<>();
        private final ByteArrayOutputStream atPeer = new ByteArrayOutputStream();
        private final byte[] data = new byte[QUEUED];
        private SimulatedSocket peer;
        private TcpConnection connection;
        private CloseInfo reported;
        private boolean peerReadsOn;
        private boolean peerReading;

        Run(Plan plan) {
            this.plan = plan;
            for (int i = 0; i < QUEUED; i++) {
                data[i] = (byte) (i * 7);
            }
        }

        void run() throws IOException {
            open();
            for (Event event : plan.events) {
                happen(event);
                for (int steps = 0; steps < plan.stepsBetween && !world.isAtRest(); steps++) {
                    world.step();
                }
            }
            toRest();
            checkSoFar();
            peerReadsOn = true;
            peerReceives();
            connection.resume();
            connection.end();
            toRest();
            peerEnds();
            // the linger timer too
            world.run(Long.MAX_VALUE, 10_000);
            checkEnd();
            port.close();
            peer.close();
            peers.close();
            world.run(Long.MAX_VALUE, 10_000);
            checkNothingLeft();
        }

        private void toRest() {
            while (!world.isAtRest()) {
                world.step();
            }
        }

        private void open() throws IOException {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            PortAcceptor listener = peers.listen(any, 1, CompletionKey.NONE);
            listener.accept(new Bare(accepted -> peer = (SimulatedSocket) accepted.accepted()));
            TcpOptions options = TcpOptions.defaults().allowHalfOpen(plan.halfOpen);
            connection = TcpClient.connect(port, options, listener.local(), this);
            connection.send(ByteBuffer.wrap(data));
            toRest();
            listener.close();
            if (plan.paused) {
                connection.pause();
            }
            toRest();
            assertEquals(List.of("open"), told);
            assertTrue(connection.bufferedAmount() > 0, "the send is to be in flight");
        }

        private void happen(Event event) throws IOException {
            switch (event) {
                case RECEIVE_DONE -> peerSends();
                case SEND_DONE -> peerReceives();
                case EOF -> peerEnds();
                case CLOSE -> connection.close();
                case ABORT -> connection.abort();
                case PORT_CLOSE -> port.close();
            }
        }

        private void peerSends() {
            // nothing follows a FIN
            if (!plan.isBefore(Event.EOF, Event.RECEIVE_DONE)) {
                peer.send(new ByteBuffer[] {ByteBuffer.allocate(FROM_PEER)}, 1, new Bare(sent -> { }));
            }
        }

        /** Once, or with peerReadsOn to the end. */
        private void peerReceives() {
            if (peerReading) {
                return;
            }
            peerReading = true;
            ByteBuffer into = ByteBuffer.allocate(16);
            peer.receive(into, new Bare(received -> {
                peerReading = false;
                atPeer.write(into.array(), 0, into.position());
                if (peerReadsOn && received.error() == null && received.transferred() > 0) {
                    peerReceives();
                }
            }));
        }

        /** As far as the connection is still there to hear it. */
        private void peerEnds() {
            try {
                peer.shutdownOutput();
            } catch (IoException e) {
                assertEquals(IoError.NOT_CONNECTED, e.error());
            }
        }

        // -------------------------------------------------------------- what it is told

        @Override
        public void onOpen(TcpConnection c) {
            told.add("open");
        }

        @Override
        public void onData(TcpConnection c, ByteBuffer bytes) {
            told.add("data " + bytes.remaining());
        }

        @Override
        public void onEnd(TcpConnection c) {
            told.add("end");
        }

        @Override
        public void onClose(TcpConnection c, CloseInfo why) {
            told.add("close");
            reported = why;
        }

        // -------------------------------------------------------------- what must be true

        private boolean endsFromHere() {
            return plan.has(Event.CLOSE) || plan.has(Event.ABORT) || plan.has(Event.PORT_CLOSE);
        }

        private void checkSoFar() {
            assertEquals(endsFromHere(), reported != null, "onClose at once after an end from this side, told " + told);
            if (plan.paused) {
                assertTrue(Set.of("open", "close").containsAll(told), "told while paused: " + told);
            } else if (plan.isSlow()) {
                Event[] enders = {Event.CLOSE, Event.ABORT, Event.PORT_CLOSE};
                boolean data = plan.isBefore(Event.RECEIVE_DONE, Event.CLOSE, Event.ABORT, Event.PORT_CLOSE, Event.EOF);
                assertEquals(data, told.contains("data " + FROM_PEER), "told " + told);
                assertEquals(plan.isBefore(Event.EOF, enders), told.contains("end"), "told " + told);
            }
            if (plan.has(Event.ABORT) || plan.has(Event.PORT_CLOSE)) {
                assertEquals(TcpConnection.State.CLOSED, connection.state());
                assertTrue(connection.closed().isDone(), "an abort leaves nothing to wait for");
            }
        }

        private void checkEnd() {
            assertTrue(connection.closed().isDone(), "told " + told + ", " + connection);
            assertEquals("open", told.getFirst());
            assertEquals("close", told.getLast());
            assertEquals(1, told.stream().filter("close"::equals).count());
            assertTrue(told.stream().filter("end"::equals).count() <= 1);
            CloseInfo finished = connection.closed().join();
            int mismatch = Arrays.mismatch(data, atPeer.toByteArray());
            assertTrue(mismatch < 0 || mismatch == atPeer.size(), "the peer got other bytes, from " + mismatch);
            SimulatedSocket socket = world.socketAt(connection.local(), connection.remote());
            assertEquals(QUEUED, socket.taken() + finished.bytesLost());
            if (!endsFromHere()) {
                assertEquals(new CloseInfo(null, CloseInfo.Initiator.REMOTE, null, 0), reported);
                assertTrue(told.contains("end"));
            } else if (plan.isSlow() && plan.isBefore(Event.PORT_CLOSE, Event.CLOSE, Event.ABORT)) {
                assertEquals(IoError.OPERATION_ABORTED, reported.error());
            } else if (plan.isSlow()) {
                assertEquals(new CloseInfo(null, CloseInfo.Initiator.LOCAL, null, 0), reported);
            }
            if (!plan.has(Event.ABORT) && !plan.has(Event.PORT_CLOSE)) {
                assertTrue(finished.clean(), "after an end in order nothing is lost: " + finished);
                assertEquals(QUEUED, atPeer.size());
            }
        }

        private void checkNothingLeft() {
            assertEquals(List.of(), world.failures());
            assertEquals(List.of(), world.ledger.unfinished());
            assertEquals(0, buffers.usedBytes());
            assertEquals(0, port.outstanding());
            assertEquals(0, port.counters().handles());
            assertEquals(1, port.counters().nullCompletions());
            assertFalse(connection.send(ByteBuffer.wrap(data)));
        }
    }
}
