package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.IOException;

/** A WebSocket failed, or was used after its end. */
public final class WebSocketException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The end of the WebSocket. Null if it is open, and after deserialisation. */
    private final transient CloseStatus status;

    /**
     * Makes the exception. Its message says in words which side ended the WebSocket, with the status and the reason.
     *
     * @param message the operation that failed
     * @param status how the WebSocket ended, null if it is open
     */
    public WebSocketException(String message, CloseStatus status) {
        super(status == null ? message : message + ": " + inWords(status));
        this.status = status;
    }

    private static String inWords(CloseStatus status) {
        String side = status.initiator() == Initiator.LOCAL ? "this side" : "the peer";
        String end = switch (status.code()) {
            case CloseCode.ABNORMAL -> "ended by " + side + " without a Close frame";
            case CloseCode.NO_STATUS -> "closed by " + side + " without a status";
            default -> "closed by " + side + " with status " + status.code();
        };
        return status.reason().isEmpty() ? end : end + ": " + status.reason();
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
