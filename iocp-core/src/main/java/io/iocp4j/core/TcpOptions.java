package io.iocp4j.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Options and limits of TCP connections and servers. Immutable; each method that takes a value returns a changed copy. */
public final class TcpOptions implements Cloneable {
    private static final TcpOptions DEFAULTS = new TcpOptions();

    private InetSocketAddress address = new InetSocketAddress(0);
    private int backlog = 511;
    private boolean noDelay = true;
    private boolean keepAlive;
    private boolean allowHalfOpen;
    private int maxConnections = 100_000;
    private int receiveMin = BufferPool.PIECE_MIN;
    private int receiveMax = 64 << 10;
    private int highWaterMark = 64 << 10;
    private int lowWaterMark = 16 << 10;
    private int sendQueueMax = 16 << 20;
    private int sendBuffer;
    private int receiveBuffer;
    private Duration idleTimeout = Duration.ZERO;
    private Duration connectTimeout = Duration.ofSeconds(30);
    private Duration lingerTimeout = Duration.ofSeconds(5);

    private TcpOptions() {
    }

    /**
     * Every address and a port chosen by the system, backlog 511, TCP_NODELAY on, keep-alive off, no half-open connections, at most
     * 100,000 connections, receives of 512 B to 64 KiB, water marks 64 and 16 KiB, send queue 16 MiB, buffers of the operating system as
     * it sets them, no idle timeout, 30 s to connect, 5 s to linger.
     *
     * @return the defaults
     */
    public static TcpOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The address a server binds to.
     *
     * @return never null
     */
    public InetSocketAddress address() {
        return address;
    }

    /**
     * Where a server listens.
     *
     * @param local the address; port 0 lets the system choose
     * @return a copy
     */
    public TcpOptions address(InetSocketAddress local) {
        if (local.isUnresolved()) {
            throw new IllegalArgumentException("not an address of this machine: " + local);
        }
        TcpOptions copy = copy();
        copy.address = local;
        return copy;
    }

    /**
     * Listen on every address: IPv6 and IPv4 where the system has both.
     *
     * @param port 0 lets the system choose
     * @return a copy
     */
    public TcpOptions port(int port) {
        return address(new InetSocketAddress(port));
    }

    /**
     * Listen for this machine only.
     *
     * @param port 0 lets the system choose
     * @return a copy
     */
    public TcpOptions loopback(int port) {
        return address(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /**
     * How many connections may wait to be accepted.
     *
     * @return 511 by default
     */
    public int backlog() {
        return backlog;
    }

    /**
     * How many connections may wait to be accepted.
     *
     * @param connections 1 or more; the operating system may cut it
     * @return a copy
     */
    public TcpOptions backlog(int connections) {
        TcpOptions copy = copy();
        copy.backlog = atLeast(1, connections, "backlog");
        return copy;
    }

    /**
     * Whether small sends leave at once (TCP_NODELAY).
     *
     * @return true by default
     */
    public boolean noDelay() {
        return noDelay;
    }

    /**
     * Whether small sends leave at once (TCP_NODELAY).
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions noDelay(boolean on) {
        TcpOptions copy = copy();
        copy.noDelay = on;
        return copy;
    }

    /**
     * Whether the system probes silent peers (SO_KEEPALIVE).
     *
     * @return false by default
     */
    public boolean keepAlive() {
        return keepAlive;
    }

    /**
     * Whether the system probes silent peers (SO_KEEPALIVE), at the intervals it was configured for.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions keepAlive(boolean on) {
        TcpOptions copy = copy();
        copy.keepAlive = on;
        return copy;
    }

    /**
     * Whether our side stays open for sending when the peer has ended its own.
     *
     * @return false by default
     */
    public boolean allowHalfOpen() {
        return allowHalfOpen;
    }

    /**
     * Whether our side stays open for sending when the peer has ended its own.
     *
     * @param on or off
     * @return a copy
     */
    public TcpOptions allowHalfOpen(boolean on) {
        TcpOptions copy = copy();
        copy.allowHalfOpen = on;
        return copy;
    }

    /**
     * How many connections a server holds; what comes above is closed at once and counted.
     *
     * @return 100,000 by default
     */
    public int maxConnections() {
        return maxConnections;
    }

    /**
     * How many connections a server holds; what comes above is closed at once and counted.
     *
     * @param connections 1 or more
     * @return a copy
     */
    public TcpOptions maxConnections(int connections) {
        TcpOptions copy = copy();
        copy.maxConnections = atLeast(1, connections, "maxConnections");
        return copy;
    }

    /**
     * The size that receives begin with, in bytes.
     *
     * @return 512 by default
     */
    public int receiveMin() {
        return receiveMin;
    }

    /**
     * The size that receives grow to while they come back full, in bytes.
     *
     * @return 64 KiB by default
     */
    public int receiveMax() {
        return receiveMax;
    }

    /**
     * The sizes between which receives adapt to the traffic: a connection that is idle holds one buffer of the smaller size.
     *
     * @param minBytes 1 or more
     * @param maxBytes not below the first, at most {@link BufferPool#PIECE_MAX}
     * @return a copy
     */
    public TcpOptions receive(int minBytes, int maxBytes) {
        TcpOptions copy = copy();
        copy.receiveMin = atLeast(1, minBytes, "minBytes");
        copy.receiveMax = atLeast(minBytes, maxBytes, "maxBytes");
        if (maxBytes > BufferPool.PIECE_MAX) {
            throw new IllegalArgumentException("maxBytes must not be above " + BufferPool.PIECE_MAX + ": " + maxBytes);
        }
        return copy;
    }

    /**
     * The queued bytes above which send returns false, in bytes.
     *
     * @return 64 KiB by default
     */
    public int highWaterMark() {
        return highWaterMark;
    }

    /**
     * The queued bytes at which onDrain comes afterwards, in bytes.
     *
     * @return 16 KiB by default
     */
    public int lowWaterMark() {
        return lowWaterMark;
    }

    /**
     * When {@code send} says that it is enough, and when {@code onDrain} says that there is room again.
     *
     * @param lowBytes 0 or more
     * @param highBytes not below the first
     * @return a copy
     */
    public TcpOptions waterMarks(int lowBytes, int highBytes) {
        TcpOptions copy = copy();
        copy.lowWaterMark = atLeast(0, lowBytes, "lowBytes");
        copy.highWaterMark = atLeast(lowBytes, highBytes, "highBytes");
        return copy;
    }

    /**
     * The queued bytes above which a connection is aborted with {@link IoError#NO_BUFFERS}.
     *
     * @return 16 MiB by default
     */
    public int sendQueueMax() {
        return sendQueueMax;
    }

    /**
     * The queued bytes above which a connection is aborted with {@link IoError#NO_BUFFERS}: for applications that go on sending although
     * {@code send} says false. Buffers that are shared count on each connection they wait on, and not more than 16,384 of them may wait.
     *
     * @param bytes 1 or more
     * @return a copy
     */
    public TcpOptions sendQueueMax(int bytes) {
        TcpOptions copy = copy();
        copy.sendQueueMax = atLeast(1, bytes, "sendQueueMax");
        return copy;
    }

    /**
     * The socket's send buffer (SO_SNDBUF), in bytes.
     *
     * @return 0 by default: as the system sets it
     */
    public int sendBuffer() {
        return sendBuffer;
    }

    /**
     * The socket's receive buffer (SO_RCVBUF), in bytes.
     *
     * @return 0 by default: as the system sets it
     */
    public int receiveBuffer() {
        return receiveBuffer;
    }

    /**
     * The socket's buffers in the operating system (SO_SNDBUF, SO_RCVBUF). Left alone, systems grow them to megabytes, which hides how
     * far a slow peer is behind.
     *
     * @param sendBytes 0 leaves it to the system
     * @param receiveBytes 0 leaves it to the system
     * @return a copy
     */
    public TcpOptions socketBuffers(int sendBytes, int receiveBytes) {
        TcpOptions copy = copy();
        copy.sendBuffer = atLeast(0, sendBytes, "sendBytes");
        copy.receiveBuffer = atLeast(0, receiveBytes, "receiveBytes");
        return copy;
    }

    /**
     * The silence after which onTimeout comes.
     *
     * @return zero by default: never
     */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /**
     * The silence after which {@link TcpHandler#onTimeout} comes.
     *
     * @param silence zero for never
     * @return a copy
     */
    public TcpOptions idleTimeout(Duration silence) {
        TcpOptions copy = copy();
        copy.idleTimeout = notNegative(silence, "idleTimeout");
        return copy;
    }

    /**
     * How long a connect may take.
     *
     * @return 30 s by default
     */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /**
     * How long a connect may take before it fails with {@link IoError#TIMED_OUT}.
     *
     * @param limit zero leaves it to the operating system
     * @return a copy
     */
    public TcpOptions connectTimeout(Duration limit) {
        TcpOptions copy = copy();
        copy.connectTimeout = notNegative(limit, "connectTimeout");
        return copy;
    }

    /**
     * How long a closed connection waits for the peer.
     *
     * @return 5 s by default
     */
    public Duration lingerTimeout() {
        return lingerTimeout;
    }

    /**
     * How long a connection that was closed by this side waits for the peer: to take more of what is queued, and then to send its FIN.
     *
     * @param limit after this long without progress the connection is cut
     * @return a copy
     */
    public TcpOptions lingerTimeout(Duration limit) {
        TcpOptions copy = copy();
        copy.lingerTimeout = notNegative(limit, "lingerTimeout");
        return copy;
    }

    private TcpOptions copy() {
        try {
            return (TcpOptions) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this class is Cloneable", e);
        }
    }

    private static int atLeast(int min, int value, String name) {
        if (value < min) {
            throw new IllegalArgumentException(name + " must be at least " + min + ": " + value);
        }
        return value;
    }

    private static Duration notNegative(Duration value, String name) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
        return value;
    }
}
