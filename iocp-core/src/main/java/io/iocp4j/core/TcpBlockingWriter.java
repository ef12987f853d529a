package io.iocp4j.core;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The writes of the blocking API. It queues data of any length in portions, as the connection's high-water mark allows.
 * One thread writes at a time, and the others wait for their turn. Guarded by the connection's lock, on which the
 * threads wait.
 */
final class TcpBlockingWriter {
    /** The most bytes of one portion. */
    static final int PORTION_MAX = 64 << 10;

    private final TcpSender connection;
    private final Object lock;

    // guarded by lock
    private boolean writing;
    private int waiters;

    TcpBlockingWriter(TcpSender connection, Object lock) {
        this.connection = connection;
        this.lock = lock;
    }

    /** Queues the data and blocks. Advances its position by the bytes that were queued, even if it throws. */
    void write(ByteBuffer data) throws IOException {
        while (writing) {
            waitForChange();
        }
        writing = true;
        try {
            do {
                writePortion(data);
            } while (data.hasRemaining());
        } finally {
            writing = false;
            wake();
        }
    }

    /** Wakes the waiting threads. Usually there is none, and a notify has a cost even then. */
    void wake() {
        if (waiters > 0) {
            lock.notifyAll();
        }
    }

    private void writePortion(ByteBuffer data) throws IOException {
        while (!isGone() && connection.queueRoom() <= 0) {
            waitForChange();
        }
        int length = (int) Math.min(Math.min(data.remaining(), PORTION_MAX), connection.queueRoom());
        if (!connection.queuePortion(data.slice(data.position(), length))) {
            throw connection.notSending();
        }
        data.position(data.position() + length);
        while (!isGone() && connection.isAboveHighWaterMark()) {
            waitForChange();
        }
        if (isGone()) {
            throw connection.notSending();
        }
    }

    private boolean isGone() {
        assert Thread.holdsLock(lock);
        return connection.state() == TcpConnection.State.CLOSED;
    }

    private void waitForChange() throws IOException {
        waiters++;
        try {
            lock.wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw connection.ioException("write", IoError.OPERATION_ABORTED, "the thread was interrupted");
        } finally {
            waiters--;
        }
    }
}
