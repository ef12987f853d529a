package io.iocp4j.core;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;

/**
 * The lowest layer of a connection: its state, callbacks, tasks and idle timeout, and the handling of their failures.
 *
 * <p>A connection is one object in layers: {@link Strand}, this, {@link TcpFlusher}, {@link TcpSender},
 * {@link TcpReceiver} and {@link TcpChannel}. Several objects that refer to each other would cost more, since with many
 * connections each object that a message touches costs a cache miss.
 */
abstract sealed class TcpCallbacks extends Strand implements TcpConnection permits TcpFlusher {
    static final System.Logger LOG = new GuardedLog(TcpConnection.class);
    /** How many nested causes {@link #ownFailure} looks through. */
    private static final int CAUSES_MAX = 8;

    /** The states of our sending side. */
    enum Output {
        /** Takes data. */
        OPEN,
        /** Takes no more data; FIN follows the queue. */
        ENDING,
        /** FIN was sent. */
        ENDED
    }

    /** A callback of the handler. */
    interface Callback {
        void call(TcpConnection connection, TcpHandler handler) throws IOException;
    }

    final TcpOptions options;

    // The connection and its two directions. Written with lock held; the strand reads the volatile ones without it.
    volatile State state;
    /** Null until there is a socket. */
    volatile PortSocket socket;
    private volatile Object attachment;
    /** Null until an idle timeout is set; most connections never have one. */
    private volatile TcpIdleTimer idle;
    Output output = Output.OPEN;
    /** True when the peer's FIN was delivered, or dropped after {@code close()}. */
    boolean inputEnded;

    // Callbacks. Strand only.
    /** Set before the strand runs the first time. */
    TcpHandler handler;
    /** True when {@code onClose} has returned: no callback and no task follows. */
    private boolean closeReported;

    /** The outcome of the connection. Cold: kept apart from the fields that every message touches. */
    final CloseRecord record;

    TcpCallbacks(CompletionPort port, PortSocket socket, TcpOptions options, State state,
            Consumer<TcpConnection> onFreed) {
        // the socket serves as lock, since each message touches it anyway
        super(port, socket);
        this.socket = socket;
        this.options = options;
        this.state = state;
        this.record = new CloseRecord(port.nanoTime(), onFreed);
    }

    /** Ends the connection at once. Only the first error and the first end are kept. Any thread. */
    abstract void fail(IoError error, Throwable cause, boolean remote);

    @Override
    public final void abort() {
        fail(null, null, false);
    }

    @Override
    public final void abort(IoError error, Throwable cause) {
        fail(Objects.requireNonNull(error), cause, false);
    }

    /**
     * The peer's address, or the requested address while there is no connection; null if there is neither. Any thread.
     */
    abstract InetSocketAddress peer();

    // ------------------------------------------------------------------ callbacks

    /** Sets the handler, before the connection is opened. */
    final void firstHandler(TcpHandler first) {
        handler = first;
    }

    @Override
    public final void handler(TcpHandler next) {
        Objects.requireNonNull(next);
        if (!onStrand() || handler instanceof TcpBlockingReader) {
            throw new IllegalStateException("the handler changes in a callback or a task of the connection only");
        }
        handler = next;
    }

    /** Calls the handler, without the lock. Nothing is reported after {@code onClose}. Strand only. */
    final void callback(String name, Callback callback) {
        if (closeReported) {
            return;
        }
        FlightEvents.SlowHandler slow = new FlightEvents.SlowHandler();
        slow.begin();
        try {
            callback.call(this, handler);
        } catch (Throwable thrown) {
            failed(thrown);
        }
        slow.end();
        if (slow.shouldCommit()) {
            slow.commit(this, name);
        }
    }

    /** Posts the last callback. */
    final void postClose(CloseInfo info) {
        assert Thread.holdsLock(lock);
        post(() -> {
            callback("onClose", (c, h) -> h.onClose(c, info));
            closeReported = true;
        });
    }

    @Override
    void failed(Throwable thrown) {
        if (state == State.CLOSED && ownFailure(thrown) != null) {
            LOG.log(Level.DEBUG, "a callback of a connection that has ended meanwhile", thrown);
            return;
        }
        try {
            fail(IoError.HANDLER_FAILED, thrown, false);
        } catch (Throwable again) {
            thrown.addSuppressed(again);
        }
        LOG.log(Level.WARNING, () -> "a callback of " + this + " threw; the connection ends", thrown);
    }

    /**
     * Finds a failure of this connection in an exception of the application: the exception itself, or a cause of nested
     * IOExceptions and exceptions of futures. Returns null for every other exception, which is a defect of the
     * application even if the connection has ended meanwhile.
     */
    final IoException ownFailure(Throwable thrown) {
        Throwable inner = thrown;
        // causes may form a circle
        for (int depth = 0; depth < CAUSES_MAX; depth++) {
            boolean passesOn = inner instanceof IOException || inner instanceof UncheckedIOException
                    || inner instanceof CompletionException || inner instanceof ExecutionException;
            if (!passesOn) {
                return null;
            }
            if (inner instanceof IoException failure && failure.isOf(this)) {
                return failure;
            }
            inner = inner.getCause();
        }
        return null;
    }

    /** Makes the exception of a failed blocking call, with a detail in words. */
    final IoException ioException(String operation, IoError error, String detail) {
        Throwable cause;
        synchronized (lock) {
            CloseInfo first = record.firstClose();
            cause = first == null ? null : first.cause();
        }
        return new IoException(error, operation, local(), peer(), detail, cause);
    }

    // ------------------------------------------------------------------ tasks

    @Override
    public final void execute(Runnable task) {
        synchronized (lock) {
            if (state != State.CLOSED) {
                post(unlessClosed(task));
            }
        }
    }

    @Override
    public final void executeLater(Runnable task) {
        synchronized (lock) {
            if (state != State.CLOSED) {
                postLater(unlessClosed(task));
            }
        }
    }

    private Runnable unlessClosed(Runnable task) {
        return () -> {
            if (!closeReported) {
                task.run();
            }
        };
    }

    @Override
    public final Future<?> schedule(Duration delay, Runnable task) {
        return port.schedule(delay, () -> execute(task));
    }

    @Override
    public final Future<?> deadline(Duration limit, Runnable missed) {
        return port.deadline(limit, () -> execute(missed));
    }

    // ------------------------------------------------------------------ silences

    @Override
    public final void idleTimeout(Duration silence) {
        Limits.notNegative(silence, "a silence");
        synchronized (lock) {
            if (idle == null) {
                idle = new TcpIdleTimer(port, lock, this::silent);
            }
            if (record.firstClose() == null) {
                idle.start(silence);
            }
        }
    }

    /** Returns the idle timeout, in nanoseconds; 0 for none. */
    final long idleNanos() {
        synchronized (lock) {
            return idle == null ? 0 : idle.silenceNanos();
        }
    }

    private void silent() {
        assert Thread.holdsLock(lock);
        // nothing is reported before onOpen; a connect has its own limit
        if (state == State.CONNECTING) {
            idle.noticeDelivered();
            return;
        }
        post(() -> {
            callback("onTimeout", (c, h) -> h.onTimeout(c));
            synchronized (lock) {
                idle.noticeDelivered();
            }
        });
    }

    /** Tells whether the idle timer must note each message. Any thread. */
    final boolean watchesActivity() {
        return idle != null;
    }

    final void noteActivity() {
        assert Thread.holdsLock(lock);
        if (idle != null) {
            idle.noteActivity();
        }
    }

    final void stopIdleTimer() {
        assert Thread.holdsLock(lock);
        if (idle != null) {
            idle.stop();
        }
    }

    // ------------------------------------------------------------------ facts

    @Override
    public final Object attachment() {
        return attachment;
    }

    @Override
    public final void attachment(Object object) {
        attachment = object;
    }

    @Override
    public final CompletableFuture<CloseInfo> closed() {
        return record.closed();
    }

    @Override
    public final CloseInfo closeInfo() {
        synchronized (lock) {
            return record.firstClose();
        }
    }

    @Override
    public final CompletionPort completionPort() {
        return port;
    }

    @Override
    public final State state() {
        return state;
    }

    @Override
    public final InetSocketAddress local() {
        PortSocket there = socket;
        return there == null ? null : there.local();
    }

    @Override
    public final InetSocketAddress remote() {
        PortSocket there = socket;
        return there == null ? null : there.remote();
    }

    @Override
    public final SSLSession tlsSession() {
        return socket instanceof TlsSocket tls ? tls.session() : null;
    }

    @Override
    public final String applicationProtocol() {
        return socket instanceof TlsSocket tls ? tls.applicationProtocol() : null;
    }

    @Override
    public final void keepAlive(boolean on) throws IOException {
        connectedSocket().option(StandardSocketOptions.SO_KEEPALIVE, on);
    }

    @Override
    public final void keepAlive(Duration idle, Duration interval, int count) throws IOException {
        KeepAlive.of(idle, interval, count).applyTo(connectedSocket());
    }

    private PortSocket connectedSocket() throws IoException {
        PortSocket there = socket;
        if (there == null) {
            throw ioException("option", IoError.NOT_CONNECTED, "the connection is not there yet");
        }
        return there;
    }

    @Override
    public final String toString() {
        return "TcpConnection[" + state() + ", local " + local() + ", peer " + peer() + "]";
    }
}
