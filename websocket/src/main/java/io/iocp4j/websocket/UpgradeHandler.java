package io.iocp4j.websocket;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;

/** Decides about handshakes. */
@FunctionalInterface
public interface UpgradeHandler {
    /**
     * Takes or refuses a handshake that is valid in itself. Called by a worker, must not wait.
     *
     * @param request the handshake
     * @return the listener of the new WebSocket
     * @throws HttpException to refuse: 401, 403, 404, 429 or 503, before anything was promised to the peer
     */
    WebSocketListener onUpgrade(HttpRequest request) throws HttpException;
}
