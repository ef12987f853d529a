package io.iocp4j.websocket.http;

import java.io.IOException;

/** Answers ordinary requests on the port of a WebSocket server. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Begins to answer a request: calls {@link HttpExchange#respond} now or later, from any thread, exactly once, and within the
     * response timeout of the server. Called by a worker, must not wait.
     *
     * @param exchange the request and its answer
     * @throws IOException to answer with the status of an {@link HttpException}, or with 500
     */
    void onRequest(HttpExchange exchange) throws IOException;
}
