package io.iocp4j.websocket.http;

/** Answers ordinary requests on the port of a WebSocket server. */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Begins to answer a request: calls {@link HttpExchange#respond} now or later, from any thread, exactly once, and within the
     * response timeout of the server. Called by a worker, must not wait.
     *
     * @param exchange the request and its answer
     * @throws Exception to answer: an {@link HttpException} with its status; any other is logged and answered with 500
     */
    void onRequest(HttpExchange exchange) throws Exception;
}
