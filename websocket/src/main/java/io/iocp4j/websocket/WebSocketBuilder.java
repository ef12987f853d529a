package io.iocp4j.websocket;

import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Deflate;
import java.time.Duration;
import java.util.Objects;

/**
 * The settings that a server and a client have in common.
 *
 * @param <B> the builder itself
 */
abstract class WebSocketBuilder<B extends WebSocketBuilder<B>> {
    WebSocketSettings webSocket = WebSocketSettings.defaults();

    abstract B self();

    /**
     * Limits of frames and messages.
     *
     * @param values {@link Limits#defaults()} unless set
     * @return this
     */
    public B limits(Limits values) {
        webSocket = webSocket.limits(Objects.requireNonNull(values));
        return self();
    }

    /**
     * Hands messages on in parts as they arrive, instead of whole: to {@link WebSocketListener#onPart}, or to
     * {@link WebSocket#receiveStream()}. The limits of a message hold as before; who takes long messages this way raises them.
     *
     * @param on false unless set
     * @return this
     */
    public B parts(boolean on) {
        webSocket = webSocket.parts(on);
        return self();
    }

    /**
     * Pings the peer, and cuts it with 1006 when for a time behind a ping nothing at all comes from it, and it takes nothing of what waits
     * for it: one that reads a large message slowly is kept. A peer that this side does not read from, because the application has
     * paused, is judged by what it takes alone, and not at all while nothing waits for it.
     *
     * @param interval between pings, 20 s unless set; zero for none
     * @param timeout behind a ping, 20 s unless set, above 0; where it is longer than the interval, pings come only as often
     * @return this
     */
    public B heartbeat(Duration interval, Duration timeout) {
        webSocket = webSocket.heartbeat(notNegative(interval, "interval"), positive(timeout, "timeout"));
        return self();
    }

    /**
     * Closes a WebSocket with {@link CloseCode#GOING_AWAY} on which no message has come or gone for a time; pings and pongs are none.
     *
     * @param limit after which the close comes, at the latest after twice as long; zero, as unless set, for never
     * @return this
     */
    public B idleTimeout(Duration limit) {
        webSocket = webSocket.idleTimeout(notNegative(limit, "idleTimeout"));
        return self();
    }

    /**
     * Closes a WebSocket with {@link CloseCode#GOING_AWAY} when it has been open for a time.
     *
     * @param limit zero, as unless set, for never
     * @return this
     */
    public B maxAge(Duration limit) {
        webSocket = webSocket.maxAge(notNegative(limit, "maxAge"));
        return self();
    }

    /**
     * How long to wait for the peer's Close frame after ours, and at a client for the server's FIN after both.
     *
     * @param limit above 0, 5 s unless set
     * @return this
     */
    public B closeTimeout(Duration limit) {
        webSocket = webSocket.closeTimeout(positive(limit, "closeTimeout"));
        return self();
    }

    /**
     * What {@code send} does while the peer takes less than it is sent.
     *
     * @param policy {@link SlowConsumer#BLOCK} unless set
     * @return this
     */
    public B slowConsumer(SlowConsumer policy) {
        webSocket = webSocket.slowConsumer(Objects.requireNonNull(policy));
        return self();
    }

    /**
     * Whether and how messages are compressed, where the peer does so too.
     *
     * @param options {@link Deflate#off()} unless set
     * @return this
     */
    public B deflate(Deflate options) {
        webSocket = webSocket.deflate(Objects.requireNonNull(options));
        return self();
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
