package io.iocp4j.websocket;

import io.iocp4j.websocket.handshake.Deflate;
import java.time.Duration;

/** What servers and clients are told alike; {@link WebSocketBuilder} describes each. Immutable: each change gives a copy. */
final class WebSocketSettings implements Cloneable {
    private static final WebSocketSettings DEFAULTS = new WebSocketSettings();

    private Limits limits = Limits.defaults();
    private boolean parts;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private Duration heartbeatInterval = Duration.ofSeconds(20);
    private Duration heartbeatTimeout = Duration.ofSeconds(20);
    private Duration idleTimeout = Duration.ZERO;
    private Duration maxAge = Duration.ZERO;
    private SlowConsumer slowConsumer = SlowConsumer.BLOCK;
    private Deflate deflate = Deflate.off();

    private WebSocketSettings() {
    }

    static WebSocketSettings defaults() {
        return DEFAULTS;
    }

    Limits limits() {
        return limits;
    }

    WebSocketSettings limits(Limits values) {
        WebSocketSettings copy = copy();
        copy.limits = values;
        return copy;
    }

    boolean parts() {
        return parts;
    }

    WebSocketSettings parts(boolean on) {
        WebSocketSettings copy = copy();
        copy.parts = on;
        return copy;
    }

    Duration closeTimeout() {
        return closeTimeout;
    }

    WebSocketSettings closeTimeout(Duration limit) {
        WebSocketSettings copy = copy();
        copy.closeTimeout = limit;
        return copy;
    }

    Duration heartbeatInterval() {
        return heartbeatInterval;
    }

    Duration heartbeatTimeout() {
        return heartbeatTimeout;
    }

    WebSocketSettings heartbeat(Duration interval, Duration timeout) {
        WebSocketSettings copy = copy();
        copy.heartbeatInterval = interval;
        copy.heartbeatTimeout = timeout;
        return copy;
    }

    Duration idleTimeout() {
        return idleTimeout;
    }

    WebSocketSettings idleTimeout(Duration limit) {
        WebSocketSettings copy = copy();
        copy.idleTimeout = limit;
        return copy;
    }

    Duration maxAge() {
        return maxAge;
    }

    WebSocketSettings maxAge(Duration limit) {
        WebSocketSettings copy = copy();
        copy.maxAge = limit;
        return copy;
    }

    SlowConsumer slowConsumer() {
        return slowConsumer;
    }

    WebSocketSettings slowConsumer(SlowConsumer policy) {
        WebSocketSettings copy = copy();
        copy.slowConsumer = policy;
        return copy;
    }

    Deflate deflate() {
        return deflate;
    }

    WebSocketSettings deflate(Deflate options) {
        WebSocketSettings copy = copy();
        copy.deflate = options;
        return copy;
    }

    private WebSocketSettings copy() {
        try {
            return (WebSocketSettings) clone();
        } catch (CloneNotSupportedException e) {
            throw new AssertionError("this class is Cloneable", e);
        }
    }
}
