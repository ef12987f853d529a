package io.iocp4j.websocket.frame;

import java.io.IOException;
import java.io.Serial;

/**
 * The peer broke a rule or a limit, so the connection has to fail (RFC 6455 section 7.1.7). Messages of the codec are
 * ASCII of at most 123 bytes, so that they can be sent as the reason beside {@link #closeCode()}.
 */
public final class ProtocolException extends IOException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** What to send in the Close frame. */
    private final int closeCode;

    /**
     * Makes an exception for one broken rule.
     *
     * @param closeCode what to send in the Close frame
     * @param message what was wrong
     * @throws IllegalArgumentException when no Close frame may carry the code
     */
    public ProtocolException(int closeCode, String message) {
        super(message);
        if (!CloseCode.mayBeSent(closeCode)) {
            throw new IllegalArgumentException("close code that may not be sent: " + closeCode);
        }
        this.closeCode = closeCode;
    }

    /**
     * Returns the code for the Close frame that answers this violation.
     *
     * @return a code that {@link CloseCode#mayBeSent may be sent}
     */
    public int closeCode() {
        return closeCode;
    }
}
