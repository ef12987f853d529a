package io.iocp4j.websocket;

/**
 * Limits of the frames and messages that one peer may send. Each is compared with the declared size before memory is
 * taken. The inflated size of compressed data counts, and is checked while it is inflated. Its compressed size may
 * exceed the limit by an eighth and 64 bytes, because data that cannot be compressed becomes longer.
 *
 * @param maxFrame the longest payload of one frame in bytes, at least 125 because every control frame has to pass
 *     (RFC 6455 section 5.5); a frame that declares more fails the connection with 1009. Default 1 MiB
 * @param maxMessage the longest message in bytes, all fragments together, at least 1; the frame whose declared length
 *     takes the message past it fails the connection with 1009. Default 1 MiB
 * @param maxFragments the highest number of frames of one message, at least 1, empty ones included, because each costs
 *     work whatever its length; one more fails the connection with 1008. Default 1024
 */
public record Limits(long maxFrame, long maxMessage, int maxFragments) {
    private static final Limits DEFAULTS = new Limits(1 << 20, 1 << 20, 1024);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException when a limit is below its smallest value
     */
    public Limits {
        requireAtLeast("maxFrame", maxFrame, 125);
        requireAtLeast("maxMessage", maxMessage, 1);
        requireAtLeast("maxFragments", maxFragments, 1);
    }

    /**
     * Returns the default limits.
     *
     * @return the default of every component
     */
    public static Limits defaults() {
        return DEFAULTS;
    }

    /**
     * Changes one limit.
     *
     * @param bytes the longest frame payload, 125 or more
     * @return these limits with another {@link #maxFrame()}
     */
    public Limits maxFrame(long bytes) {
        return new Limits(bytes, maxMessage, maxFragments);
    }

    /**
     * Changes one limit.
     *
     * @param bytes the longest message, 1 or more
     * @return these limits with another {@link #maxMessage()}
     */
    public Limits maxMessage(long bytes) {
        return new Limits(maxFrame, bytes, maxFragments);
    }

    /**
     * Changes one limit.
     *
     * @param frames the highest number of frames in one message, 1 or more
     * @return these limits with another {@link #maxFragments()}
     */
    public Limits maxFragments(int frames) {
        return new Limits(maxFrame, maxMessage, frames);
    }

    private static void requireAtLeast(String name, long value, long smallest) {
        if (value < smallest) {
            throw new IllegalArgumentException(name + " is " + value + ", smallest is " + smallest);
        }
    }
}
