package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Accepts one connection after the other. It goes on after every failure, since a server that no longer accepts is
 * useless. Any thread.
 */
final class AcceptLoop {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    /**
     * The first wait before the next accept when a resource has run out, such as descriptors. It doubles up to a
     * second.
     */
    private static final Duration RETRY_FIRST = Duration.ofMillis(10);
    private static final Duration RETRY_MAX = Duration.ofSeconds(1);

    /**
     * How often within a second an accept is repeated at once because the peer was gone before it: The number is larger
     * than real peers cause, but small enough to stop an endless loop on a broken system that reports this for every
     * accept. Above it the loop waits as after any other failure.
     */
    static final int GONE_PER_SECOND_MAX = 10_000;

    private static final InetAddress ANY6 = InetAddress.ofLiteral("::");
    private static final InetAddress ANY4 = InetAddress.ofLiteral("0.0.0.0");

    private final CompletionPort port;
    private final ConnectionFilter filter;
    private final Consumer<PortSocket> newcomers;
    private final Runnable onEnd;
    private final PortAcceptor acceptor;
    /** Made in advance, since memory may be short when it is needed. */
    private final Runnable acceptNext = this::acceptNext;
    private final Runnable acceptIfDue = this::acceptIfDue;

    // Guarded by this.
    private boolean closed;
    private Duration retry = RETRY_FIRST;
    /** The number of peers that were gone in the second that began at {@code goneSince}. */
    private int gone;
    private long goneSince;
    /**
     * True if the next accept could be neither begun nor scheduled for lack of memory. It is tried again when memory
     * was given back.
     */
    private boolean acceptDue;

    /**
     * Listens, and accepts nothing yet.
     *
     * @param newcomers takes each connection; what it throws is logged
     * @param onEnd called when the acceptor was closed, possibly by its port, and possibly before the constructor has
     *        returned
     */
    AcceptLoop(CompletionPort port, TcpOptions options, Consumer<PortSocket> newcomers, Runnable onEnd)
            throws IoException {
        this.port = port;
        this.filter = new GuardedFilter(options.filter());
        this.newcomers = newcomers;
        this.onEnd = onEnd;
        this.acceptor = listen(options.address(), options.backlog());
        boolean complete = false;
        try {
            port.memory().addRetry(port, acceptIfDue);
            complete = true;
        } finally {
            if (!complete) {
                acceptor.close();
            }
        }
    }

    /** Listens on every address: of IPv6 and IPv4 if the system has both, else of IPv4 only. */
    private PortAcceptor listen(InetSocketAddress address, int backlog) throws IoException {
        if (!address.getAddress().isAnyLocalAddress()) {
            return port.listen(address, backlog, onEnd::run);
        }
        try {
            return port.listen(new InetSocketAddress(ANY6, address.getPort()), backlog, onEnd::run);
        } catch (IoException e) {
            if (e.error() == IoError.ADDRESS_IN_USE || e.error() == IoError.ACCESS_DENIED) {
                // do not fall back to IPv4: another process owns the IPv6 port, so IPv6 clients would reach it while
                // IPv4 clients reach this server
                throw e;
            }
            LOG.log(Level.DEBUG, "no IPv6, so IPv4 alone", e);
            return port.listen(new InetSocketAddress(ANY4, address.getPort()), backlog, onEnd::run);
        }
    }

    /** The address it listens on, with the real port number. */
    InetSocketAddress local() {
        return acceptor.local();
    }

    /** Stops accepting. A second call does nothing. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        port.memory().removeRetry(acceptIfDue);
        acceptor.close();
    }

    // ------------------------------------------------------------------ the loop

    /**
     * Begins to accept one connection.
     *
     * @throws IllegalStateException if the port was closed since it gave the acceptor
     */
    synchronized void accept() {
        if (!closed) {
            Accept accept = new Accept();
            try {
                acceptor.accept(accept);
            } catch (IllegalStateException e) {
                accept.release();
                throw e;
            }
        }
    }

    private final class Accept extends IoContext {
        @Override
        protected void onCompletion() {
            ended(this);
        }
    }

    private void ended(Accept accept) {
        IoError error = accept.error();
        if (error == null) {
            synchronized (this) {
                retry = RETRY_FIRST;
            }
            PortSocket socket = accept.accepted();
            try {
                newcomers.accept(socket);
            } catch (Throwable thrown) {
                socket.close();
                LOG.log(Level.ERROR, "a connection could not be taken in", thrown);
            } finally {
                acceptNext();
            }
        } else if (error == IoError.OPERATION_ABORTED || error == IoError.BAD_DESCRIPTOR) {
            // the acceptor was closed, by close() or with its port
            onEnd.run();
        } else if (isPeerGone(error) && mayAcceptAtOnce()) {
            acceptNext();
        } else {
            acceptLater(error, accept.cause());
        }
    }

    /** Accepts the next connection, now or later. Throws nothing. */
    private void acceptNext() {
        try {
            accept();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "the port was closed, and so is the server", e);
            onEnd.run();
        } catch (Throwable thrown) {
            acceptLater(IoError.of(thrown), thrown);
        }
    }

    // ------------------------------------------------------------------ failures

    /**
     * Tells whether the peer gave up before it was accepted. This says nothing about the acceptor, so it is no failure.
     */
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
     * Schedules the next accept after a failed one, with a pause: a full descriptor table would make an endless loop
     * without it. The schedule comes first, the filter second and the log last, since each of them may throw for lack
     * of memory.
     */
    private void acceptLater(IoError error, Throwable cause) {
        Duration wait;
        synchronized (this) {
            if (closed) {
                return;
            }
            wait = retry;
            Duration doubled = retry.multipliedBy(2);
            retry = doubled.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : doubled;
        }
        scheduleAccept(wait);
        try {
            IoException failure = new IoException(error, "accept", local(), null, cause);
            FlightEvents.AcceptFailed.commit(failure);
            filter.onAcceptFailed(failure);
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
                onEnd.run();
            } catch (Throwable notNow) {
                synchronized (this) {
                    acceptDue = true;
                }
                port.memory().retryDue();
                LOG.log(Level.ERROR, "accepting goes on when memory was given back, or a connection has gone", notNow);
            }
        }
    }

    /** Accepts the next connection if that is due, since there may be memory again. */
    void acceptIfDue() {
        boolean due;
        synchronized (this) {
            due = acceptDue;
            acceptDue = false;
        }
        if (due) {
            acceptNext();
        }
    }
}
