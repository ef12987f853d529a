package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.http.HttpContent;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Consumer;

/**
 * Options and limits of a {@link WebSocketServer}. Immutable, for any thread; each method that takes a value returns a
 * changed copy. What the server does with handshakes and requests is not here: handlers are arguments of
 * {@link WebSocketServer#listen}.
 */
public final class ServerOptions extends WebSocketOptions<ServerOptions> {
    private static final ServerOptions DEFAULTS = new ServerOptions();

    private Origins origins = Origins.sameHost();
    private List<String> subprotocols = List.of();
    private Duration requestTimeout = Duration.ofSeconds(5);
    private Duration keepAliveTimeout = Duration.ofSeconds(30);
    private Duration responseTimeout = Duration.ofSeconds(30);
    private int minBodyRate = 100;
    private int minAnswerRate = 100;

    private ServerOptions() {
    }

    /**
     * Every address, a TCP port chosen by the system, no TLS, pages of the same host, no subprotocol, no compression;
     * each getter says the rest.
     *
     * @return the same object each time
     */
    public static ServerOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Listens on every address: short for {@link #tcp(TcpOptions)} with {@link TcpOptions#tcpPort(int)}.
     *
     * @param tcpPort 0 lets the system choose
     * @return a copy
     */
    public ServerOptions tcpPort(int tcpPort) {
        return tcp(tcp().tcpPort(tcpPort));
    }

    /**
     * Listens for this machine only: short for {@link #tcp(TcpOptions)} with {@link TcpOptions#loopback(int)}.
     *
     * @param tcpPort 0 lets the system choose
     * @return a copy
     */
    public ServerOptions loopback(int tcpPort) {
        return tcp(tcp().loopback(tcpPort));
    }

    /** {@return which pages may open a WebSocket, {@link Origins#sameHost()} by default} */
    public Origins origins() {
        return origins;
    }

    /**
     * Which pages may open a WebSocket here.
     *
     * @param rule for the Origin field of a handshake
     * @return a copy
     */
    public ServerOptions origins(Origins rule) {
        Objects.requireNonNull(rule);
        return with(copy -> copy.origins = rule);
    }

    /** {@return the subprotocols of the server, none by default} */
    public List<String> subprotocols() {
        return subprotocols;
    }

    /**
     * The subprotocols of the server. The first of them that a client offers is chosen.
     *
     * @param names the preferred one first
     * @return a copy
     */
    public ServerOptions subprotocols(String... names) {
        List<String> all = List.of(names);
        return with(copy -> copy.subprotocols = all);
    }

    /** {@return the time for a head, 5 s by default} */
    public Duration requestTimeout() {
        return requestTimeout;
    }

    /**
     * How long a head may take from the opening of the connection, or from its first byte on a kept connection; not
     * refreshed by further bytes. A request that was begun is then answered with 408; a connection on which none was
     * begun ends without a word.
     *
     * @param limit above 0
     * @return a copy
     */
    public ServerOptions requestTimeout(Duration limit) {
        positive(limit, "requestTimeout");
        return with(copy -> copy.requestTimeout = limit);
    }

    /** {@return how long a connection may wait for its next request, 30 s by default} */
    public Duration keepAliveTimeout() {
        return keepAliveTimeout;
    }

    /**
     * How long a connection may wait for its next request.
     *
     * @param limit above 0
     * @return a copy
     */
    public ServerOptions keepAliveTimeout(Duration limit) {
        positive(limit, "keepAliveTimeout");
        return with(copy -> copy.keepAliveTimeout = limit);
    }

    /** {@return how long a request may wait for its answer, 30 s by default, zero for ever} */
    public Duration responseTimeout() {
        return responseTimeout;
    }

    /**
     * How long a request may wait for its answer when its handler has returned, or from the end of its body if the
     * handler asked for that. Then it is answered with 503 and its connection is closed, so that an answer that was
     * forgotten holds none for ever.
     *
     * @param limit zero for no limit
     * @return a copy
     * @throws IllegalArgumentException if it is negative
     */
    public ServerOptions responseTimeout(Duration limit) {
        notNegative(limit, "responseTimeout");
        return with(copy -> copy.responseTimeout = limit);
    }

    /** {@return how fast a body has to come, in bytes per second, 100 by default, 0 for no limit} */
    public int minBodyRate() {
        return minBodyRate;
    }

    /**
     * How fast a body has to come, on the average of each {@link #requestTimeout()}: one that drips or stops is
     * answered with 408 and aborted, so that it holds no connection for ever. A head needs no such rate, since its time
     * is limited as a whole.
     *
     * @param bytesPerSecond with the framing of chunks; 0 leaves the time to the application, which knows how long its
     *     clients may be silent
     * @return a copy
     * @throws IllegalArgumentException if it is negative
     */
    public ServerOptions minBodyRate(int bytesPerSecond) {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("minBodyRate must not be negative: " + bytesPerSecond);
        }
        return with(copy -> copy.minBodyRate = bytesPerSecond);
    }

    /** {@return how fast a client has to take content, in bytes per second, 100 by default, 0 for no limit} */
    public int minAnswerRate() {
        return minAnswerRate;
    }

    /**
     * How fast a client has to take content that is made while it is sent
     * ({@link io.iocp4j.websocket.http.HttpContent}), on the average of each {@link #requestTimeout()} in which some of
     * it waits. A slower connection is aborted, so that it holds no thread and no file for ever. One that takes nothing
     * at all has the write timeout of TCP. An answer in memory needs no such rate, since the next request waits until
     * it was taken.
     *
     * @param bytesPerSecond 0 for no limit
     * @return a copy
     * @throws IllegalArgumentException if it is negative
     */
    public ServerOptions minAnswerRate(int bytesPerSecond) {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("minAnswerRate must not be negative: " + bytesPerSecond);
        }
        return with(copy -> copy.minAnswerRate = bytesPerSecond);
    }

    /** The options of the listening socket and of what it accepts. */
    TcpOptions listening() {
        // a client may end its side behind its request and wait for the answer
        TcpOptions halfOpen = tcp().allowHalfOpen(true);
        return tls() == null ? halfOpen : halfOpen.tls(tls(), tcp().tlsParameters().andThen(tlsParameters()));
    }

    @Override
    ServerOptions copy() {
        try {
            return (ServerOptions) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this class is Cloneable", e);
        }
    }

    private ServerOptions with(Consumer<ServerOptions> change) {
        ServerOptions copy = copy();
        change.accept(copy);
        return copy;
    }

    @Override
    public String toString() {
        return describe(new StringJoiner(", ", "ServerOptions[", "]")).add("subprotocols=" + subprotocols)
                .add("requestTimeout=" + requestTimeout).add("keepAliveTimeout=" + keepAliveTimeout)
                .add("responseTimeout=" + responseTimeout).add("minBodyRate=" + minBodyRate)
                .add("minAnswerRate=" + minAnswerRate).toString();
    }
}
