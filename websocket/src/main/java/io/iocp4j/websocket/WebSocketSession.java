package io.iocp4j.websocket;

/**
 * The task of a virtual thread with its WebSocket. The WebSocket closes with 1000 when the task returns, and with 1011
 * when it throws.
 *
 * <p>The thread is not interrupted when the WebSocket ends, because it may still have work of its own. Calls that send
 * or receive report the end, even if they are already waiting. A task that waits for something else, such as a queue,
 * can learn of the end from {@link WebSocket#closed()}.
 */
@FunctionalInterface
public interface WebSocketSession {
    /**
     * Sends and receives with the blocking API.
     *
     * @param socket open
     * @throws Exception to end the WebSocket. It is logged as a warning, unless it reports the end of this WebSocket or
     *     was caused by that
     */
    void run(WebSocket socket) throws Exception;
}
