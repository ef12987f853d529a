package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * How a connection ends, and who wants to know: apart from the connection, so that the lines of the processor's cache that each message
 * meets hold nothing of it. Guarded by the connection's lock but for {@link #closed()}, and {@link #freed}: the last release calls it,
 * when nothing changes any more.
 */
final class CloseRecord {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    private final long madeNanos;
    private final Consumer<TcpConnection> onFreed;
    private final CompletableFuture<CloseInfo> closed = new CompletableFuture<>();
    /** What the handler hears, which is of the first end only. */
    private CloseInfo told;
    private IoError lastError;
    private Throwable lastCause;
    private long bytesLost;

    CloseRecord(long madeNanos, Consumer<TcpConnection> onFreed) {
        this.madeNanos = madeNanos;
        this.onFreed = onFreed;
    }

    /** Whether this was the first end. */
    boolean begin(CloseInfo info) {
        if (told != null) {
            return false;
        }
        told = info;
        return true;
    }

    /** Null before the first end. */
    CloseInfo told() {
        return told;
    }

    void failed(IoError error, Throwable cause) {
        lastError = error;
        lastCause = cause;
    }

    void lost(long bytes) {
        bytesLost = bytes;
    }

    boolean hasLost() {
        return bytesLost > 0;
    }

    CompletableFuture<CloseInfo> closed() {
        return closed.copy();
    }

    /** The last reference has gone. Whoever waits for it is told, whatever fails on the way. */
    void freed(TcpConnection connection) {
        CloseInfo last = told;
        try {
            last = new CloseInfo(lastError, told.initiator(), lastCause, bytesLost);
            FlightEvents.ConnectionClosed.commit(connection, last, connection.completionPort().nanoTime() - madeNanos);
        } catch (Throwable thrown) {
            LOG.log(Level.ERROR, "the end of a connection could not be recorded", thrown);
        }
        try {
            closed.complete(last);
        } finally {
            onFreed.accept(connection);
        }
    }
}
