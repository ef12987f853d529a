package io.iocp4j.relay;

import java.util.logging.LogManager;

/**
 * A log manager that keeps its handlers until the relay has closed its connections. The log manager of the JDK removes
 * its handlers as soon as the process begins to stop, while the relay still logs which viewers leave. The JDK creates
 * this object: see the system property {@code java.util.logging.manager}.
 */
@SuppressWarnings("exports") // public for the JDK, which creates it by name; nothing else uses it
public final class LastingLog extends LogManager {
    private boolean ending;

    /** Creates the log manager; called by the JDK only. */
    public LastingLog() {
    }

    /** Removes the handlers; does nothing in a process with another log manager. */
    static void end() {
        if (LogManager.getLogManager() instanceof LastingLog log) {
            log.ending = true;
            log.reset();
        }
    }

    /** Removes the handlers, but only once the relay has stopped. */
    @Override
    public void reset() {
        if (ending) {
            super.reset();
        }
    }
}
