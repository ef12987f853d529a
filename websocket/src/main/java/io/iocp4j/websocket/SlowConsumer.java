package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;

/**
 * The policy of {@code send} for a peer that reads too slowly. It applies from the time when the queue exceeds the
 * high-water mark until {@code onDrain}.
 */
public enum SlowConsumer {
    /**
     * The sender waits. On a worker of the port, which must not wait, the message is queued; beyond
     * {@link io.iocp4j.core.TcpOptions#maxSendQueue()} the connection ends. The default.
     */
    BLOCK,
    /** The message is not sent, but counted ({@link WebSocket#messagesDropped()}). */
    DROP,
    /**
     * The WebSocket closes with {@link CloseCode#POLICY_VIOLATION}; a peer that does not read is cut after the close
     * timeout. Its data is dropped until then, see {@link WebSocketOptions#closeTimeout(java.time.Duration)}.
     */
    CLOSE
}
