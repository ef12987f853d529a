package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The outcome of a connection. A separate object because it is cold: these fields stay off the cache lines that every
 * message touches. Guarded by the connection's lock, with two exceptions: any thread may call {@link #closed()}, and
 * the last release calls {@link #freed} when nothing changes any more.
 */
final class CloseRecord {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    private final long madeNanos;
    private final Consumer<TcpConnection> onFreed;
    private final CompletableFuture<CloseInfo> closed = new CompletableFuture<>();
    /** The first end, which is reported to the handler. */
    private CloseInfo firstClose;
    private IoError lastError;
    private Throwable lastCause;
    private long bytesLost;

    CloseRecord(long madeNanos, Consumer<TcpConnection> onFreed) {
        this.madeNanos = madeNanos;
        this.onFreed = onFreed;
    }

    /** Notes an end. Only the first one is kept. */
    void begin(CloseInfo info) {
        if (firstClose == null) {
            firstClose = info;
        }
    }

    /** Null before the first end. */
    CloseInfo firstClose() {
        return firstClose;
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

    /** Completes {@link #closed()}, even if a step before it fails. Called by the last release. */
    void freed(TcpChannel connection) {
        CloseInfo last = firstClose;
        try {
            last = new CloseInfo(lastError, firstClose.initiator(), lastCause, bytesLost);
            FlightEvents.ConnectionClosed.commit(connection, last, connection.port.nanoTime() - madeNanos);
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
