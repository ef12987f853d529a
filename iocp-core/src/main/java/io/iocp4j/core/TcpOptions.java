package io.iocp4j.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * Options and limits of TCP connections and servers. Immutable; each method that takes a value returns a changed copy.
 */
public final class TcpOptions implements Cloneable {
    /**
     * For {@link PortSocket#option}: the time in milliseconds without an acknowledgement after which the system gives a
     * connection up (TCP_USER_TIMEOUT of RFC 5482, TCP_MAXRT of Winsock). An engine that cannot set the option refuses
     * it with {@link IoError#NOT_SUPPORTED}.
     */
    public static final SocketOption<Integer> USER_TIMEOUT = new IntOption("TCP_USER_TIMEOUT");

    /** The shortest delay that RFC 8305 section 5 allows: a shorter one would give a connect no time to succeed. */
    private static final Duration ATTEMPT_DELAY_MIN = Duration.ofMillis(10);

    private static final TcpOptions DEFAULTS = new TcpOptions();

    private InetSocketAddress address = new InetSocketAddress(0);
    private int backlog = 511;
    private boolean noDelay = true;
    private boolean keepAlive;
    private KeepAlive keepAliveTimes = KeepAlive.SYSTEM;
    private Duration userTimeout = Duration.ZERO;
    private boolean allowHalfOpen;
    private boolean pauseOnConnect;
    private int maxConnections;
    private ConnectionFilter filter = ConnectionFilter.ALL;
    private int receiveMin = BufferPool.PIECE_MIN;
    private int maxReceive = 128 << 10;
    private int highWaterMark = 64 << 10;
    private int lowWaterMark = 16 << 10;
    private int maxSendQueue = 16 << 20;
    private int maxRead = 1 << 20;
    private int sendBuffer;
    private int receiveBuffer;
    private Duration idleTimeout = Duration.ZERO;
    private InetSocketAddress localAddress;
    private boolean connectBuffering = true;
    private Duration connectTimeout = Duration.ofSeconds(30);
    private Duration attemptDelay = Duration.ofMillis(250);
    private Resolver resolver = Resolver.SYSTEM;
    private Duration writeTimeout = Duration.ofSeconds(30);
    private Duration lingerTimeout = Duration.ofSeconds(5);
    private int minLingerRate = 1 << 10;
    private SSLContext tls;
    private Consumer<SSLParameters> tlsParameters = parameters -> { };
    private Duration handshakeTimeout = Duration.ofSeconds(10);

    private TcpOptions() {
    }

    /**
     * Every address and a port chosen by the system, backlog 511, TCP_NODELAY on, keep-alive off, no half-open
     * connections, as many connections as the memory budget has room for, receives of 512 B to 128 KiB, water marks 64
     * and 16 KiB, send queue 16 MiB, reads of exact length and lines up to 1 MiB, socket buffers as the operating
     * system sets them, no idle timeout, connect timeout 30 s, attempt delay 250 ms, write timeout 30 s, linger timeout
     * 5 s at 1 KiB/s at least, no TLS.
     *
     * @return the defaults
     */
    public static TcpOptions defaults() {
        return DEFAULTS;
    }

    /** {@return where a server listens, never null} */
    public InetSocketAddress address() {
        return address;
    }

    /** {@return the TCP port that a server listens on, 0 if the system chooses} */
    public int tcpPort() {
        return address.getPort();
    }

    /**
     * Sets where a server listens.
     *
     * @param local the address; port 0 lets the system choose
     * @return a copy
     */
    public TcpOptions address(InetSocketAddress local) {
        return with(copy -> copy.address = ofThisMachine(local));
    }

    /**
     * Sets the server to listen on every address: IPv6 and IPv4 where the system has both.
     *
     * @param tcpPort 0 lets the system choose
     * @return a copy
     */
    public TcpOptions tcpPort(int tcpPort) {
        return address(new InetSocketAddress(tcpPort));
    }

    /**
     * Sets the server to listen for this machine only.
     *
     * @param tcpPort 0 lets the system choose
     * @return a copy
     */
    public TcpOptions loopback(int tcpPort) {
        return address(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcpPort));
    }

    /** {@return how many connections may wait to be accepted, 511 by default} */
    public int backlog() {
        return backlog;
    }

    /**
     * Sets how many connections may wait to be accepted.
     *
     * @param connections 1 or more; the operating system may cut it
     * @return a copy
     */
    public TcpOptions backlog(int connections) {
        return with(copy -> copy.backlog = Limits.atLeast(1, connections, "backlog"));
    }

    /** {@return whether small sends leave at once (TCP_NODELAY), true by default} */
    public boolean noDelay() {
        return noDelay;
    }

    /**
     * Sets whether small sends leave at once (TCP_NODELAY).
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions noDelay(boolean on) {
        return with(copy -> copy.noDelay = on);
    }

    /** {@return whether the system probes silent peers (SO_KEEPALIVE), false by default} */
    public boolean keepAlive() {
        return keepAlive;
    }

    /**
     * Sets whether the system probes silent peers (SO_KEEPALIVE), at the intervals it was configured for.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions keepAlive(boolean on) {
        return with(copy -> copy.keepAlive = on);
    }

    /**
     * Turns keep-alive on with the given times. A peer that vanished is noticed after {@code idle + count * interval},
     * with {@link IoError#TIMED_OUT}. Keep-alive does not notice it while unacknowledged data is under way, see
     * {@link #userTimeout}.
     *
     * @param idle silence before the first probe, whole seconds, 1 to 32,767
     * @param interval between two probes, whole seconds, 1 to 32,767
     * @param count probes without an answer that end the connection, 1 to 127
     * @return a copy
     */
    public TcpOptions keepAlive(Duration idle, Duration interval, int count) {
        return with(copy -> {
            copy.keepAlive = true;
            copy.keepAliveTimes = KeepAlive.of(idle, interval, count);
        });
    }

    /** The times of keep-alive together. */
    KeepAlive keepAliveTimes() {
        return keepAliveTimes;
    }

    /** {@return the silence before the first probe, zero by default: as the system sets it, often 2 hours} */
    public Duration keepAliveIdle() {
        return keepAliveTimes.idle();
    }

    /** {@return the time between two probes, zero by default: as the system sets it, often 75 s} */
    public Duration keepAliveInterval() {
        return keepAliveTimes.interval();
    }

    /** {@return the probes without an answer that end a connection, 0 by default: as the system sets it, often 9} */
    public int keepAliveCount() {
        return keepAliveTimes.count();
    }

    /**
     * {@return the time without an acknowledgement after which the system gives up, zero by default: as the system
     * sets it}
     */
    public Duration userTimeout() {
        return userTimeout;
    }

    /**
     * Sets how long data may go unacknowledged before the system gives the connection up with
     * {@link IoError#TIMED_OUT}. Keep-alive does not notice this, since unacknowledged data suppresses its probes.
     * Refused with {@link IoError#NOT_SUPPORTED} by engines that cannot set it, such as the JDK's channels.
     *
     * @param limit in milliseconds up to the largest int, zero leaves it to the system
     * @return a copy
     */
    public TcpOptions userTimeout(Duration limit) {
        Limits.within(limit.isZero() ? 0 : 1, Integer.MAX_VALUE, limit.toMillis(), "userTimeout in milliseconds");
        return with(copy -> copy.userTimeout = limit);
    }

    /** {@return whether our side stays open for sending when the peer has ended its own, false by default} */
    public boolean allowHalfOpen() {
        return allowHalfOpen;
    }

    /**
     * Sets whether our side stays open for sending when the peer has ended its own. If off, our side ends when
     * {@link TcpHandler#onEnd} returns, or, in the blocking API, before a read reports the end of the peer. An answer
     * that comes later is not sent: {@link TcpConnection#write} throws {@link IoError#BROKEN_PIPE} with the name of
     * this option, {@link TcpConnection#send} returns false and logs it at DEBUG, once for each connection, and
     * {@link TcpConnection#flushed()} fails.
     *
     * <p>If on, the application ends our side by {@link TcpConnection#end()} or {@link TcpConnection#close()}; the
     * return of a {@link TcpSession} closes it. Choose this where a peer may end its side behind its question and still
     * wait for the answer.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions allowHalfOpen(boolean on) {
        return with(copy -> copy.allowHalfOpen = on);
    }

    /** {@return whether accepted connections begin paused, false by default} */
    public boolean pauseOnConnect() {
        return pauseOnConnect;
    }

    /**
     * Sets whether accepted connections begin paused, so that nothing is received until {@link TcpConnection#resume()}.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions pauseOnConnect(boolean on) {
        return with(copy -> copy.pauseOnConnect = on);
    }

    /**
     * {@return the most connections that a server holds, 0 by default: {@link MemoryBudget#maxConnections()} decides}
     */
    public int maxConnections() {
        return maxConnections;
    }

    /**
     * Sets how many connections a server holds. Further ones are closed at once and counted.
     *
     * @param connections 1 or more
     * @return a copy
     */
    public TcpOptions maxConnections(int connections) {
        return with(copy -> copy.maxConnections = Limits.atLeast(1, connections, "maxConnections"));
    }

    /** {@return the filter for newcomers of a server, {@link ConnectionFilter#ALL} by default} */
    public ConnectionFilter filter() {
        return filter;
    }

    /**
     * Sets the filter that accepts or drops newcomers of a server. The workers also report each newcomer to it that was
     * closed at once.
     *
     * @param newcomers asked by the workers, so it must not block
     * @return a copy
     */
    public TcpOptions filter(ConnectionFilter newcomers) {
        return with(copy -> copy.filter = Objects.requireNonNull(newcomers));
    }

    /** {@return the size that receives begin with, 512 bytes by default} */
    public int receiveMin() {
        return receiveMin;
    }

    /** {@return the size that receives grow to while they come back full, 128 KiB by default} */
    public int maxReceive() {
        return maxReceive;
    }

    /**
     * Sets the sizes between which receives adapt to the traffic. An idle connection holds one buffer of the smaller
     * size.
     *
     * @param minBytes 1 or more
     * @param maxBytes not below the first, at most {@link BufferPool#PIECE_MAX}
     * @return a copy
     */
    public TcpOptions receive(int minBytes, int maxBytes) {
        return with(copy -> {
            copy.receiveMin = Limits.atLeast(1, minBytes, "minBytes");
            copy.maxReceive = (int) Limits.within(minBytes, BufferPool.PIECE_MAX, maxBytes, "maxBytes");
        });
    }

    /** {@return the queued bytes above which send returns false, 64 KiB by default} */
    public int highWaterMark() {
        return highWaterMark;
    }

    /** {@return the queued bytes at which onDrain comes afterwards, 16 KiB by default} */
    public int lowWaterMark() {
        return lowWaterMark;
    }

    /**
     * Sets the queued bytes above which {@code send} returns false, and at which {@code onDrain} follows.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     * @return a copy
     */
    public TcpOptions waterMarks(int lowBytes, int highBytes) {
        return with(copy -> {
            copy.lowWaterMark = Limits.atLeast(0, lowBytes, "lowBytes");
            copy.highWaterMark = Limits.atLeast(lowBytes, highBytes, "highBytes");
        });
    }

    /** {@return the queued bytes above which a connection is aborted, 16 MiB by default} */
    public int maxSendQueue() {
        return maxSendQueue;
    }

    /**
     * Sets the queued bytes above which a connection is aborted with {@link IoError#NO_BUFFERS}. The limit stops
     * applications that go on sending although {@code send} returns false. A shared buffer counts on each connection
     * that it waits on, and at most 16,384 of them may wait on one.
     *
     * @param bytes 1 or more
     * @return a copy
     */
    public TcpOptions maxSendQueue(int bytes) {
        return with(copy -> copy.maxSendQueue = Limits.atLeast(1, bytes, "maxSendQueue"));
    }

    /** {@return the most bytes that readFully may return and a line may have, 1 MiB by default} */
    public int maxRead() {
        return maxRead;
    }

    /**
     * Sets the most bytes that {@link TcpConnection#readFully} may return and that a line of
     * {@link TcpConnection#readLine} may have.
     *
     * @param bytes 1 or more
     * @return a copy
     */
    public TcpOptions maxRead(int bytes) {
        return with(copy -> copy.maxRead = Limits.atLeast(1, bytes, "maxRead"));
    }

    /** {@return the socket's send buffer (SO_SNDBUF) in bytes, 0 by default: as the system sets it} */
    public int sendBuffer() {
        return sendBuffer;
    }

    /** {@return the socket's receive buffer (SO_RCVBUF) in bytes, 0 by default: as the system sets it} */
    public int receiveBuffer() {
        return receiveBuffer;
    }

    /**
     * The socket's buffers in the operating system (SO_SNDBUF, SO_RCVBUF). If they are not set, systems grow them to
     * megabytes, which hides how far a slow peer is behind.
     *
     * @param sendBytes 0 leaves it to the system
     * @param receiveBytes 0 leaves it to the system
     * @return a copy
     */
    public TcpOptions socketBuffers(int sendBytes, int receiveBytes) {
        return with(copy -> {
            copy.sendBuffer = Limits.atLeast(0, sendBytes, "sendBytes");
            copy.receiveBuffer = Limits.atLeast(0, receiveBytes, "receiveBytes");
        });
    }

    /** {@return the time of silence in both directions that is reported, zero by default: never} */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /**
     * The time of silence in both directions after which {@link TcpHandler#onTimeout} or the blocking read that waits
     * reports it, see {@link TcpConnection#idleTimeout}. The connection stays open; a session that does not catch the
     * exception of its read ends it.
     *
     * @param silence zero for never
     * @return a copy
     */
    public TcpOptions idleTimeout(Duration silence) {
        return with(copy -> copy.idleTimeout = Limits.notNegative(silence, "idleTimeout"));
    }

    /** {@return the address a client binds to before it connects, null by default: the system chooses} */
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /**
     * Sets the address of this machine that a client connects from. With a port number other than 0, the addresses of
     * the peer are tried one after the other, since only one attempt can use it.
     *
     * @param local port 0 lets the system choose; null lets it choose both
     * @return a copy
     */
    public TcpOptions localAddress(InetSocketAddress local) {
        return with(copy -> copy.localAddress = local == null ? null : ofThisMachine(local));
    }

    /** {@return whether data sent before a client is connected is queued, true by default} */
    public boolean connectBuffering() {
        return connectBuffering;
    }

    /**
     * Sets whether data sent before a client is connected is queued until then. If off, {@code send} drops the data and
     * returns false, and {@code write} throws {@link IoError#NOT_CONNECTED}.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions connectBuffering(boolean on) {
        return with(copy -> copy.connectBuffering = on);
    }

    /** {@return how long a connect may take, 30 s by default} */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /**
     * Sets how long a connect may take before it fails with {@link IoError#TIMED_OUT}. The time includes the lookup of
     * the peer's addresses and all attempts.
     *
     * @param limit zero leaves it to the operating system
     * @return a copy
     */
    public TcpOptions connectTimeout(Duration limit) {
        return with(copy -> copy.connectTimeout = Limits.notNegative(limit, "connectTimeout"));
    }

    /** {@return how long an address of the peer may be silent before the next is tried as well, 250 ms by default} */
    public Duration attemptDelay() {
        return attemptDelay;
    }

    /**
     * Sets how long an address of the peer may be silent before the next one is tried as well (RFC 8305, Connection
     * Attempt Delay).
     *
     * @param delay at least 10 ms
     * @return a copy
     */
    public TcpOptions attemptDelay(Duration delay) {
        return with(copy -> copy.attemptDelay = Limits.atLeast(ATTEMPT_DELAY_MIN, delay, "attemptDelay"));
    }

    /** {@return the resolver of host names, the operating system by default} */
    public Resolver resolver() {
        return resolver;
    }

    /**
     * Sets the resolver, which finds the addresses that a client may connect to.
     *
     * @param other instead of {@link Resolver#SYSTEM}; not asked where the application gives an address that is
     *         resolved
     * @return a copy
     */
    public TcpOptions resolver(Resolver other) {
        return with(copy -> copy.resolver = Objects.requireNonNull(other));
    }

    /** {@return how long a peer may take no queued byte, 30 s by default} */
    public Duration writeTimeout() {
        return writeTimeout;
    }

    /**
     * Sets how long the operating system may take no byte of the queue, because the peer does not read, before the
     * connection ends with {@link IoError#TIMED_OUT}. This is found up to a quarter of the limit later. The limit holds
     * for a paused connection and for a thread that waits in {@link TcpConnection#write} too. It does not hold before
     * the connection is open or after {@link TcpConnection#close()}, which have their own limits. The system takes more
     * only when a part of its own buffer, about a third, has become free: a slow peer has to read that much within the
     * limit, see {@link #socketBuffers}.
     *
     * @param limit zero for never
     * @return a copy
     */
    public TcpOptions writeTimeout(Duration limit) {
        return with(copy -> copy.writeTimeout = Limits.notNegative(limit, "writeTimeout"));
    }

    /** {@return how long a closed connection waits for the peer, 5 s by default} */
    public Duration lingerTimeout() {
        return lingerTimeout;
    }

    /**
     * Sets how long a connection that was closed by this side waits for its peer to take more of the queue, and then to
     * send its FIN. The same holds after the end of our side if the peer has ended its own before.
     *
     * @param limit after this long without progress, see {@link #minLingerRate(int)}, the connection is cut with
     *         {@link IoError#TIMED_OUT}
     * @return a copy
     */
    public TcpOptions lingerTimeout(Duration limit) {
        return with(copy -> copy.lingerTimeout = Limits.notNegative(limit, "lingerTimeout"));
    }

    /**
     * {@return the rate at which a peer must take the rest of the queue after a close, 1,024 bytes per second by
     * default}
     */
    public int minLingerRate() {
        return minLingerRate;
    }

    /**
     * Sets the least progress of a closed connection. In each {@link #lingerTimeout} the peer must take as many bytes
     * as this rate gives for that time, or all that are left. Without this limit a peer that takes a byte now and then
     * would keep a full queue for ever.
     *
     * @param bytesPerSecond 0 for any byte at all
     * @return a copy
     */
    public TcpOptions minLingerRate(int bytesPerSecond) {
        return with(copy -> copy.minLingerRate = Limits.atLeast(0, bytesPerSecond, "minLingerRate"));
    }

    /** {@return the context whose keys and trust TLS uses, null by default: no TLS} */
    public SSLContext tls() {
        return tls;
    }

    /**
     * TLS on every connection, with these keys and this trust. The parameters that {@link #tls(SSLContext, Consumer)}
     * has set stay as they are.
     *
     * @param context keys and trust; null for no TLS
     * @return a copy
     */
    public TcpOptions tls(SSLContext context) {
        return with(copy -> copy.tls = context);
    }

    /**
     * TLS on every connection. A server needs a context with a key; it refuses to listen without. A client always
     * checks that the peer's certificate is valid for the host that it connects to (RFC 2818 section 3.1). A handshake
     * that fails ends its connection with {@link IoError#TLS_FAILURE}. {@code onOpen} of a server's handler follows the
     * handshake. A connection has one handshake. If the peer asks for another, which versions before 1.3 allow, the
     * connection fails in the same way.
     *
     * @param context keys and trust; null for no TLS
     * @param parameters changes what is negotiated for each connection, such as versions, ALPN, or whether a client
     *         needs a certificate; replaces the parameters that were set before
     * @return a copy
     */
    public TcpOptions tls(SSLContext context, Consumer<SSLParameters> parameters) {
        Objects.requireNonNull(parameters);
        return with(copy -> {
            copy.tls = context;
            copy.tlsParameters = parameters;
        });
    }

    /** {@return the consumer that changes the parameters of each TLS connection, by default none of them} */
    public Consumer<SSLParameters> tlsParameters() {
        return tlsParameters;
    }

    /** {@return how long a TLS handshake may take, 10 s by default} */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /**
     * Sets how long a TLS handshake may take on a server, or on a connection that was plain before. After that the
     * connection ends with {@link IoError#TIMED_OUT}, even if single bytes still arrive. For a client that connects
     * with TLS, {@link #connectTimeout} limits connect and handshake together.
     *
     * @param limit zero for no limit
     * @return a copy
     */
    public TcpOptions handshakeTimeout(Duration limit) {
        return with(copy -> copy.handshakeTimeout = Limits.notNegative(limit, "handshakeTimeout"));
    }

    /** Shows all values, and TLS only as on or off. */
    @Override
    public String toString() {
        return "TcpOptions[address=" + address + ", backlog=" + backlog + ", noDelay=" + noDelay
                + ", keepAlive=" + keepAlive + " " + keepAliveTimes
                + ", userTimeout=" + userTimeout + ", allowHalfOpen=" + allowHalfOpen
                + ", pauseOnConnect=" + pauseOnConnect + ", maxConnections=" + maxConnections
                + ", receiveMin=" + receiveMin + ", maxReceive=" + maxReceive
                + ", highWaterMark=" + highWaterMark + ", lowWaterMark=" + lowWaterMark
                + ", maxSendQueue=" + maxSendQueue + ", maxRead=" + maxRead
                + ", sendBuffer=" + sendBuffer + ", receiveBuffer=" + receiveBuffer
                + ", localAddress=" + localAddress + ", connectBuffering=" + connectBuffering
                + ", connectTimeout=" + connectTimeout + ", attemptDelay=" + attemptDelay
                + ", handshakeTimeout=" + handshakeTimeout + ", idleTimeout=" + idleTimeout
                + ", writeTimeout=" + writeTimeout + ", lingerTimeout=" + lingerTimeout
                + ", minLingerRate=" + minLingerRate + ", tls=" + (tls != null) + "]";
    }

    private TcpOptions with(Consumer<TcpOptions> change) {
        TcpOptions copy;
        try {
            copy = (TcpOptions) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this class is Cloneable", e);
        }
        change.accept(copy);
        return copy;
    }

    private static InetSocketAddress ofThisMachine(InetSocketAddress local) {
        if (local.isUnresolved()) {
            throw new IllegalArgumentException("not an address of this machine: " + local);
        }
        return local;
    }

    /** An option that the JDK does not know. */
    private record IntOption(String name) implements SocketOption<Integer> {
        @Override
        public Class<Integer> type() {
            return Integer.class;
        }

        /** Returns the name, as the JDK's own options do, since the JDK's exceptions show it. */
        @Override
        public String toString() {
            return name;
        }
    }
}
