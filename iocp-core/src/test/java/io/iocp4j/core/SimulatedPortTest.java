package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The suite waits on threads of its own, so here each port has a thread that does its part of the simulation. It is the
 * only one, however many workers were asked for: what the suite demands of several workers at the same time is met
 * trivially.
 */
@DisplayName("SimulatedPort keeps the contract of a completion port")
class SimulatedPortTest extends CompletionPortContract {
    private final Simulation world = new Simulation(4, Faults.none().with(Faults.Kind.EARLY, 0.5)
            .with(Faults.Kind.DELAY, 0.1).with(Faults.Kind.REORDER, 1), new BufferPool(0));

    @Override
    protected CompletionPort open(int workers) {
        return SimulatedPort.started(world, "simulated", workers);
    }

    /** The tests keep references to their probes, so only what was not delivered counts. */
    @AfterEach
    void everythingWasDelivered() {
        assertEquals(List.of(),
                world.ledger.unfinished().stream().filter(text -> !text.contains("DELIVERED")).toList());
    }

    /** Instead of the one that resets from a plain socket, which cannot reach a simulated one. */
    @Test
    @Override
    @Shows("E5")
    @DisplayName("a peer that resets, here by closing with unread bytes: CONNECTION_RESET on the pending receive")
    void reset() throws Exception {
        try (CompletionPort port = open(2)) {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            PortAcceptor listener = port.listen(any, 10, CompletionKey.NONE);
            Probe accepted = new Probe();
            listener.accept(accepted);
            PortSocket peer = port.socket(CompletionKey.NONE);
            Probe connected = new Probe();
            peer.connect(listener.local(), connected);
            assertNull(connected.await().error());
            assertNull(accepted.await().error());
            Probe sent = new Probe();
            ByteBuffer unread = ByteBuffer.wrap("unread".getBytes(StandardCharsets.UTF_8));
            accepted.accepted().send(new ByteBuffer[] {unread}, 1, sent);
            assertNull(sent.await().error());
            Probe received = new Probe();
            accepted.accepted().receive(ByteBuffer.allocate(10), received);
            peer.close();
            assertEquals(IoError.CONNECTION_RESET, received.await().error());
            assertNotNull(received.cause());
        }
    }
}
