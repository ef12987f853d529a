package io.iocp4j.websocket;

/**
 * The work of a virtual thread with its WebSocket. The WebSocket closes with 1000 when it returns, and with 1011 when
 * it throws.
 */
@FunctionalInterface
public interface WebSocketSession {
    /**
     * Sends and receives with the blocking API.
     *
     * @param socket open
     * @throws Exception to end the WebSocket. It is logged, unless it is what a call of this very WebSocket threw after
     *     its end, or was caused by that
     */
    void run(WebSocket socket) throws Exception;
}
