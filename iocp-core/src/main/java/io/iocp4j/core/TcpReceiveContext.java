package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * The context of one receive, with its memory, which goes back to the pool when the context is freed. It is also the
 * task that the strand runs. Every message allocates one and each field costs memory, so it refers to its connection
 * only as its owner.
 */
final class TcpReceiveContext extends IoContext implements Runnable {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    /**
     * The memory as a counted buffer; this receive holds one reference. Made when the handler keeps the memory. Strand
     * only.
     */
    private PooledBuffer shared;
    /**
     * True when its bytes were added to those of the connection. A receive that was held while paused is delivered
     * twice. Strand only.
     */
    private boolean counted;

    TcpReceiveContext(TcpReceiver connection) {
        super(connection);
    }

    /**
     * Takes over the owner of a receive that was delivered, which then has none. The caller also passes its memory on.
     */
    TcpReceiveContext(TcpReceiveContext before) {
        takeOwner(before);
    }

    /** Takes larger memory if the connection expects more than what a silent peer is given. */
    @Override
    ByteBuffer arrived() {
        BufferPool pool = connection().port.buffers();
        int size = connection().roomForArrived();
        if (size > buffer().capacity()) {
            ByteBuffer small = buffer();
            try {
                exchange(pool.take(size));
                pool.takeBack(small);
            } catch (OutOfMemoryError e) {
                // the rest follows with the next receive
                LOG.log(Level.DEBUG, "no memory to receive more at once", e);
            }
        }
        return buffer();
    }

    private TcpReceiver connection() {
        return (TcpReceiver) owner();
    }

    @Override
    protected void onCompletion() {
        if (!connection().tryRun(this)) {
            runLater();
        }
    }

    private void runLater() {
        retain();
        try {
            connection().runInTurn(this::receivedLater);
        } catch (OutOfMemoryError e) {
            // its bytes are lost, so the connection cannot go on
            release();
            connection().outOfMemory(e);
        }
    }

    @Override
    public void run() {
        connection().received(this);
    }

    /** Runs after the delivery of the completion. The caller has retained this receive. */
    void receivedLater() {
        try {
            run();
        } finally {
            release();
        }
    }

    boolean counted() {
        return counted;
    }

    void markCounted() {
        counted = true;
    }

    /** Adds a reference for the handler. */
    PooledBuffer share() {
        if (shared == null) {
            shared = new PooledBuffer(connection().port.buffers(), buffer());
        }
        shared.retain();
        return shared;
    }

    /** Tells whether the next receive may use the memory: the handler has not kept it, and it has the wanted size. */
    boolean mayHandOver(int size) {
        return shared == null && buffer().capacity() == BufferPool.capacityFor(size);
    }

    @Override
    protected void free() {
        if (shared != null) {
            shared.release();
        } else if (owner() != null && buffer() != null) {
            connection().port.buffers().takeBack(buffer());
        }
        super.free();
    }
}
