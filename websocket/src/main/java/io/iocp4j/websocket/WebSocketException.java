package io.iocp4j.websocket;

import java.io.IOException;

/** A WebSocket ended otherwise than by Close frames, or was used after its end. */
public final class WebSocketException extends IOException {
    private static final long serialVersionUID = 1L;

    /** A record of values. */
    private final transient CloseStatus status;

    /**
     * Makes the exception.
     *
     * @param message what was tried
     * @param status how the WebSocket ended, null if it is open
     */
    public WebSocketException(String message, CloseStatus status) {
        super(status == null ? message
                : message + ": " + status.code() + " " + status.reason() + " (" + status.initiator() + ")");
        this.status = status;
    }

    /**
     * The end of the WebSocket.
     *
     * @return null if it is open
     */
    public CloseStatus status() {
        return status;
    }
}
