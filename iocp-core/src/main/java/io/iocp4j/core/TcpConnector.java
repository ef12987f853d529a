package io.iocp4j.core;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Finds the peer of a {@link TcpConnection}: looks its name up and tries its addresses until one answers (Happy
 * Eyeballs, RFC 8305). The next attempt begins when an attempt fails, or when the last one has been silent for the
 * attempt delay; the silent one goes on. The socket that is connected first becomes the connection's socket, and the
 * other attempts are closed.
 *
 * <p>Every method except the constructor and {@link #lookUp()} is called under the connection's lock. Each attempt
 * retains the connection, so the connection lives until the last attempt was delivered. A lookup does not retain it: an
 * answer that comes after {@link #stop()} is ignored.
 */
final class TcpConnector {
    /** The most addresses of one name that are tried. */
    static final int ADDRESSES_MAX = 64;

    private final TcpChannel connection;
    private final Object lock;
    private final CompletionPort port;
    private final TcpOptions options;
    private final InetSocketAddress remote;
    /** Null without TLS. */
    private final TlsRecords tls;

    // guarded by lock
    /**
     * The socket of the first attempt. It is opened before the first address is known. From then on the port reports
     * its end to the connection, and a lack of descriptors fails the connect at once.
     */
    private PortSocket first;
    private final ArrayDeque<InetSocketAddress> untried = new ArrayDeque<>();
    private final List<Attempt> pending = new ArrayList<>();
    private final List<IoException> failures = new ArrayList<>();
    private Future<?> limit;
    private Future<?> next;
    /** The attempt that was connected first, during its TLS handshake; null before, and without TLS. */
    private Attempt handshake;
    private boolean stopped;

    /**
     * Called without the lock, since it runs the application's code for the TLS parameters. Parameters that TLS refuses
     * make this constructor throw, and so the connect call that was given them.
     */
    TcpConnector(TcpChannel connection, Object lock, CompletionPort port, TcpOptions options,
            InetSocketAddress remote) {
        this.connection = connection;
        this.lock = lock;
        this.port = port;
        this.options = options;
        this.remote = remote;
        tls = options.tls() == null ? null
                : TlsRecords.ofClient(options, remote.getHostString(), remote.getPort(),
                        PortInternals.of(port).buffers());
    }

    /** The peer that was asked for. */
    InetSocketAddress remote() {
        return remote;
    }

    /** Begins. Throws only if the port gives no socket or is closed; the caller must call {@link #stop()} then. */
    void start() throws IoException {
        try {
            first = port.socket(connection::onPortClosing);
        } catch (IoException e) {
            throw ofPeer(e, remote);
        }
        if (!options.connectTimeout().isZero()) {
            limit = port.deadline(options.connectTimeout(), this::tooLate);
        }
        if (!remote.isUnresolved()) {
            untried.add(remote);
            tryNext();
        }
    }

    /** Adds the peer to a failure without one: an engine that opens or binds a socket does not know the peer. */
    private static IoException ofPeer(IoException failure, InetSocketAddress peer) {
        return failure.remote() != null ? failure
                : new IoException(failure.error(), failure.operation(), failure.local(), peer, failure.getCause());
    }

    /**
     * Asks the resolver for the addresses if the peer is a name. Called after {@link #start()} and without the lock,
     * since the resolver is the application's code.
     */
    void lookUp() {
        if (!remote.isUnresolved()) {
            return;
        }
        asked().whenComplete((addresses, failure) -> {
            synchronized (lock) {
                resolved(addresses, failure);
            }
        });
    }

    private CompletableFuture<List<InetAddress>> asked() {
        try {
            return Objects.requireNonNull(options.resolver().resolve(remote.getHostString()), "no lookup");
        } catch (RuntimeException | Error thrown) {
            return CompletableFuture.failedFuture(thrown);
        }
    }

    private void resolved(List<InetAddress> addresses, Throwable failure) {
        if (stopped) {
            return;
        }
        if (failure != null || addresses == null || addresses.isEmpty()
                || addresses.stream().anyMatch(Objects::isNull)) {
            fail(new IoException(IoError.HOST_NOT_FOUND, "lookup", null, remote,
                    failure != null ? failure
                            : new UnknownHostException(remote.getHostString() + " has no address that may be used")));
            return;
        }
        interleave(addresses).forEach(address -> untried.add(new InetSocketAddress(address, remote.getPort())));
        goOn();
    }

    /** Alternates the address families, beginning with the family of the first address (RFC 8305 section 4). */
    static List<InetAddress> interleave(List<InetAddress> addresses) {
        Class<?> family = addresses.getFirst().getClass();
        Iterator<InetAddress> preferred = addresses.stream().filter(address -> address.getClass() == family).iterator();
        Iterator<InetAddress> other = addresses.stream().filter(address -> address.getClass() != family).iterator();
        List<InetAddress> mixed = new ArrayList<>();
        while ((preferred.hasNext() || other.hasNext()) && mixed.size() < ADDRESSES_MAX) {
            boolean preferredNow = mixed.size() % 2 == 0 && preferred.hasNext() || !other.hasNext();
            Iterator<InetAddress> turn = preferredNow ? preferred : other;
            mixed.add(turn.next());
        }
        return mixed;
    }

    // ------------------------------------------------------------------ attempts

    private void tryNext() {
        cancel(next);
        boolean begun = false;
        while (!begun && !untried.isEmpty()) {
            begun = begin(untried.poll());
        }
        if (pending.isEmpty()) {
            fail(failures.removeLast());
        } else if (!untried.isEmpty() && !sharesOnePort()) {
            next = port.schedule(options.attemptDelay(), this::silent);
        }
    }

    /** A local port can connect to one address at a time only. */
    private boolean sharesOnePort() {
        return options.localAddress() != null && options.localAddress().getPort() != 0;
    }

    private boolean begin(InetSocketAddress address) {
        Attempt attempt = null;
        try {
            attempt = new Attempt(socket(), address);
            attempt.begin();
            pending.add(attempt);
            return true;
        } catch (IoException e) {
            failures.add(ofPeer(e, address));
            return false;
        } finally {
            if (attempt != null && !pending.contains(attempt)) {
                attempt.socket.close();
                attempt.release();
            }
        }
    }

    private PortSocket socket() throws IoException {
        if (first == null) {
            return port.socket(connection::onPortClosing);
        }
        PortSocket opened = first;
        first = null;
        return opened;
    }

    /** Tries the next address. Failures become the end of the connection, since no caller waits for an exception. */
    private void goOn() {
        try {
            tryNext();
        } catch (IllegalStateException e) {
            fail(new IoException(IoError.OPERATION_ABORTED, "connect", options.localAddress(), remote, e));
        }
    }

    private void silent() {
        synchronized (lock) {
            if (!stopped) {
                goOn();
            }
        }
    }

    private void tooLate() {
        synchronized (lock) {
            if (!stopped) {
                fail(new IoException(IoError.TIMED_OUT, "connect", options.localAddress(), remote,
                        "not connected within connectTimeout, " + Deadline.text(options.connectTimeout()), null));
            }
        }
    }

    /** Handles the end of an attempt. Returns true if the connection uses this attempt's socket from now on. */
    private boolean ended(Attempt attempt) {
        pending.remove(attempt);
        if (stopped || handshake != null && attempt != handshake) {
            return false;
        }
        IoException failure = failureOf(attempt);
        if (failure != null) {
            attempt.socket.close();
            if (attempt == handshake) {
                fail(failure);
            } else {
                failures.add(failure);
                goOn();
            }
            return false;
        }
        if (tls != null && handshake == null) {
            shakeHands(attempt);
            return false;
        }
        stop();
        connection.connected(attempt.socket);
        return true;
    }

    private IoException failureOf(Attempt attempt) {
        IoError error = attempt.error();
        Throwable cause = attempt.cause();
        if (error == null && metItself(attempt.socket)) {
            error = IoError.CONNECTION_REFUSED;
            cause = new ConnectException("nobody listens there: the socket was connected with itself");
        }
        return error == null ? null : new IoException(error, "connect", options.localAddress(), attempt.address, cause);
    }

    /**
     * Tells whether the socket is connected with itself (RFC 9293 section 3.5, simultaneous open). That happens when no
     * socket listens on the remote port and the system chose that very port for us. Such a connection never ends. An
     * application that asks for it by a local address gets it.
     */
    private boolean metItself(PortSocket socket) {
        InetSocketAddress local = socket.local();
        InetSocketAddress peer = socket.remote();
        // a socket that was closed meanwhile has no address
        if (sharesOnePort() || local == null || local.getPort() != peer.getPort()) {
            return false;
        }
        // on Windows the JDK's channels report the wildcard address that was bound, not the connection's own address
        return local.getAddress().equals(peer.getAddress())
                || local.getAddress().isAnyLocalAddress() && isOurs(peer.getAddress());
    }

    private static boolean isOurs(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException e) {
            return address.isLoopbackAddress();
        }
    }

    /**
     * Begins the TLS handshake, the last step, within the same time limit. If it fails, no other address is tried,
     * since the peer has been chosen.
     */
    private void shakeHands(Attempt winner) {
        untried.clear();
        cancel(next);
        pending.forEach(attempt -> attempt.socket.close());
        TlsSocket socket = new TlsSocket(PortInternals.of(port), winner.socket, tls, options.lingerTimeout());
        handshake = new Attempt(socket, winner.address);
        pending.add(handshake);
        socket.handshake(handshake);
    }

    // ------------------------------------------------------------------ the end

    /** Ends the connection with the last failure, which keeps the failures before it as suppressed exceptions. */
    private void fail(IoException last) {
        failures.forEach(last::addSuppressed);
        connection.fail(last.error(), last, true);
    }

    /** Cancels the timers and closes every attempt's socket. */
    void stop() {
        stopped = true;
        cancel(limit);
        cancel(next);
        if (first != null) {
            first.close();
        }
        pending.forEach(attempt -> attempt.socket.close());
    }

    private static void cancel(Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    /** The attempt to connect to one address. */
    private final class Attempt extends IoContext {
        private final PortSocket socket;
        private final InetSocketAddress address;

        Attempt(PortSocket socket, InetSocketAddress address) {
            super(connection);
            this.socket = socket;
            this.address = address;
        }

        void begin() throws IoException {
            SocketSetup.apply(options, socket);
            if (options.localAddress() != null) {
                socket.bind(options.localAddress());
            }
            socket.connect(address, this);
        }

        @Override
        protected void onCompletion() {
            boolean won;
            synchronized (lock) {
                won = ended(this);
            }
            if (won) {
                connection.open();
            }
        }
    }
}
