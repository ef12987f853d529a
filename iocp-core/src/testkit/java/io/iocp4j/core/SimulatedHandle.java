package io.iocp4j.core;

/**
 * What a simulated socket and a simulated listener have in common: being closed once. Guarded by the simulation.
 */
abstract class SimulatedHandle extends PortHandle {
    final SimulatedPort port;
    final Simulation world;
    private boolean closed;

    SimulatedHandle(SimulatedPort port, CompletionKey key) {
        super(port, key);
        this.port = port;
        this.world = port.world;
    }

    /** What is pending ends, and the peer finds out. */
    abstract void closing();

    @Override
    public void close() {
        synchronized (world) {
            if (!closed) {
                closed = true;
                port.remove(this);
                world.log(this, "is closed");
                closing();
            }
        }
    }

    final boolean isClosed() {
        return closed;
    }
}
