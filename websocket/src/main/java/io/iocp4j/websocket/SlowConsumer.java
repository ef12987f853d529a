package io.iocp4j.websocket;

import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.CloseCode;

/**
 * The policy of {@code send} while the peer takes less than it is sent, that is from the high-water mark until
 * {@code onDrain}.
 */
public enum SlowConsumer {
    /**
     * The sender waits. Where nothing may wait, on a worker of the port, the message is queued, up to
     * {@link io.iocp4j.core.TcpOptions#sendQueueMax()}, where the connection ends. The default.
     */
    BLOCK,
    /** The message is not sent, but counted ({@link WebSocket#messagesDropped()}). */
    DROP,
    /**
     * The WebSocket closes with {@link CloseCode#POLICY_VIOLATION}; a peer that does not read is cut after the close
     * timeout. What it sends until then is dropped, see {@link WebSocketOptions#closeTimeout(java.time.Duration)}.
     */
    CLOSE
}
