package io.iocp4j.websocket.http;

/**
 * Answers ordinary requests on the port of a WebSocket server. It runs as a callback on a worker, or, with
 * {@link #blocking}, on a virtual thread that may wait.
 */
@FunctionalInterface
public interface HttpHandler {
    /**
     * Begins to answer a request. The handler must call {@link HttpExchange#respond} exactly once, now or later, on any
     * thread, within the response timeout of the server. Runs on a worker and must not wait.
     *
     * @param exchange the request and its answer
     * @throws Exception to answer with an error: an {@link HttpException} gives the status; any other is logged and
     *     answered with 500
     */
    void onRequest(HttpExchange exchange) throws Exception;

    /**
     * Calls a handler on a virtual thread for each request, where it may wait: for the body
     * ({@link HttpExchange#bodyStream}), for a file or a database. An exception becomes the answer, as on a worker. An
     * {@link HttpException} gives the status; any other is logged with method and path, and answered with 500. The
     * thread is interrupted when the request is cancelled, see {@link HttpExchange#onCancel}.
     *
     * @param handler runs on the virtual thread
     * @return a handler
     */
    static HttpHandler blocking(HttpHandler handler) {
        return new BlockingHandler(handler);
    }

    /**
     * Answers every request with 404.
     *
     * @return a handler
     */
    static HttpHandler none() {
        return exchange -> {
            throw new HttpException(404, "there is nothing here");
        };
    }
}
