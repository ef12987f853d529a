package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** The connections of a server. Admits or drops newcomers, counts connections, and ends all of them. Any thread. */
final class ServerConnections {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    private final CompletionPort port;
    private final TcpOptions options;
    private final ConnectionFilter filter;
    private final Function<? super TcpConnection, ? extends TcpHandler> handlers;
    private final Runnable onFreed;
    private final Runnable onLast;
    private final Set<TcpConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    // Guarded by this.
    private boolean closed;
    private StopMode mode = StopMode.LIVE;
    private int open;

    /**
     * Begins without connections.
     *
     * @param onFreed called whenever a connection is gone
     * @param onLast called after {@link #close()} when the last connection is gone
     */
    ServerConnections(CompletionPort port, TcpOptions options,
            Function<? super TcpConnection, ? extends TcpHandler> handlers, Runnable onFreed, Runnable onLast) {
        this.port = port;
        this.options = options;
        this.filter = new GuardedFilter(options.filter());
        this.handlers = handlers;
        this.onFreed = onFreed;
        this.onLast = onLast;
    }

    // ------------------------------------------------------------------ facts

    /** Returns the number of connections that are not gone yet. */
    synchronized int open() {
        return open;
    }

    /** Newcomers since the start, including those dropped. */
    long accepted() {
        return accepted.get();
    }

    /** Newcomers that were closed at once, since the start. */
    long dropped() {
        return dropped.get();
    }

    // ------------------------------------------------------------------ beginning

    /** Admits a newcomer, or closes it at once. */
    void admit(PortSocket socket) {
        accepted.incrementAndGet();
        boolean wanted = filter.admits(socket.local(), socket.remote());
        ConnectionFilter.DropReason drop = wanted ? tryAdmit() : ConnectionFilter.DropReason.REFUSED;
        if (drop != null) {
            dropped.incrementAndGet();
            socket.close();
            filter.onDrop(socket.local(), socket.remote(), drop);
            if (wanted) {
                filter.onGone(socket.remote());
            }
            return;
        }
        TcpChannel connection;
        try {
            connection = connection(socket);
        } catch (Throwable thrown) {
            socket.close();
            filter.onGone(socket.remote());
            gone();
            // mostly a peer that was gone before its first byte
            LOG.log(thrown instanceof Error ? Level.ERROR : Level.DEBUG,
                    "a connection from " + socket.remote() + " ended before it began", thrown);
            return;
        }
        connection.open(c -> {
            // on the strand, since endAll may close a connection that it finds here before there is a handler
            connections.add(c);
            end(c);
            return handlerFor(c);
        });
    }

    /** Takes a place for one more connection. Returns null, or the reason why there is none. */
    private synchronized ConnectionFilter.DropReason tryAdmit() {
        if (closed) {
            return ConnectionFilter.DropReason.CLOSING;
        }
        if (open >= (options.maxConnections() > 0 ? options.maxConnections() : port.memory().maxConnections())) {
            return ConnectionFilter.DropReason.FULL;
        }
        open++;
        return null;
    }

    private TcpChannel connection(PortSocket socket) throws IoException {
        SocketSetup.apply(options, socket);
        TlsSocket tls = options.tls() == null ? null : new TlsSocket(PortInternals.of(port), socket,
                TlsRecords.ofServer(options, port.buffers()), options.lingerTimeout());
        return new TcpChannel(port, tls == null ? socket : tls, options,
                tls == null ? TcpConnection.State.OPEN : TcpConnection.State.CONNECTING, this::freed);
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

    // ------------------------------------------------------------------ ending

    /** Stops admitting connections. A second call does nothing. */
    void close() {
        boolean last;
        synchronized (this) {
            last = !closed && open == 0;
            closed = true;
        }
        if (last) {
            onLast.run();
        }
    }

    /** Ends all connections, and later ones, by the given mode or a stronger one. */
    void endAll(StopMode asked) {
        synchronized (this) {
            mode = asked.compareTo(mode) > 0 ? asked : mode;
        }
        connections.forEach(this::end);
    }

    /**
     * Called for every connection after it was added, and again when the mode changes, so no connection is missed.
     */
    private void end(TcpConnection connection) {
        StopMode now;
        synchronized (this) {
            now = mode;
        }
        switch (now) {
            case LIVE -> { }
            case CLOSE -> connection.close();
            case ABORT -> connection.abort();
        }
    }

    private void freed(TcpConnection connection) {
        connections.remove(connection);
        filter.onGone(connection.remote());
        gone();
    }

    private void gone() {
        boolean last;
        synchronized (this) {
            open--;
            last = closed && open == 0;
        }
        if (last) {
            onLast.run();
        }
        onFreed.run();
    }
}
