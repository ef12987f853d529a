package io.iocp4j.websocket;

import io.iocp4j.websocket.http.HttpException;
import java.util.Objects;

/**
 * Decides about handshakes. A handler that knows its answer is a lambda that returns a listener:
 * {@code exchange -> new Chat()}. One that looks something up returns {@link UpgradeAnswer#later}, or is written as if
 * it had all the time: {@link #blocking}.
 */
@FunctionalInterface
public interface UpgradeHandler {
    /**
     * Takes or refuses a handshake that is valid in itself. Called by a worker, must not wait.
     *
     * @param exchange the handshake, and what its answer may have beside the listener
     * @return the listener of the new WebSocket, or {@link UpgradeAnswer#later}
     * @throws Exception to refuse: an {@link HttpException} with its status, such as 401, 403, 404, 429, 503 or a
     *         redirect; any other is logged and answered with 500
     */
    UpgradeAnswer onUpgrade(UpgradeExchange exchange) throws Exception;

    /**
     * Calls a handler on a virtual thread, where it may wait for whatever it needs. The thread is interrupted when the
     * client has gone, the server stops, or the response timeout is over.
     *
     * @param handler as it would be on a worker
     * @return a handler
     */
    static UpgradeHandler blocking(UpgradeHandler handler) {
        Objects.requireNonNull(handler);
        return exchange -> LaterListener.blocking(handler, exchange);
    }

    /**
     * Takes every WebSocket, with a virtual thread for each.
     *
     * @param session what a thread does with its WebSocket
     * @return a handler
     */
    static UpgradeHandler all(WebSocketSession session) {
        Objects.requireNonNull(session);
        return exchange -> WebSocketListener.session(session);
    }

    /**
     * Refuses every WebSocket with 404.
     *
     * @return a handler
     */
    static UpgradeHandler none() {
        return exchange -> {
            throw new HttpException(404, "there is no WebSocket here");
        };
    }
}
