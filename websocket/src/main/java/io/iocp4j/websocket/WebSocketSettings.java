package io.iocp4j.websocket;

import java.time.Duration;

/**
 * What servers and clients are told alike; {@link WebSocketBuilder} describes each. Immutable.
 */
record WebSocketSettings(Limits limits, boolean parts, Duration closeTimeout, Duration heartbeatInterval, Duration heartbeatTimeout,
        SlowConsumer slowConsumer, Deflate deflate) {
    static WebSocketSettings defaults() {
        return new WebSocketSettings(Limits.defaults(), false, Duration.ofSeconds(5), Duration.ofSeconds(20), Duration.ofSeconds(20),
                SlowConsumer.BLOCK, Deflate.off());
    }

    WebSocketSettings limits(Limits values) {
        return new WebSocketSettings(values, parts, closeTimeout, heartbeatInterval, heartbeatTimeout, slowConsumer, deflate);
    }

    WebSocketSettings parts(boolean on) {
        return new WebSocketSettings(limits, on, closeTimeout, heartbeatInterval, heartbeatTimeout, slowConsumer, deflate);
    }

    WebSocketSettings closeTimeout(Duration limit) {
        return new WebSocketSettings(limits, parts, limit, heartbeatInterval, heartbeatTimeout, slowConsumer, deflate);
    }

    WebSocketSettings heartbeat(Duration interval, Duration timeout) {
        return new WebSocketSettings(limits, parts, closeTimeout, interval, timeout, slowConsumer, deflate);
    }

    WebSocketSettings slowConsumer(SlowConsumer policy) {
        return new WebSocketSettings(limits, parts, closeTimeout, heartbeatInterval, heartbeatTimeout, policy, deflate);
    }

    WebSocketSettings deflate(Deflate options) {
        return new WebSocketSettings(limits, parts, closeTimeout, heartbeatInterval, heartbeatTimeout, slowConsumer, options);
    }
}
