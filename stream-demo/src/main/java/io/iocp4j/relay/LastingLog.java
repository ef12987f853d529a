package io.iocp4j.relay;

import java.util.logging.LogManager;

/**
 * The log of the relay's process, which lasts until the relay has said goodbye: that of the JDK takes its handlers away as soon as the
 * process begins to stop, while the relay still has to tell who left. Made by the JDK, see the system property
 * {@code java.util.logging.manager}.
 */
@SuppressWarnings("exports") // public for the JDK, which makes it by name; nobody else uses it
public final class LastingLog extends LogManager {
    private boolean ending;

    /** For the JDK. */
    public LastingLog() {
    }

    /** Lets the handlers go; does nothing in a process with another log. */
    static void end() {
        if (LogManager.getLogManager() instanceof LastingLog log) {
            log.ending = true;
            log.reset();
        }
    }

    /** Only once the relay has stopped. */
    @Override
    public void reset() {
        if (ending) {
            super.reset();
        }
    }
}
