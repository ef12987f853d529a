package io.iocp4j.websocket;

/**
 * What a test waited for did not come within its time limit, which may be the fault of a machine that has no time for
 * it.
 */
public final class TooLate extends AssertionError {
    private static final long serialVersionUID = 1L;

    public TooLate(String message) {
        super(message);
    }

    /** Fails unless something was in time. */
    public static void unless(boolean inTime, String message) {
        if (!inTime) {
            throw new TooLate(message);
        }
    }
}
