package io.iocp4j.core;

import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;

/**
 * The account of the memory that one connection makes its port hold. Any thread. The budget calls its overridden
 * methods without a lock.
 */
final class TcpMemory extends MemoryAccount {
    private final TcpFlusher connection;

    TcpMemory(TcpFlusher connection) {
        super(connection.port);
        this.connection = connection;
    }

    @Override
    protected long held(Kind kind) {
        synchronized (connection.lock) {
            return connection.heldNow(kind);
        }
    }

    @Override
    protected void shrink() {
        tell(() -> connection.callback("onMemoryTight", (c, handler) -> handler.onMemoryTight(c)));
    }

    @Override
    protected void evict(String reason) {
        IOException why = new IOException(reason);
        synchronized (connection.lock) {
            if (connection.state() != TcpConnection.State.OPEN || holdsMuch()) {
                // the connection is not open, or its peer does not read: it ends without onMemoryScarce
                connection.fail(IoError.NO_BUFFERS, why, false);
            } else {
                tell(() -> evictInTurn(reason, why));
            }
        }
    }

    /** Runs a task of the strand if the connection is open, since no callback may come before {@code onOpen}. */
    private void tell(Runnable task) {
        synchronized (connection.lock) {
            if (connection.state() == TcpConnection.State.OPEN) {
                connection.execute(task);
            }
        }
    }

    private void evictInTurn(String reason, IOException why) {
        connection.callback("onMemoryScarce", (c, handler) -> handler.onMemoryScarce(c, reason));
        synchronized (connection.lock) {
            if (connection.state() == TcpConnection.State.OPEN || holdsMuch()) {
                connection.fail(IoError.NO_BUFFERS, why, false);
            }
        }
    }

    private boolean holdsMuch() {
        assert Thread.holdsLock(connection.lock);
        return connection.queuedBytes() > TcpSendQueue.CHUNK_MIN;
    }

    @Override
    public String toString() {
        return connection.toString();
    }
}
