package io.iocp4j.websocket.frame;

import java.io.IOException;
import java.io.Serial;

/**
 * Signals that the peer violated the protocol or a limit, so that the connection must fail (RFC 6455 section 7.1.7).
 * The messages of the codec are ASCII of at most 123 bytes, so they can be sent as the reason of the Close frame.
 */
public final class ProtocolException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** The code of the Close frame that is due, see {@link CloseCode}. */
    private final int closeCode;

    /**
     * Creates an exception for one violation.
     *
     * @param closeCode the code to send in the Close frame
     * @param message what was wrong
     * @throws IllegalArgumentException if no Close frame may carry the code
     */
    public ProtocolException(int closeCode, String message) {
        super(message);
        if (!CloseCode.mayBeSent(closeCode)) {
            throw new IllegalArgumentException("close code that may not be sent: " + closeCode);
        }
        this.closeCode = closeCode;
    }

    /**
     * Returns the code of the Close frame that answers this violation.
     *
     * @return a code that {@link CloseCode#mayBeSent may be sent}
     */
    public int closeCode() {
        return closeCode;
    }
}
