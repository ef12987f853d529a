package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.util.ArrayDeque;

/**
 * A listener of {@link SimulatedPort} with its queue of connections that wait to be accepted. Guarded by the
 * simulation.
 */
final class SimulatedAcceptor extends SimulatedHandle implements PortAcceptor {
    private final InetSocketAddress local;
    private final int backlog;
    private final ArrayDeque<SimulatedSocket> waiting = new ArrayDeque<>();
    private IoContext accept;

    SimulatedAcceptor(SimulatedPort port, InetSocketAddress asked, int backlog, CompletionKey key) throws IoException {
        super(port, key);
        this.backlog = backlog;
        this.local = asked.getPort() == 0 ? new InetSocketAddress(asked.getAddress(), world.tcpPort()) : asked;
        if (world.listeners().putIfAbsent(local.getPort(), this) != null) {
            throw new IoException(IoError.ADDRESS_IN_USE, "bind", asked, null, null);
        }
    }

    @Override
    public void accept(IoContext context) {
        synchronized (world) {
            if (accept != null) {
                throw new IllegalStateException("an accept is pending");
            }
            port.begin(context, Operation.ACCEPT, null);
            if (isClosed()) {
                port.complete(context, 0, null, IoError.BAD_DESCRIPTOR);
                return;
            }
            accept = context;
            world.soon(port, () -> decide(context));
        }
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    boolean hasRoom() {
        return waiting.size() < backlog;
    }

    /** A connect has come here. */
    void offer(SimulatedSocket socket) {
        waiting.add(socket);
        IoContext pending = accept;
        world.soon(port, () -> decide(pending));
    }

    private void decide(IoContext context) {
        if (context == null || context != accept || waiting.isEmpty()) {
            return;
        }
        accept = null;
        if (world.strikes(Faults.Kind.NO_DESCRIPTORS)) {
            world.count(Faults.Kind.NO_DESCRIPTORS);
            port.complete(context, 0, null, IoError.NO_DESCRIPTORS);
        } else if (port.isOpen()) {
            port.complete(context, 0, port.added(waiting.poll()), null);
        } else {
            // the port has begun to close, and has not come to this listener yet
            port.complete(context, 0, null, IoError.OPERATION_ABORTED);
        }
    }

    @Override
    void closing() {
        world.listeners().remove(local.getPort(), this);
        for (SimulatedSocket unaccepted : waiting) {
            unaccepted.breakBoth(IoError.CONNECTION_RESET);
            unaccepted.close();
        }
        waiting.clear();
        if (accept != null) {
            IoContext aborted = accept;
            accept = null;
            port.complete(aborted, 0, null, IoError.OPERATION_ABORTED);
        }
    }

    @Override
    public String toString() {
        return "listener " + local.getPort();
    }
}
