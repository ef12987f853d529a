package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import io.iocp4j.websocket.http.HttpLimits;
import java.time.Duration;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * The options that {@link ServerOptions} and {@link ClientOptions} have in common. Immutable, for any thread; each
 * method that takes a value returns a changed copy.
 *
 * @param <O> the options themselves
 */
public abstract sealed class WebSocketOptions<O extends WebSocketOptions<O>> implements Cloneable
        permits ServerOptions, ClientOptions {
    private TcpOptions tcp = TcpOptions.defaults();
    private SSLContext tls;
    private Consumer<SSLParameters> tlsParameters = parameters -> { };
    private HttpLimits httpLimits = HttpLimits.defaults();
    private Limits limits = Limits.defaults();
    private boolean parts;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private Duration heartbeatInterval = Duration.ofSeconds(20);
    private Duration heartbeatTimeout = Duration.ofSeconds(20);
    private Duration maxIdle = Duration.ZERO;
    private Duration maxAge = Duration.ZERO;
    private SlowConsumer slowConsumer = SlowConsumer.BLOCK;
    private Deflate deflate = Deflate.off();

    WebSocketOptions() {
    }

    /** {@return options and limits of TCP, {@link TcpOptions#defaults()} by default} */
    public TcpOptions tcp() {
        return tcp;
    }

    /**
     * Sets the options and limits of TCP. Their TLS settings apply unless {@link #tls(SSLContext)} replaces them.
     *
     * @param options for each connection. A server also takes its address from them. At a client, the time for a
     *     connect counts within the time for the opening
     * @return a copy
     */
    public O tcp(TcpOptions options) {
        Objects.requireNonNull(options);
        return with(copy -> copy.tcp = options);
    }

    /** {@return the context for TLS; null, the default, for the context of {@link #tcp()}} */
    public SSLContext tls() {
        return tls;
    }

    /**
     * Sets the context for TLS. A server needs one with its certificate, and then serves wss and https in place of ws
     * and http. A client uses it for URIs that begin with wss://, to trust servers and to identify itself. It always
     * checks that the certificate is valid for the host.
     *
     * @param context replaces the context of {@link #tcp()} but keeps its parameters. Null leaves that context; a
     *     client that has none uses the default of the JDK
     * @return a copy
     */
    public O tls(SSLContext context) {
        return with(copy -> copy.tls = context);
    }

    /**
     * Sets the context for TLS, and its parameters.
     *
     * @param context as {@link #tls(SSLContext)}
     * @param parameters changes the parameters of each connection, such as versions, or whether a client needs a
     *     certificate; called after the change set by {@link TcpOptions#tls(SSLContext, Consumer)}
     * @return a copy
     */
    public O tls(SSLContext context, Consumer<SSLParameters> parameters) {
        Objects.requireNonNull(parameters);
        return with(copy -> {
            copy.tls = context;
            copy.tlsParameters = parameters;
        });
    }

    /** The changes of the parameters that follow those of {@link #tcp()}. */
    Consumer<SSLParameters> tlsParameters() {
        return tlsParameters;
    }

    /** {@return limits of heads and chunks, {@link HttpLimits#defaults()} by default} */
    public HttpLimits httpLimits() {
        return httpLimits;
    }

    /**
     * Sets the limits of heads, and of chunked bodies after them.
     *
     * @param values for requests at a server, for the response at a client
     * @return a copy
     */
    public O httpLimits(HttpLimits values) {
        Objects.requireNonNull(values);
        return with(copy -> copy.httpLimits = values);
    }

    /** {@return limits of frames and messages, {@link Limits#defaults()} by default} */
    public Limits limits() {
        return limits;
    }

    /**
     * Sets the limits of frames and messages that the peer sends.
     *
     * @param values the limits
     * @return a copy
     */
    public O limits(Limits values) {
        Objects.requireNonNull(values);
        return with(copy -> copy.limits = values);
    }

    /** {@return whether messages are delivered in parts, false by default} */
    public boolean parts() {
        return parts;
    }

    /**
     * Sets whether messages are delivered in parts while they arrive, to {@link WebSocketListener#onPart} or to
     * {@link WebSocket#receiveStream()}. The limits of messages still apply; raise them for long messages.
     *
     * @param on or off
     * @return a copy
     */
    public O parts(boolean on) {
        return with(copy -> copy.parts = on);
    }

    /** {@return the time for the peer's Close frame, 5 s by default} */
    public Duration closeTimeout() {
        return closeTimeout;
    }

    /**
     * Sets how long to wait for the peer's Close frame after ours, and at a client for the server's FIN after both.
     * Data that the peer sends meanwhile is read and dropped. Only this time limits its amount; it takes no more memory
     * than one message within {@link #limits(Limits)}. After this time, a peer that has not read everything still has
     * {@link TcpOptions#lingerTimeout()}.
     *
     * @param limit above 0
     * @return a copy
     */
    public O closeTimeout(Duration limit) {
        positive(limit, "closeTimeout");
        return with(copy -> copy.closeTimeout = limit);
    }

    /** {@return the time between pings, 20 s by default; zero for no pings} */
    public Duration heartbeatInterval() {
        return heartbeatInterval;
    }

    /** {@return the time after a ping in which the peer must send or take a byte, 20 s by default} */
    public Duration heartbeatTimeout() {
        return heartbeatTimeout;
    }

    /**
     * Pings the peer. Ends the WebSocket with 1006 if the peer, for a time after a ping, neither sends a byte nor takes
     * any of the bytes that wait for it. A peer that reads a large message slowly is therefore kept. While the
     * application has paused, only the bytes that the peer takes count; without waiting bytes the peer is kept.
     *
     * @param interval between pings; zero for none
     * @param timeout after a ping, above 0; if it is longer than the interval, it is the interval too
     * @return a copy
     */
    public O heartbeat(Duration interval, Duration timeout) {
        notNegative(interval, "interval");
        positive(timeout, "timeout");
        return with(copy -> {
            copy.heartbeatInterval = interval;
            copy.heartbeatTimeout = timeout;
        });
    }

    /** {@return the time without a message after which a WebSocket closes; zero, the default, for never} */
    public Duration maxIdle() {
        return maxIdle;
    }

    /**
     * Closes a WebSocket with {@link CloseCode#GOING_AWAY} after a time without a message in either direction. Pings
     * and pongs do not count.
     *
     * @param limit the WebSocket closes after one to two times this; zero for never
     * @return a copy
     */
    public O maxIdle(Duration limit) {
        notNegative(limit, "maxIdle");
        return with(copy -> copy.maxIdle = limit);
    }

    /** {@return the age at which a WebSocket closes; zero, the default, for never} */
    public Duration maxAge() {
        return maxAge;
    }

    /**
     * Closes a WebSocket with {@link CloseCode#GOING_AWAY} when it has been open for a time.
     *
     * @param limit zero for never
     * @return a copy
     */
    public O maxAge(Duration limit) {
        notNegative(limit, "maxAge");
        return with(copy -> copy.maxAge = limit);
    }

    /** {@return what {@code send} does while the peer is slow, {@link SlowConsumer#BLOCK} by default} */
    public SlowConsumer slowConsumer() {
        return slowConsumer;
    }

    /**
     * Sets the policy of {@code send} for a peer that reads too slowly.
     *
     * @param policy for every WebSocket
     * @return a copy
     */
    public O slowConsumer(SlowConsumer policy) {
        Objects.requireNonNull(policy);
        return with(copy -> copy.slowConsumer = policy);
    }

    /** {@return whether and how messages are compressed, {@link Deflate#off()} by default} */
    public Deflate deflate() {
        return deflate;
    }

    /**
     * Sets whether and how messages are compressed, if the peer supports it.
     *
     * @param options of this side
     * @return a copy
     */
    public O deflate(Deflate options) {
        Objects.requireNonNull(options);
        return with(copy -> copy.deflate = options);
    }

    /** A clone. */
    abstract O copy();

    private O with(Consumer<WebSocketOptions<O>> change) {
        O copy = copy();
        change.accept(copy);
        return copy;
    }

    /** Adds the common options for {@code toString}. */
    StringJoiner describe(StringJoiner text) {
        return text.add("tcp=" + tcp).add("tls=" + (tls != null || tcp.tls() != null)).add("httpLimits=" + httpLimits)
                .add("limits=" + limits).add("parts=" + parts).add("closeTimeout=" + closeTimeout)
                .add("heartbeat=" + heartbeatInterval + "/" + heartbeatTimeout).add("maxIdle=" + maxIdle)
                .add("maxAge=" + maxAge).add("slowConsumer=" + slowConsumer).add("deflate=" + deflate);
    }

    static Duration notNegative(Duration value, String name) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
        return value;
    }

    static Duration positive(Duration value, String name) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be above 0: " + value);
        }
        return value;
    }
}
