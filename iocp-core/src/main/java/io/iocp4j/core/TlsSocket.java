package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSession;

/**
 * TLS over a connected socket of the port, as a socket again: the layers above need not know. One operation of the application becomes
 * as many of the inner socket as its records take. Inner operations retain the owner of the outer ones, the connection, which so
 * outlives them.
 *
 * <p>The end (RFC 8446 section 6.1): {@link #shutdownOutput()} sends close_notify and then FIN. close_notify of the peer is the receive
 * of 0 bytes; FIN without it is {@link IoError#CONNECTION_RESET}, since anybody may have cut off what was to come. Under TLS 1.2, which
 * has no half-close, the engine answers close_notify at once, and what is sent afterwards fails with {@link IoError#BROKEN_PIPE}.
 */
final class TlsSocket extends UserSpaceSocket {
    private static final System.Logger LOG = new GuardedLog(TcpConnection.class);

    /** How long a closed socket still tries to get its alert out. */
    static final Duration ALERT_MAX = Duration.ofSeconds(1);

    /** How much of what still comes is dropped meanwhile, in bytes: more than a first flight, less than a flood. */
    static final int DROPPED_MAX = 256 << 10;

    private final PortSocket inner;
    /** How long a closed socket still tries to get its close_notify out. */
    private final Duration lingerTimeout;

    // guarded by lock
    private final TlsRecords records;
    private IoContext handshake;
    /** What of the pending send was wrapped, in bytes. */
    private long wrapped;
    private boolean innerReceiving;
    private boolean innerSending;
    /** FIN came, with or without close_notify before it. */
    private boolean innerEnded;
    /** The engine's tasks run on a thread of their own; the engine must not be touched. */
    private boolean working;
    /** close_notify and FIN are to be sent, or were. */
    private boolean ending;
    private boolean finSent;
    /** An alert was sent, or is being sent; what still comes is dropped. */
    private boolean alerting;
    private long dropped;
    /** Closed, but for what is still to be said. */
    private Future<?> lastWords;

    /** Set once, when the handshake is done. */
    private volatile SSLSession session;
    private volatile String applicationProtocol;

    /** The records are those of a new engine, whose handshake has not begun. */
    TlsSocket(PortInternals port, PortSocket inner, TlsRecords records, Duration lingerTimeout) {
        super(port, new Object());
        this.inner = inner;
        this.lingerTimeout = lingerTimeout;
        this.records = records;
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

    /** Shakes hands over an inner socket that is connected. Completes with 0 bytes, or for example with {@link IoError#TLS_FAILURE}. */
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

    /** Sends close_notify and then FIN, without waiting; an error in doing so is seen by the next receive. */
    @Override
    public void shutdownOutput() throws IoException {
        synchronized (lock) {
            if (isClosed() || error() != null || session == null) {
                throw new IoException(isClosed() ? IoError.BAD_DESCRIPTOR : IoError.NOT_CONNECTED, "shutdown", local(), remote(), cause());
            }
            ending = true;
            advance();
        }
    }

    /** What is pending completes with {@link IoError#OPERATION_ABORTED}; last words that are under way have some time to get out. */
    @Override
    public void close() {
        synchronized (lock) {
            if (markClosed()) {
                boolean alert = alerting && (innerSending || innerReceiving);
                boolean end = ending && !finSent && error() == null && (innerSending || working);
                if (alert || end) {
                    lastWords = port.deadline(alert ? ALERT_MAX : lingerTimeout, inner::close);
                } else {
                    inner.close();
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

    /** Of the finished handshake; null before. */
    SSLSession session() {
        return session;
    }

    /** What ALPN chose, empty if nothing; null before the handshake is done. */
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

    // ------------------------------------------------------------------ inside, under the lock

    @Override
    void advance() {
        try {
            boolean again = true;
            while (again && !working && error() == null && (!isClosed() || lastWords != null)) {
                again = step();
            }
        } catch (SSLException | RuntimeException e) {
            fail(IoError.TLS_FAILURE, e);
        } catch (OutOfMemoryError e) {
            // not to the caller: what it asked for is pending here, and with nobody to go on it would be for ever
            fail(IoError.NO_BUFFERS, e);
        }
        if (!innerSending && !working) {
            if (ending && !finSent && error() == null && records.isOutputDone()) {
                sendFin();
            }
            if (isClosed() && !(alerting && innerReceiving)) {
                closeInner();
            }
        }
    }

    private boolean step() throws SSLException {
        if (records.wantsTask()) {
            work();
            return false;
        }
        boolean moved = !innerSending && wrap();
        if (!innerReceiving && (handshake != null || isReceiving())) {
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

    /** Signatures and key agreements take milliseconds: too long for a worker. */
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

    /** The last reference may go here; nothing of the port waits for this thread to end, see {@link PortInternals#offload}. */
    private void runTasks(Counted kept) {
        Throwable thrown = null;
        try {
            records.runTasks();
        } catch (Throwable failure) {
            // of a key or trust manager of the application, or memory has run out: the engine would wait for ever
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

    /** The engine's words first, then the application's, then close_notify. */
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
            submitSend();
        } else if (application && records.isOutputDone()) {
            finishSend(0, IoError.BROKEN_PIPE, new SSLException("the peer has ended: before TLS 1.3 that ends both directions"));
        }
        return records.hasMoved();
    }

    private void submitSend() {
        PooledBuffer sealed = records.sealed();
        submit(new Inner(sealed, this::sent), context -> inner.send(sealed.buffer(), context));
        innerSending = true;
    }

    private boolean unwrap() throws SSLException {
        TlsRecords.Stop stop = records.unwrap(isReceiving() ? into() : TlsRecords.EMPTY);
        if (isReceiving() && (got() > 0 || stop == TlsRecords.Stop.ENDED)) {
            finishReceive();
        } else if (stop == TlsRecords.Stop.ENDED || stop == TlsRecords.Stop.HUNGRY && innerEnded) {
            fail(IoError.CONNECTION_RESET, handshake == null ? new SSLException("the connection ended without close_notify")
                    : new SSLHandshakeException("the peer ended the connection during the handshake"));
        } else if (stop == TlsRecords.Stop.HUNGRY) {
            submitReceive();
        }
        return records.hasMoved();
    }

    private void submitReceive() {
        PooledBuffer room = records.room();
        submit(new Inner(room, this::received), context -> inner.receive(room.buffer(), context));
        innerReceiving = true;
    }

    private void sendFin() {
        finSent = true;
        try {
            inner.shutdownOutput();
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "FIN of " + this, e);
        }
    }

    /** Everything ends with this error; the peer is told if it is one of TLS. */
    private void fail(IoError why, Throwable thrown) {
        if (why == IoError.TLS_FAILURE && !innerSending && !isClosed()) {
            records.sent();
            try {
                records.wrap(TlsRecords.EMPTY);
                alerting = records.sealed() != null;
                if (alerting) {
                    submitSend();
                }
            } catch (SSLException | RuntimeException | OutOfMemoryError e) {
                thrown.addSuppressed(e);
            }
        }
        breakOff(why, thrown);
    }

    @Override
    void failPending(IoError why, Throwable thrown) {
        super.failPending(why, thrown);
        if (handshake != null) {
            port.finish(handshake, 0, why, thrown);
            handshake = null;
        }
        if (!innerReceiving) {
            records.release();
        }
    }

    private void closeInner() {
        if (lastWords != null) {
            lastWords.cancel(false);
        }
        inner.close();
    }

    // ------------------------------------------------------------------ inside: the operations of the inner socket

    private void received(IoContext context) {
        synchronized (lock) {
            innerReceiving = false;
            innerEnded = context.transferred() == 0;
            records.received(context.transferred());
            if (isClosed() || error() != null) {
                records.release();
                dropped += context.transferred();
                if (alerting && !innerEnded && dropped <= DROPPED_MAX) {
                    submitReceive();
                }
            } else if (context.error() != null) {
                fail(context.error(), context.cause());
            }
            advance();
        }
    }

    private void sent(IoContext context) {
        synchronized (lock) {
            innerSending = false;
            boolean unsent = records.sealed().buffer().hasRemaining();
            if (unsent && context.error() == null && (!isClosed() || lastWords != null)) {
                try {
                    submitSend();
                    return;
                } catch (OutOfMemoryError e) {
                    fail(IoError.NO_BUFFERS, e);
                }
            }
            records.sent();
            if (context.error() != null) {
                fail(context.error(), context.cause());
            } else if (alerting) {
                // a close with input that nobody read would be a reset, which may overtake the alert
                sendFin();
                if (!innerReceiving && !innerEnded) {
                    submitReceive();
                }
            } else if (isSending() && wrapped > 0) {
                finishSend(wrapped, null, null);
            }
            wrapped = 0;
            advance();
        }
    }

    private static void submit(IoContext context, Consumer<IoContext> submit) {
        boolean submitted = false;
        try {
            submit.accept(context);
            submitted = true;
        } finally {
            if (!submitted) {
                // the port was closed, or there was no memory: the context is ours again
                context.release();
            }
        }
    }

    /** One operation: retains the connection and its buffer. */
    private final class Inner extends IoContext {
        private final PooledBuffer memory;
        private final Consumer<IoContext> then;

        Inner(PooledBuffer memory, Consumer<IoContext> then) {
            super(TlsSocket.this.owner());
            this.memory = memory;
            this.then = then;
            memory.retain();
        }

        @Override
        protected void onCompletion() {
            then.accept(this);
        }

        @Override
        protected void free() {
            memory.release();
            super.free();
        }
    }
}
