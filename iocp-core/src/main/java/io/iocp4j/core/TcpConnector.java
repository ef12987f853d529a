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
 * Eyeballs, RFC 8305). The next address is tried as soon as one fails, or as well when it was silent for the attempt
 * delay; the first that is connected becomes the connection's socket, and the other attempts are closed.
 *
 * <p>Every method but the constructor and {@link #lookUp()} is called under the connection's lock. The connection lives
 * until the last attempt was delivered, since each retains it. A lookup does not: its answer finds a connector that has
 * stopped, and nothing happens.
 */
final class TcpConnector {
    /** How many addresses of a name are tried. */
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
     * Opened before the first address is known: through it the port tells of its end, and there is a descriptor at all.
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
     * Not under the lock: the parameters of TLS are the application's. What TLS refuses is refused here, by the call
     * that brought it.
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

    /** Begins; throws only where the port gives no socket or is closed, and has to be stopped then. */
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

    /** An engine knows no peer where it opens or binds a socket. */
    private static IoException ofPeer(IoException failure, InetSocketAddress peer) {
        return failure.remote() != null ? failure
                : new IoException(failure.error(), failure.operation(), failure.local(), peer, failure.getCause());
    }

    /** Asks the resolver for what is a name, after the start. Not under the lock: the resolver is the application's. */
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

    /** RFC 8305 section 4: the families take turns, beginning with that of the first address. */
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

    /** Tells whether it is the one that the connection uses from now on. */
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
        // it has no address if it was closed meanwhile
        if (sharesOnePort() || local == null || local.getPort() != peer.getPort()) {
            return false;
        }
        // on Windows the JDK's channels know no more of a connection's own address than the wildcard that was bound
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

    /** The last step, within the same time limit. The peer was chosen: if this fails, no other address is tried. */
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

    /** The last failure is what the connection ends with; it remembers those before it. */
    private void fail(IoException last) {
        failures.forEach(last::addSuppressed);
        connection.fail(last.error(), last, true);
    }

    /** Gives up what is under way. */
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

    /** One address. */
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
