package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSession;

/**
 * TLS over a connected socket of the port. It is a socket itself, so the layers above need no TLS code. One operation
 * of the application becomes as many operations of the {@link TlsTransport} as its records need.
 *
 * <p>The end (RFC 8446 section 6.1): {@link #shutdownOutput()} sends close_notify and then FIN. close_notify of the
 * peer completes a receive with 0 bytes; FIN without it is {@link IoError#CONNECTION_RESET}, since an attacker may have
 * cut off the rest. Under TLS 1.2, which has no half-close, the engine answers close_notify at once, and later sends
 * fail with {@link IoError#BROKEN_PIPE}.
 */
final class TlsSocket extends UserSpaceSocket {
    /** How long a closed socket still tries to send its alert. */
    static final Duration ALERT_MAX = Duration.ofSeconds(1);

    private final PortSocket inner;
    /** How long a closed socket still tries to send its close_notify. */
    private final Duration lingerTimeout;

    // Guarded by lock.
    private final TlsRecords records;
    private final TlsTransport transport;
    /** The pending handshake; null before and after. */
    private IoContext handshake;
    /** The number of bytes of the pending send that were wrapped. */
    private long wrapped;
    /** True while the engine's tasks run on their own thread; the engine must not be used meanwhile. */
    private boolean working;
    /** True when close_notify and FIN must be sent, or were sent. */
    private boolean ending;

    /** Set once, when the handshake is done. */
    private volatile SSLSession session;
    private volatile String applicationProtocol;

    /** Makes a socket with the records of a new engine, whose handshake has not begun. */
    TlsSocket(PortInternals port, PortSocket inner, TlsRecords records, Duration lingerTimeout) {
        super(port, new Object());
        this.inner = inner;
        this.lingerTimeout = lingerTimeout;
        this.records = records;
        this.transport = new TlsTransport(this, inner, records);
    }

    // ------------------------------------------------------------------ submits

    @Override
    public void bind(InetSocketAddress local) throws IoException {
        inner.bind(local);
    }

    @Override
    public void connect(InetSocketAddress remote, IoContext context) {
        throw new IllegalStateException("connected already: TLS begins with handshake()");
    }

    /**
     * Begins the TLS handshake over an inner socket that is connected. Completes with 0 bytes, or for example with
     * {@link IoError#TLS_FAILURE}.
     */
    void handshake(IoContext context) {
        synchronized (lock) {
            if (begin(context, Operation.CONNECT, null)) {
                handshake = context;
                try {
                    records.begin();
                } catch (SSLException e) {
                    fail(IoError.TLS_FAILURE, e);
                }
                advance();
            }
        }
    }

    /** Sends close_notify and then FIN, without waiting. An error meanwhile fails the next receive. */
    @Override
    public void shutdownOutput() throws IoException {
        synchronized (lock) {
            if (isClosed() || error() != null || session == null) {
                IoError why = isClosed() ? IoError.BAD_DESCRIPTOR : IoError.NOT_CONNECTED;
                throw new IoException(why, "shutdown", local(), remote(), cause());
            }
            ending = true;
            advance();
        }
    }

    /**
     * Pending operations complete with {@link IoError#OPERATION_ABORTED}. An alert or close_notify that is being sent
     * gets some time.
     */
    @Override
    public void close() {
        synchronized (lock) {
            if (markClosed()) {
                boolean alert = transport.isAlertUnderWay();
                boolean end = ending && !transport.isFinSent() && error() == null && (transport.isSending() || working);
                if (alert || end) {
                    transport.closeAfter(alert ? ALERT_MAX : lingerTimeout);
                } else {
                    transport.close();
                }
            }
        }
    }

    // ------------------------------------------------------------------ facts

    /** Memory for records, in bytes. */
    long heldBytes() {
        synchronized (lock) {
            // the engine's tasks touch no buffer
            return records.heldBytes();
        }
    }

    /** Returns the session of the finished handshake; null before. */
    SSLSession session() {
        return session;
    }

    /** The protocol that ALPN chose, empty if none; null before the handshake is done. */
    String applicationProtocol() {
        return applicationProtocol;
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) throws IoException {
        inner.option(option, value);
    }

    @Override
    public void key(CompletionKey key) {
        inner.key(key);
    }

    @Override
    public InetSocketAddress local() {
        return inner.local();
    }

    @Override
    public InetSocketAddress remote() {
        return inner.remote();
    }

    @Override
    public String toString() {
        return "TLS over " + inner;
    }

    // ------------------------------------------------------------------ one step after the other

    @Override
    void advance() {
        assert Thread.holdsLock(lock);
        try {
            boolean again = true;
            while (again && !working && error() == null && (!isClosed() || transport.hasLastWords())) {
                again = step();
            }
        } catch (SSLException | RuntimeException e) {
            fail(IoError.TLS_FAILURE, e);
        } catch (OutOfMemoryError e) {
            // not thrown to the caller, since its operation is pending here and would never end
            fail(IoError.NO_BUFFERS, e);
        }
        if (!transport.isSending() && !working) {
            if (ending && !transport.isFinSent() && error() == null && records.isOutputDone()) {
                transport.sendFin();
            }
            if (isClosed() && !transport.isAlertUnderWay()) {
                transport.close();
            }
        }
    }

    private boolean step() throws SSLException {
        assert Thread.holdsLock(lock) && !working;
        if (records.wantsTask()) {
            work();
            return false;
        }
        boolean moved = !transport.isSending() && wrap();
        if (!transport.isReceiving() && (handshake != null || isReceiving())) {
            moved |= unwrap();
        }
        if (handshake != null && records.isHandshakeDone()) {
            session = records.session();
            applicationProtocol = records.applicationProtocol();
            IoContext done = handshake;
            handshake = null;
            port.finish(done, 0, null, null);
        }
        return moved;
    }

    /**
     * Runs the engine's tasks on their own thread, since signatures and key agreements take milliseconds: too long for
     * a worker.
     */
    private void work() {
        Counted kept = owner();
        kept.addReference();
        working = true;
        boolean begun = false;
        try {
            port.offload(() -> runTasks(kept));
            begun = true;
        } finally {
            if (!begun) {
                working = false;
                kept.dropReference();
            }
        }
    }

    /**
     * Runs the tasks and gives the kept reference back, which may be the last one. The port does not wait for the end
     * of this thread, see {@link PortInternals#offload}.
     */
    private void runTasks(Counted kept) {
        Throwable thrown = null;
        try {
            records.runTasks();
        } catch (Throwable failure) {
            // thrown by the application's key or trust manager, or memory has run out; unless this fails the
            // connection, the engine would wait for ever
            thrown = failure;
        }
        try {
            synchronized (lock) {
                working = false;
                if (thrown != null) {
                    fail(IoError.TLS_FAILURE, thrown);
                }
                advance();
            }
        } finally {
            kept.dropReference();
        }
    }

    /** Wraps the engine's own messages first, then the application's bytes, then close_notify. */
    private boolean wrap() throws SSLException {
        boolean application = isSending() && wrapped == 0 && session != null;
        if (ending && !application) {
            records.end();
        }
        if (!application && !records.wantsWrap()) {
            return false;
        }
        wrapped = application ? records.wrap(from()) : records.wrap(TlsRecords.EMPTY);
        if (records.sealed() != null) {
            transport.send();
        } else if (application && records.isOutputDone()) {
            finishSend(0, IoError.BROKEN_PIPE,
                    new SSLException("the peer has ended: before TLS 1.3 that ends both directions"));
        }
        return records.hasMoved();
    }

    private boolean unwrap() throws SSLException {
        TlsRecords.Stop stop = records.unwrap(isReceiving() ? into() : TlsRecords.EMPTY);
        if (isReceiving() && (got() > 0 || stop == TlsRecords.Stop.ENDED)) {
            finishReceive();
        } else if (stop == TlsRecords.Stop.ENDED || stop == TlsRecords.Stop.HUNGRY && transport.hasEnded()) {
            fail(IoError.CONNECTION_RESET, handshake == null
                    ? new SSLException("the connection ended without close_notify")
                    : new SSLHandshakeException("the peer ended the connection during the handshake"));
        } else if (stop == TlsRecords.Stop.HUNGRY) {
            transport.receive();
        }
        return records.hasMoved();
    }

    /** Fails every operation with this error. If it is an error of TLS, sends the peer an alert. */
    private void fail(IoError why, Throwable thrown) {
        assert Thread.holdsLock(lock);
        if (why == IoError.TLS_FAILURE && !transport.isSending() && !isClosed()) {
            records.sent();
            try {
                records.wrap(TlsRecords.EMPTY);
                transport.alert();
            } catch (SSLException | RuntimeException | OutOfMemoryError e) {
                thrown.addSuppressed(e);
            }
        }
        breakOff(why, thrown);
    }

    @Override
    void failPending(IoError why, Throwable thrown) {
        assert Thread.holdsLock(lock);
        super.failPending(why, thrown);
        if (handshake != null) {
            port.finish(handshake, 0, why, thrown);
            handshake = null;
        }
        if (!transport.isReceiving()) {
            records.release();
        }
    }

    // ------------------------------------------------------------------ the ends of the transport's operations

    void received(IoContext context) {
        synchronized (lock) {
            transport.received(context.transferred());
            if (isClosed() || error() != null) {
                transport.drop(context.transferred());
            } else if (context.error() != null) {
                fail(context.error(), context.cause());
            }
            advance();
        }
    }

    void sent(IoContext context) {
        synchronized (lock) {
            try {
                if (transport.sent(context.error() == null && (!isClosed() || transport.hasLastWords()))) {
                    return;
                }
            } catch (OutOfMemoryError e) {
                fail(IoError.NO_BUFFERS, e);
            }
            records.sent();
            if (context.error() != null) {
                fail(context.error(), context.cause());
            } else if (transport.isAlerting()) {
                transport.alertSent();
            } else if (isSending() && wrapped > 0) {
                finishSend(wrapped, null, null);
            }
            wrapped = 0;
            advance();
        }
    }
}
