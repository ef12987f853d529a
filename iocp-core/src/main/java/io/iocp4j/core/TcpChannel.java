package io.iocp4j.core;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.MemoryBudget.Kind;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLSession;

/**
 * The life of a connection, above its two halves: opening, TLS, and closing.
 *
 * <p>It closes in three steps. {@link #close} asks both directions to end. {@link #finishIfBothEnded} is called when
 * one of them has ended, and goes on when both have. {@link #destroy} closes the transport. {@link #fail} goes to the
 * last step at once.
 */
final class TcpChannel extends TcpReceiver {
    /** Null if the connection was accepted, or is an end of a pair. Written with lock held. */
    private volatile TcpConnector connector;

    TcpChannel(CompletionPort port, PortSocket socket, TcpOptions options, State state,
            Consumer<TcpConnection> onFreed) {
        super(port, socket, options, state, onFreed);
    }

    // ------------------------------------------------------------------ opening

    /** Begins to connect, for {@link TcpClient}. */
    void connect(InetSocketAddress remote) throws IOException {
        TcpConnector made = null;
        boolean begun = false;
        try {
            made = new TcpConnector(this, lock, port, options, remote);
            begun = begin(made);
        } finally {
            if (!begun) {
                if (made == null) {
                    discardUnopened();
                }
                // without the lock: if the application waits for closed(), its code may run from here
                dropReference();
            }
        }
        made.lookUp();
    }

    private boolean begin(TcpConnector newConnector) throws IoException {
        synchronized (lock) {
            connector = newConnector;
            boolean begun = false;
            try {
                newConnector.start();
                begun = true;
            } finally {
                if (!begun) {
                    newConnector.stop();
                    discardUnopened();
                }
            }
            return begun;
        }
    }

    /**
     * Discards a connection that was never published. The port may be closed, so {@code onClose} cannot be posted. The
     * caller drops its reference after leaving the lock.
     */
    void discardUnopened() {
        synchronized (lock) {
            state = State.CLOSED;
            record.begin(new CloseInfo(IoError.OPERATION_ABORTED, Initiator.LOCAL, null, 0));
        }
    }

    /** Takes the socket that the connector has connected. */
    void connected(PortSocket found) {
        assert Thread.holdsLock(lock);
        socket = found;
    }

    /** Begins the life of a connection, on the worker that found it connected. */
    void open() {
        runInTurn(this::opened);
    }

    /**
     * Begins the life of an accepted connection, on the worker that accepted it. The handler is made on the strand. So
     * no callback runs before {@code onOpen} or without a handler, whatever another thread does to the connection
     * meanwhile.
     */
    void open(Function<TcpConnection, TcpHandler> handlers) {
        // retained for this call, since the connection may already end in the first turn
        addReference();
        try {
            runInTurn(() -> {
                handler = handlers.apply(this);
                socket.key(this::onPortClosing);
                if (socket instanceof TlsSocket tls) {
                    shakeHandsWhenThereIsRoom(tls);
                } else {
                    opened();
                }
            });
        } finally {
            dropReference();
        }
    }

    /** Strand only. */
    private void opened() {
        // sends data that was queued before
        deferFlush();
        synchronized (lock) {
            // set only when the strand runs: before that, a resume() by another thread would begin to receive before
            // onOpen
            if (state == State.CONNECTING) {
                state = State.OPEN;
            }
            if (state != State.OPEN) {
                // closed before it was open: only onClose is called
                return;
            }
        }
        if (!options.idleTimeout().isZero()) {
            idleTimeout(options.idleTimeout());
        }
        FlightEvents.ConnectionOpened.commit(this, connector == null);
        boolean waits = connector == null && port.memory().isTight();
        synchronized (lock) {
            // called before onOpen, which may pause and resume
            holdBack(waits);
        }
        callback("onOpen", (c, h) -> h.onOpen(c));
        synchronized (lock) {
            receiveNext();
        }
        if (waits) {
            receiveWhenRelaxed();
        }
    }

    // ------------------------------------------------------------------ TLS

    /**
     * Begins the handshake when memory is not tight, within its time limit. It waits as the first receive of a plain
     * connection does, since a handshake takes memory. Strand only.
     */
    private void shakeHandsWhenThereIsRoom(TlsSocket tls) {
        Future<?> limit = options.handshakeTimeout().isZero() ? null
                : port.deadline(options.handshakeTimeout(), this::handshakeTooLate);
        if (port.memory().isTight()) {
            whenRelaxed(() -> shakeHands(tls, limit));
        } else {
            shakeHands(tls, limit);
        }
    }

    private void shakeHands(TlsSocket tls, Future<?> limit) {
        synchronized (lock) {
            // the connection may have been closed before it had a handler
            if (state == State.CONNECTING) {
                tls.handshake(new TcpTlsHandshake(this, limit));
            }
        }
    }

    private void handshakeTooLate() {
        synchronized (lock) {
            if (state == State.CONNECTING) {
                fail(IoError.TIMED_OUT, TcpTlsUpgrade.handshakeTooLate(options), true);
            }
        }
    }

    @Override
    public SSLSession startTls(TcpOptions tls, String host, int tcpPort) throws IOException {
        TcpBlockingReader reader = TcpTlsUpgrade.requireBlocking(this, tls);
        return TcpTlsUpgrade.begin(this, tls, clientRecords(tls, host, tcpPort), false, reader).await();
    }

    @Override
    public SSLSession acceptTls(TcpOptions tls) throws IOException {
        TcpBlockingReader reader = TcpTlsUpgrade.requireBlocking(this, tls);
        return TcpTlsUpgrade.begin(this, tls, TlsRecords.ofServer(tls, port.buffers()), true, reader).await();
    }

    @Override
    public CompletableFuture<SSLSession> startTlsAsync(TcpOptions tls, String host, int tcpPort) {
        TcpTlsUpgrade.requireOnData(this, tls);
        return TcpTlsUpgrade.begin(this, tls, clientRecords(tls, host, tcpPort), false, null).secured();
    }

    @Override
    public CompletableFuture<SSLSession> acceptTlsAsync(TcpOptions tls) {
        TcpTlsUpgrade.requireOnData(this, tls);
        return TcpTlsUpgrade.begin(this, tls, TlsRecords.ofServer(tls, port.buffers()), true, null).secured();
    }

    private TlsRecords clientRecords(TcpOptions tls, String host, int tcpPort) {
        return TlsRecords.ofClient(tls, host, tcpPort, port.buffers());
    }

    /** Throws if TLS cannot begin now. */
    void requirePlain(boolean server) {
        assert Thread.holdsLock(lock);
        if (socket instanceof TlsSocket || tlsUpgrade != null) {
            throw new IllegalStateException("there is TLS already");
        }
        if (!server && !isSending() && queuedBytes() > 0) {
            throw new IllegalStateException("something is still to be sent in the open");
        }
        if (!isInOnData() && awaitsData()) {
            throw new IllegalStateException("no agreement was read, and a receive still waits for it");
        }
    }

    /** Puts TLS between this connection and its socket, and begins the handshake. */
    void secure(TlsRecords records, TcpTlsHandshake handshake) {
        assert Thread.holdsLock(lock);
        TlsSocket tls = new TlsSocket(PortInternals.of(port), socket, records, options.lingerTimeout());
        socket = tls;
        tls.handshake(handshake);
    }

    /** Called when a TLS handshake has succeeded. */
    void secured() {
        synchronized (lock) {
            if (tlsUpgrade != null) {
                tlsUpgrade.succeed();
                tlsUpgrade = null;
                flush();
                receiveNext();
                return;
            }
        }
        open();
    }

    // ------------------------------------------------------------------ closing

    /** Closing, step 1: asks both directions to end. */
    @Override
    public void close() {
        synchronized (lock) {
            if (state == State.CONNECTING) {
                fail(null, null, false);
            } else if (state == State.OPEN) {
                try {
                    beginToClose();
                } catch (OutOfMemoryError e) {
                    outOfMemory(e);
                }
            }
        }
    }

    private void beginToClose() {
        state = State.CLOSING;
        report(new CloseInfo(null, Initiator.LOCAL, null, 0));
        output = output == Output.ENDED ? Output.ENDED : Output.ENDING;
        dropReceived();
        startLingering();
        wakeWriter();
        if (!finishIfBothEnded()) {
            receiveNext();
            flushOrDefer();
        }
    }

    /** Closing, step 2: goes on when both directions have ended. */
    @Override
    boolean finishIfBothEnded() {
        assert Thread.holdsLock(lock);
        assert state != State.CLOSED;
        if (!inputEnded || output != Output.ENDED) {
            return false;
        }
        report(new CloseInfo(null, Initiator.REMOTE, null, 0));
        destroy();
        return true;
    }

    /**
     * Closing, step 3: closes the transport. Pending operations keep this object alive until they were delivered.
     */
    private void destroy() {
        assert Thread.holdsLock(lock);
        assert state != State.CLOSED;
        // first: where there is no memory for it nothing has ended, and the next failure tries again
        post(this::ended);
        state = State.CLOSED;
        if (socket != null) {
            socket.close();
        }
        if (connector != null) {
            connector.stop();
        }
        stopSending();
        dropHeld();
    }

    /** Fails the futures that wait for this connection, and drops its own reference. Strand only. */
    private void ended() {
        try {
            failWaiting();
        } finally {
            // without the lock: if the application waits for closed(), its code may run from here
            dropReference();
        }
    }

    @Override
    protected void free() {
        memory.close();
        record.freed(this);
    }

    @Override
    void fail(IoError error, Throwable cause, boolean remote) {
        synchronized (lock) {
            boolean ended = state == State.CLOSED;
            try {
                if (!ended) {
                    failAtOnce(error, cause, remote);
                    ended = true;
                }
            } finally {
                if (!ended && socket != null) {
                    // there is no memory for the close. This ends the operations under way, and the end of each tries
                    // again
                    socket.close();
                }
            }
        }
    }

    private void failAtOnce(IoError error, Throwable cause, boolean remote) {
        boolean ours = !remote || error.group() == IoError.Group.CLOSED;
        // if a handle is closed under an open connection, its port has closed it, and calls its key a moment later
        IoError told = error == IoError.BAD_DESCRIPTOR ? IoError.OPERATION_ABORTED : error;
        report(new CloseInfo(told, ours ? Initiator.LOCAL : Initiator.REMOTE, cause, 0));
        // closed() reports this error even after a close(), whose onClose the handler has had already
        record.failed(told, cause);
        destroy();
    }

    /** Reports the first end to the handler. Later ends are not reported. */
    private void report(CloseInfo info) {
        if (record.firstClose() == null) {
            // first: where there is no memory for it nothing has ended, and the next failure tries again
            postClose(info);
            record.begin(info);
            stopIdleTimer();
        }
    }

    /** Called by the key of each socket. */
    void onPortClosing() {
        fail(IoError.OPERATION_ABORTED, null, false);
    }

    @Override
    public void reset() {
        synchronized (lock) {
            if (socket != null && state != State.CLOSED) {
                try {
                    socket.option(StandardSocketOptions.SO_LINGER, 0);
                } catch (IOException e) {
                    LOG.log(Level.DEBUG, "no reset, so an abort", e);
                }
            }
            abort();
        }
    }

    // ------------------------------------------------------------------ facts

    @Override
    InetSocketAddress peer() {
        PortSocket there = socket;
        TcpConnector asked = connector;
        return there != null ? there.remote() : asked == null ? null : asked.remote();
    }

    @Override
    long heldNow(Kind kind) {
        assert Thread.holdsLock(lock);
        long inTls = socket instanceof TlsSocket tls ? tls.heldBytes() : 0;
        return memory.charged(kind) + (kind == Kind.DIRECT ? queuedBytes() + receiveMemory() + inTls : 0);
    }
}
