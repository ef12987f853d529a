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
 * changed copy. The handlers of handshakes and requests are arguments of {@link WebSocketServer#listen}.
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
     * Returns options for every address, a TCP port that the system chooses, no TLS, pages of the same host, no
     * subprotocol and no compression. Each getter documents its default.
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
     * Sets which pages may open a WebSocket.
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
     * Sets the subprotocols of the server. The server chooses the first of them that a client offers.
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
     * Sets the time limit of a head, from the opening of the connection, or from its first byte on a reused connection.
     * Bytes do not extend it. An incomplete request is then answered with 408. A connection without a request is
     * closed.
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
     * Sets how long a connection may wait for its next request.
     *
     * @param limit above 0
     * @return a copy
     */
    public ServerOptions keepAliveTimeout(Duration limit) {
        positive(limit, "keepAliveTimeout");
        return with(copy -> copy.keepAliveTimeout = limit);
    }

    /** {@return how long a request may wait for its answer, 30 s by default, zero for no limit} */
    public Duration responseTimeout() {
        return responseTimeout;
    }

    /**
     * Sets how long a request may wait for its answer after its handler has returned, or after the end of its body if
     * the handler asked for it. Then it is answered with 503, and its connection is closed. A forgotten answer
     * therefore does not hold a connection.
     *
     * @param limit zero for no limit
     * @return a copy
     * @throws IllegalArgumentException if it is negative
     */
    public ServerOptions responseTimeout(Duration limit) {
        notNegative(limit, "responseTimeout");
        return with(copy -> copy.responseTimeout = limit);
    }

    /** {@return the minimum rate of a body, in bytes per second, 100 by default, 0 for no limit} */
    public int minBodyRate() {
        return minBodyRate;
    }

    /**
     * Sets the minimum rate of a body, as an average over each {@link #requestTimeout()}. A slower body is answered
     * with 408, and its connection is closed. Heads need no minimum rate, because their total time is limited.
     *
     * @param bytesPerSecond includes the framing of chunks; 0 for no limit
     * @return a copy
     * @throws IllegalArgumentException if it is negative
     */
    public ServerOptions minBodyRate(int bytesPerSecond) {
        if (bytesPerSecond < 0) {
            throw new IllegalArgumentException("minBodyRate must not be negative: " + bytesPerSecond);
        }
        return with(copy -> copy.minBodyRate = bytesPerSecond);
    }

    /** {@return the minimum rate of taking content, in bytes per second, 100 by default, 0 for no limit} */
    public int minAnswerRate() {
        return minAnswerRate;
    }

    /**
     * Sets the minimum rate at which a client must take content that is written while it is sent
     * ({@link io.iocp4j.websocket.http.HttpContent}), as an average over each {@link #requestTimeout()} in which bytes
     * wait. A slower connection is aborted, because it holds a thread and perhaps a file. The write timeout of TCP
     * applies to a client that takes nothing. An answer in memory needs no minimum rate, because the next request waits
     * until it was taken.
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

    /** The options of the listening socket and of the connections that it accepts. */
    TcpOptions listening() {
        // a client may end its side after its request and wait for the answer
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
