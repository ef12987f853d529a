package io.iocp4j.core;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * TLS that begins on a plain connection (STARTTLS). Data that was queued before leaves unencrypted, then the handshake
 * begins. All other data waits for the end of the handshake, and nothing is received before. Guarded by the
 * connection's lock.
 */
final class TcpTlsUpgrade {
    private final TcpChannel connection;
    private final TlsRecords records;
    /** Completes on the strand. */
    private final CompletableFuture<SSLSession> secured = new CompletableFuture<>();
    /** True if this side is the server of TLS: its answer to the peer may still be in the queue. */
    private final boolean server;
    /** The timer of the handshake's time limit; null if there is none. */
    private Future<?> limit;
    /**
     * The bytes to be sent unencrypted whose send has not completed yet. The completion may come after the peer's
     * answer to them.
     */
    private long openBytes;
    /** True when no unencrypted byte can arrive any more, so the handshake may begin. */
    private boolean ready;
    /** True when the handshake has begun. */
    private boolean shaking;

    private TcpTlsUpgrade(TcpChannel connection, TlsRecords records, boolean server) {
        this.connection = connection;
        this.records = records;
        this.server = server;
    }

    /** Throws unless the calling thread may wait for TLS on this connection, whose reader it returns. */
    static TcpBlockingReader requireBlocking(TcpChannel connection, TcpOptions tls) {
        requireTls(tls);
        Worker.requireNotWorker(connection.port);
        if (connection.handler instanceof TcpBlockingReader reader) {
            return reader;
        }
        throw new IllegalStateException(
                "this connection has a handler, which begins TLS in onData with startTlsAsync or acceptTlsAsync");
    }

    /** Throws unless the calling thread is in {@code onData} of this connection. */
    static void requireOnData(TcpChannel connection, TcpOptions tls) {
        requireTls(tls);
        if (!connection.isInOnData()) {
            throw new IllegalStateException("a handler begins TLS in onData, where the peer has agreed; "
                    + "the blocking API has startTls and acceptTls");
        }
    }

    private static void requireTls(TcpOptions options) {
        if (options.tls() == null) {
            throw new IllegalArgumentException("these options are without TLS");
        }
    }

    /**
     * Begins in {@code onData}, where the reader is null, or for a thread that uses the blocking API. From here on no
     * data is queued to be sent unencrypted. Throws if TLS cannot begin now; if the connection is not open, the future
     * has failed.
     */
    static TcpTlsUpgrade begin(TcpChannel connection, TcpOptions tls, TlsRecords records, boolean server,
            TcpBlockingReader reader) {
        TcpTlsUpgrade upgrade = new TcpTlsUpgrade(connection, records, server);
        if (!upgrade.begin(tls, reader)) {
            if (reader != null) {
                reader.discard(connection);
            }
            upgrade.secured.completeExceptionally(upgrade.failure());
        }
        return upgrade;
    }

    /** Returns a future of the caller's own for the end of the handshake. */
    CompletableFuture<SSLSession> secured() {
        return secured.copy();
    }

    /** Blocks until the handshake has ended. An interrupt ends only the wait. */
    SSLSession await() throws IoException {
        try {
            return secured.get();
        } catch (ExecutionException e) {
            throw ((IoException) e.getCause()).here();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw connection.ioException("handshake", IoError.OPERATION_ABORTED, "the thread was interrupted");
        }
    }

    /** Returns false if the connection is not open. The reader is null in {@code onData}. */
    private boolean begin(TcpOptions tls, TcpBlockingReader reader) {
        // before the lock, since the reader has one too and takes this one within it
        int injected = reader == null ? 0 : reader.available();
        synchronized (connection.lock) {
            if (connection.state() != TcpConnection.State.OPEN) {
                return false;
            }
            connection.requirePlain(server);
            if (injected > 0) {
                // at once: a thread that is interrupted here may read before the strand comes to readyFor
                failInjected(injected);
                return false;
            }
            if (!tls.handshakeTimeout().isZero()) {
                limit = connection.port.deadline(tls.handshakeTimeout(), () -> tooLate(tls));
            }
            if (reader != null) {
                // after the callback that gave the reader its last bytes
                connection.post(() -> readyFor(reader));
            }
            openBytes = connection.queuedBytes();
            connection.tlsUpgrade = this;
            if (sendsInTheOpen()) {
                connection.sendInTheOpen();
            }
            if (reader == null) {
                ready();
            }
            return true;
        }
    }

    /** Strand only. */
    private void readyFor(TcpBlockingReader reader) {
        // also bytes that another thread has begun to read before
        int injected = reader.discard(connection);
        synchronized (connection.lock) {
            if (connection.state() == TcpConnection.State.CLOSED) {
                return;
            }
            if (injected > 0) {
                failInjected(injected);
            } else if (connection.isReceiving()) {
                connection.fail(IoError.TLS_FAILURE, new SSLException("a receive in the open still waits"), false);
            } else {
                ready();
            }
        }
    }

    private void failInjected(int bytes) {
        String many = bytes + " bytes came in the open, behind what was read before TLS";
        connection.fail(IoError.TLS_FAILURE, new SSLException(many), true);
    }

    private void ready() {
        ready = true;
        if (!connection.isSending()) {
            sentInTheOpen(0);
        }
    }

    /** Tells whether the queue may still send the data that was queued before TLS was requested. */
    boolean sendsInTheOpen() {
        return server && openBytes > 0;
    }

    /**
     * Counts bytes that were sent unencrypted, and begins the handshake after the last of them. Called when no send is
     * under way.
     */
    void sentInTheOpen(long bytes) {
        assert Thread.holdsLock(connection.lock);
        openBytes -= bytes;
        if (shaking || !ready || sendsInTheOpen()) {
            return;
        }
        if (openBytes > 0) {
            SSLException early = new SSLException("the peer has agreed to TLS before it was asked");
            connection.fail(IoError.TLS_FAILURE, early, true);
        } else {
            shaking = true;
            connection.secure(records, new TcpTlsHandshake(connection, limit));
        }
    }

    private void tooLate(TcpOptions tls) {
        synchronized (connection.lock) {
            if (connection.tlsUpgrade == this) {
                connection.fail(IoError.TIMED_OUT, handshakeTooLate(tls), true);
            }
        }
    }

    static SSLException handshakeTooLate(TcpOptions tls) {
        return new SSLException("no TLS handshake within handshakeTimeout, " + Deadline.text(tls.handshakeTimeout()));
    }

    /** Completes the future after the handshake. */
    void succeed() {
        assert Thread.holdsLock(connection.lock);
        SSLSession session = connection.tlsSession();
        connection.post(() -> secured.complete(session));
    }

    /** Fails the future because the connection has ended before. Strand only, without the lock. */
    void abandon() {
        if (limit != null) {
            limit.cancel(false);
        }
        secured.completeExceptionally(failure());
    }

    private IoException failure() {
        CloseInfo why = connection.closeInfo();
        return why != null && why.error() != null ? connection.ioException("handshake", why.error(), null)
                : connection.ioException("handshake", IoError.OPERATION_ABORTED, "this side has ended the connection");
    }
}
