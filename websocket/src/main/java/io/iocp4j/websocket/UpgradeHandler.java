package io.iocp4j.websocket;

import io.iocp4j.websocket.http.HttpException;
import java.util.Objects;

/**
 * Accepts or refuses handshakes. A handler that can answer at once is a lambda that returns a listener:
 * {@code exchange -> new Chat()}. A handler that must wait for something returns {@link UpgradeAnswer#later}, or blocks
 * in {@link #blocking}.
 */
@FunctionalInterface
public interface UpgradeHandler {
    /**
     * Accepts or refuses a valid handshake. Runs on a worker and must not wait.
     *
     * @param exchange the handshake, and further options of its answer
     * @return the listener of the new WebSocket, or {@link UpgradeAnswer#later}
     * @throws Exception to refuse: an {@link HttpException} gives the status, such as 401, 403, 404, 429, 503 or a
     *     redirect; any other is logged and answered with 500
     */
    UpgradeAnswer onUpgrade(UpgradeExchange exchange) throws Exception;

    /**
     * Calls a handler on a virtual thread, where it may wait. The thread is interrupted when the client is lost, the
     * server stops, or the response timeout is over.
     *
     * @param handler may wait
     * @return a handler
     */
    static UpgradeHandler blocking(UpgradeHandler handler) {
        Objects.requireNonNull(handler);
        return exchange -> LaterListener.blocking(handler, exchange);
    }

    /**
     * Accepts every WebSocket, with a virtual thread for each.
     *
     * @param session the task of each thread
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
