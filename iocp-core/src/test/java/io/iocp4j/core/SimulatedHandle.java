package io.iocp4j.core;

/**
 * What a simulated socket and a simulated listener have in common: key, and being closed once. Guarded by the
 * simulation.
 */
abstract class SimulatedHandle {
    final SimulatedPort port;
    final Simulation world;
    private CompletionKey key;
    private boolean told;
    private boolean closed;

    SimulatedHandle(SimulatedPort port, CompletionKey key) {
        this.port = port;
        this.world = port.world;
        this.key = key;
    }

    /** What is pending ends, and the peer finds out. */
    abstract void closing();

    public void key(CompletionKey newKey) {
        synchronized (world) {
            key = newKey;
            if (told) {
                port.tell(newKey);
            }
        }
    }

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

    void portCloses() {
        told = true;
        port.tell(key);
    }

    final boolean isClosed() {
        return closed;
    }
}
