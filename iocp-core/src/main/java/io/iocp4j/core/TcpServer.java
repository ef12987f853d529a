package io.iocp4j.core;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Accepts TCP connections. Either with callbacks, a {@link TcpHandler} for each connection, or with a virtual thread for each
 * ({@link #listen(int, TcpSession)}).
 *
 * <p>{@link #close()} only stops accepting; the connections live on, and {@link #closed()} completes when the last is gone.
 */
public final class TcpServer implements AutoCloseable {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    /** The first wait before accepting again when something is lacking, such as descriptors; it doubles up to a second. */
    private static final Duration RETRY_FIRST = Duration.ofMillis(10);
    private static final Duration RETRY_MAX = Duration.ofSeconds(1);

    /**
     * How often within a second an accept is repeated at once because the peer was gone before it: more than peers can do in earnest, and
     * no spin where a broken system says that of every accept. What comes above waits as after any other failure.
     */
    static final int GONE_PER_SECOND_MAX = 10_000;

    private static final InetAddress ANY6 = InetAddress.ofLiteral("::");
    private static final InetAddress ANY4 = InetAddress.ofLiteral("0.0.0.0");

    private final CompletionPort port;
    private final boolean ownsPort;
    private final TcpOptions options;
    private final Function<TcpConnection, TcpHandler> handlers;
    private final PortAcceptor listener;
    private final Set<TcpConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    /** Made before it is needed, which is where memory may be short. */
    private final Runnable acceptNext = this::acceptNext;

    /** What happens to the connections of a server. It only moves down this list. */
    private enum StopMode {
        /** They live. */
        LIVE,
        /** They close in order. */
        CLOSE,
        /** They are cut. */
        ABORT
    }

    // guarded by this
    private boolean closing;
    private StopMode fate = StopMode.LIVE;
    private int open;
    private Duration retry = RETRY_FIRST;
    /** Peers that were gone in the second that began then. */
    private int gone;
    private long goneSince;
    /** Accepting could be begun neither now nor later, for want of memory: the next connection that goes makes room for it. */
    private boolean acceptDue;
    /** Null unless {@link #closeOnExit} was called. */
    private Thread exitHook;

    private TcpServer(CompletionPort port, boolean ownsPort, TcpOptions options, Function<TcpConnection, TcpHandler> handlers)
            throws IOException {
        this.port = port;
        this.ownsPort = ownsPort;
        this.options = options;
        this.handlers = Objects.requireNonNull(handlers);
        if (options.tls() != null) {
            // what TLS refuses is refused here, not at each connection
            TlsRecords.ofServer(options, PortInternals.of(port).buffers());
            TlsRecords.requireAnswer(options);
        }
        requireUserTimeout();
        this.listener = listen(options.address());
    }

    /** An engine that cannot set it says so here: at each connection it would only be a server that drops everybody. */
    private void requireUserTimeout() throws IoException {
        if (!options.userTimeout().isZero()) {
            PortSocket probe = port.socket(CompletionKey.NONE);
            try {
                options.applyTo(probe);
            } finally {
                probe.close();
            }
        }
    }

    /** On every address of both families where the system has both, else on those of IPv4. */
    private PortAcceptor listen(InetSocketAddress address) throws IoException {
        if (!address.getAddress().isAnyLocalAddress()) {
            return port.listen(address, options.backlog(), this::onPortClosing);
        }
        try {
            return port.listen(new InetSocketAddress(ANY6, address.getPort()), options.backlog(), this::onPortClosing);
        } catch (IoException e) {
            if (e.error() == IoError.ADDRESS_IN_USE || e.error() == IoError.ACCESS_DENIED) {
                // half of the world would reach whoever has the other half
                throw e;
            }
            LOG.log(Level.DEBUG, "no IPv6, so IPv4 alone", e);
            return port.listen(new InetSocketAddress(ANY4, address.getPort()), options.backlog(), this::onPortClosing);
        }
    }

    /**
     * Listens on every address, on a port of its own, with one virtual thread for each connection.
     *
     * @param tcpPort 0 lets the system choose
     * @param session what a thread does with its connection
     * @return listening
     * @throws IOException if the address is taken
     */
    public static TcpServer listen(int tcpPort, TcpSession session) throws IOException {
        return listenBlocking(TcpOptions.defaults().tcpPort(tcpPort), session);
    }

    /**
     * Listens on a port of its own, with one virtual thread for each connection.
     *
     * @param options address, options and limits
     * @param session what a thread does with its connection
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     */
    public static TcpServer listenBlocking(TcpOptions options, TcpSession session) throws IOException {
        Objects.requireNonNull(session);
        CompletionPort port = CompletionPort.open();
        return listen(port, true, options, connection -> new SessionHandler(port, options.readMax(), session));
    }

    /**
     * Listens on a port of its own, with callbacks.
     *
     * @param options address, options and limits
     * @param handlers makes the handler of a connection before its {@code onOpen}
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     */
    public static TcpServer listen(TcpOptions options, Function<TcpConnection, TcpHandler> handlers) throws IOException {
        return listen(CompletionPort.open(), true, options, handlers);
    }

    /**
     * Listens on a given port, with callbacks.
     *
     * @param port stays open when the server is closed; when it is closed, so is the server with all its connections
     * @param options address, options and limits
     * @param handlers makes the handler of a connection before its {@code onOpen}
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     */
    public static TcpServer listen(CompletionPort port, TcpOptions options, Function<TcpConnection, TcpHandler> handlers)
            throws IOException {
        return listen(port, false, options, handlers);
    }

    private static TcpServer listen(CompletionPort port, boolean ownsPort, TcpOptions options,
            Function<TcpConnection, TcpHandler> handlers) throws IOException {
        try {
            TcpServer server = new TcpServer(port, ownsPort, options, handlers);
            server.accept();
            return server;
        } catch (IOException | RuntimeException | Error e) {
            if (ownsPort) {
                port.close();
            }
            throw e;
        }
    }

    /**
     * The address it listens on.
     *
     * @return with the real port number where 0 was asked
     */
    public InetSocketAddress address() {
        return listener.local();
    }

    /**
     * The TCP port that it listens on.
     *
     * @return the number that the system chose where 0 was asked, else the one of the options
     */
    public int tcpPort() {
        return address().getPort();
    }

    /**
     * The completion port whose workers accept and run the callbacks.
     *
     * @return the one given, or the server's own
     */
    public CompletionPort completionPort() {
        return port;
    }

    /**
     * The connections that are not gone yet.
     *
     * @return how many
     */
    public int connections() {
        synchronized (this) {
            return open;
        }
    }

    /**
     * The connections that were accepted, including those dropped.
     *
     * @return how many since the start
     */
    public long accepted() {
        return accepted.get();
    }

    /**
     * The newcomers that were closed at once: {@link ConnectionFilter.DropReason} says why that may be.
     *
     * @return how many since the start
     */
    public long dropped() {
        return dropped.get();
    }

    /** Stops accepting. What is open lives on. Does not wait; a second call does nothing. */
    @Override
    public void close() {
        boolean last;
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
            last = open == 0;
        }
        listener.close();
        if (last) {
            finish();
        }
    }

    /**
     * Stops accepting, closes every connection in order, aborts those that are still there at the deadline, and waits until all are
     * gone.
     *
     * @param deadline for the connections to flush, zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void close(Duration deadline) {
        Worker.requireNotWorker(port);
        close();
        endAll(StopMode.CLOSE);
        awaitClosed(deadline);
    }

    /**
     * Ends the process gracefully when it is asked to end, by SIGINT, SIGTERM or {@code System.exit}: stops accepting, lets the
     * connections come to their end until the deadline, and only then lets the process go. A second call changes the deadline.
     *
     * @param deadline for the connections, zero or more; the operating system may have less patience
     * @throws IllegalStateException if the process is ending already
     */
    public void closeOnExit(Duration deadline) {
        Objects.requireNonNull(deadline);
        Thread hook = new Thread(() -> {
            close();
            awaitClosed(deadline);
        }, "iocp4j-exit");
        synchronized (this) {
            if (!closed.isDone()) {
                Runtime.getRuntime().addShutdownHook(hook);
                removeExitHook();
                exitHook = hook;
            }
        }
    }

    /** For tests: null if there is none. */
    synchronized Thread exitHook() {
        return exitHook;
    }

    private synchronized void removeExitHook() {
        if (exitHook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(exitHook);
            } catch (IllegalStateException e) {
                LOG.log(Level.DEBUG, "the process is ending, perhaps by this very hook", e);
            }
            exitHook = null;
        }
    }

    /**
     * Completes when the server was closed and its last connection is gone.
     *
     * @return completes normally, always
     */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    /**
     * Waits like {@link #awaitClosed()}, and aborts the connections that are still there at the deadline. The server has to be closed,
     * now or later.
     *
     * @param deadline zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void awaitClosed(Duration deadline) {
        Worker.requireNotWorker(port);
        try {
            closed.get(TimeUnit.NANOSECONDS.convert(deadline), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            endAll(StopMode.ABORT);
        } catch (InterruptedException e) {
            endAll(StopMode.ABORT);
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new AssertionError("completes normally, always", e);
        }
        awaitClosed();
    }

    /**
     * Waits for {@link #closed()}, and for the end of the workers if the port is the server's own. Where the port cannot go on, see
     * {@link CompletionPort#failure()}, it waits for the end of the port instead.
     */
    public void awaitClosed() {
        Worker.requireNotWorker(port);
        CompletableFuture<Throwable> failure = port.failure();
        CompletableFuture.anyOf(closed, failure).join();
        if (ownsPort || failure.isDone()) {
            port.close();
        }
    }

    private void onPortClosing() {
        // null while the constructor is running: then the first accept finds out
        if (listener != null) {
            close();
        }
    }

    private void finish() {
        closed.complete(null);
        removeExitHook();
        if (ownsPort) {
            // on whatever thread the last connection was freed: whoever awaits the end joins the workers
            PortInternals.beginClose(port);
        }
    }

    private void accept() {
        synchronized (this) {
            if (!closing) {
                Accept accept = new Accept();
                try {
                    listener.accept(accept);
                } catch (IllegalStateException e) {
                    // the port was closed since it gave the listener
                    accept.release();
                    throw e;
                }
            }
        }
    }

    /** Accepts the next one, now or later, whatever is thrown about it: to accept no more is the worst that can happen to a server. */
    private void acceptNext() {
        try {
            accept();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "the port was closed, and so is the server", e);
            close();
        } catch (Throwable thrown) {
            acceptLater(IoError.of(thrown), thrown);
        }
    }

    private void accepted(Accept accept) {
        IoError error = accept.error();
        if (error == null) {
            synchronized (this) {
                retry = RETRY_FIRST;
            }
            PortSocket socket = accept.accepted();
            try {
                admit(socket);
            } catch (Throwable thrown) {
                socket.close();
                LOG.log(Level.ERROR, "a connection could not be taken in", thrown);
            } finally {
                acceptNext();
            }
        } else if (error == IoError.OPERATION_ABORTED || error == IoError.BAD_DESCRIPTOR) {
            // the listener was closed, by close() or with its port
            close();
        } else if (isPeerGone(error) && mayAcceptAtOnce()) {
            acceptNext();
        } else {
            acceptLater(error, accept.cause());
        }
    }

    /** Whether the peer gave up before it was accepted, which says nothing about the listener: it may do so as often as it likes. */
    private static boolean isPeerGone(IoError error) {
        return error == IoError.CONNECTION_RESET || error == IoError.CONNECTION_ABORTED;
    }

    private synchronized boolean mayAcceptAtOnce() {
        long now = port.nanoTime();
        if (gone == 0 || now - goneSince >= TimeUnit.SECONDS.toNanos(1)) {
            goneSince = now;
            gone = 0;
        }
        gone++;
        return gone <= GONE_PER_SECOND_MAX;
    }

    /**
     * A failed accept says nothing about the listener; without a pause a full descriptor table would make this a spin. First what keeps
     * the server alive, then who wants to know, and the log last: all of them may fail in the same need.
     */
    private void acceptLater(IoError error, Throwable cause) {
        Duration wait;
        synchronized (this) {
            if (closing) {
                return;
            }
            wait = retry;
            Duration doubled = retry.multipliedBy(2);
            retry = doubled.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : doubled;
        }
        scheduleAccept(wait);
        try {
            IoException failure = new IoException(error, "accept", address(), null, cause);
            tell(() -> options.filter().onAcceptFailed(failure));
            FlightEvents.AcceptFailed.commit(failure);
            LOG.log(Level.WARNING, "an accept failed; again in " + wait.toMillis() + " ms", failure);
        } catch (Throwable thrown) {
            LOG.log(Level.ERROR, "an accept failed, and so did telling it", thrown);
        }
    }

    private void scheduleAccept(Duration wait) {
        try {
            port.schedule(wait, acceptNext);
        } catch (Throwable noTimer) {
            try {
                accept();
            } catch (IllegalStateException e) {
                close();
            } catch (Throwable notNow) {
                synchronized (this) {
                    acceptDue = true;
                }
                LOG.log(Level.ERROR, "accepting goes on when a connection has gone", notNow);
            }
        }
    }

    private void admit(PortSocket socket) {
        accepted.incrementAndGet();
        ConnectionFilter.DropReason drop = admits(socket) ? room() : ConnectionFilter.DropReason.REFUSED;
        if (drop != null) {
            dropped.incrementAndGet();
            socket.close();
            tell(() -> options.filter().onDrop(socket.local(), socket.remote(), drop));
            return;
        }
        TcpChannel connection;
        try {
            connection = connection(socket);
        } catch (Throwable thrown) {
            socket.close();
            freed(null);
            // gone before its first byte, mostly
            LOG.log(thrown instanceof Error ? Level.ERROR : Level.DEBUG,
                    "a connection from " + socket.remote() + " ended before it began", thrown);
            return;
        }
        connection.open(c -> {
            // as the strand: close(Duration) may close what it finds here before there is a handler
            connections.add(c);
            end(c);
            return handlerFor(c);
        });
    }

    private TcpChannel connection(PortSocket socket) throws IOException {
        options.applyTo(socket);
        TlsSocket tls = options.tls() == null ? null
                : new TlsSocket(PortInternals.of(port), socket, TlsRecords.ofServer(options, port.buffers()), options.lingerTimeout());
        var self = new TcpChannel[1];
        self[0] = new TcpChannel(port, tls == null ? socket : tls, options,
                tls == null ? TcpConnection.State.OPEN : TcpConnection.State.CONNECTING, () -> freed(self[0]));
        return self[0];
    }

    private boolean admits(PortSocket socket) {
        try {
            return options.filter().admits(socket.local(), socket.remote());
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "the filter threw about " + socket.remote() + ", which therefore does not come in", thrown);
            return false;
        }
    }

    /** Takes room for one more connection. Null, or why there is none. */
    private synchronized ConnectionFilter.DropReason room() {
        if (closing) {
            return ConnectionFilter.DropReason.CLOSING;
        }
        if (open >= (options.maxConnections() > 0 ? options.maxConnections() : port.memory().maxConnections())) {
            return ConnectionFilter.DropReason.FULL;
        }
        open++;
        return null;
    }

    private static void tell(Runnable event) {
        try {
            event.run();
        } catch (Throwable thrown) {
            LOG.log(Level.WARNING, "the filter threw; nothing else happens", thrown);
        }
    }

    private void endAll(StopMode asked) {
        synchronized (this) {
            fate = asked.compareTo(fate) > 0 ? asked : fate;
        }
        connections.forEach(this::end);
    }

    /** Called for every connection after it was added, and again when the fate changes: so none is missed between the two. */
    private void end(TcpConnection connection) {
        StopMode now;
        synchronized (this) {
            now = fate;
        }
        switch (now) {
            case LIVE -> { }
            case CLOSE -> connection.close();
            case ABORT -> connection.abort();
        }
    }

    private TcpHandler handlerFor(TcpConnection connection) {
        try {
            return Objects.requireNonNull(handlers.apply(connection), "no handler for a connection");
        } catch (Throwable thrown) {
            return new TcpHandler() {
                @Override
                public void onOpen(TcpConnection c) {
                    c.abort(IoError.HANDLER_FAILED, thrown);
                    LOG.log(Level.WARNING, "no handler could be made for " + c, thrown);
                }
            };
        }
    }

    private void freed(TcpConnection connection) {
        if (connection != null) {
            connections.remove(connection);
        }
        boolean last;
        boolean accepts;
        synchronized (this) {
            open--;
            last = closing && open == 0;
            accepts = acceptDue;
            acceptDue = false;
        }
        if (last) {
            finish();
        }
        if (accepts) {
            acceptNext();
        }
    }

    private final class Accept extends IoContext {
        Accept() {
            super(null);
        }

        @Override
        protected void onCompletion() {
            TcpServer.this.accepted(this);
        }
    }

    /** Gives a connection to a virtual thread when it is open, and the bytes to that thread's calls. */
    private static final class SessionHandler extends TcpBlockingReader {
        private final TcpSession session;

        SessionHandler(CompletionPort port, int readMax, TcpSession session) {
            super(port, readMax);
            this.session = session;
        }

        @Override
        public void onOpen(TcpConnection connection) {
            super.onOpen(connection);
            Thread.ofVirtual().name("tcp " + connection.remote()).start(() -> run(connection));
        }

        private void run(TcpConnection connection) {
            try {
                session.run(connection);
                connection.close();
            } catch (Throwable thrown) {
                IoException ofTheConnection = ((TcpChannel) connection).ownFailure(thrown);
                // logged first: whoever waits for the end may end the process. This is no worker, and the log throws nothing
                if (ofTheConnection != null) {
                    LOG.log(Level.DEBUG, "session of " + connection + " ended", thrown);
                    connection.abort(ofTheConnection.error(), thrown);
                } else {
                    LOG.log(Level.WARNING, "the session of " + connection + " threw; the connection ends", thrown);
                    connection.abort(IoError.HANDLER_FAILED, thrown);
                }
            }
        }
    }
}
