package io.iocp4j.relay.media;

import java.io.IOException;

/**
 * Thrown when a publisher sends media that the relay cannot pass on. The message says what was wrong and where: the
 * path of the box, for example {@code moov/trak/mdia}, and the offset in bytes from the beginning of the stream.
 */
public final class MediaException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what was wrong and where
     */
    public MediaException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message what was wrong and where
     * @param cause   the exception that caused this one
     */
    public MediaException(String message, Throwable cause) {
        super(message, cause);
    }
}
