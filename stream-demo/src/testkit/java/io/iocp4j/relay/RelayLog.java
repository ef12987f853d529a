package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;

/** The lines that the relay logs while this is open. */
final class RelayLog extends Handler implements AutoCloseable {
    private static final Logger LOGGER = Logger.getLogger("io.iocp4j.relay");

    private final SimpleFormatter formatter = new SimpleFormatter();
    /** Guarded by this. */
    private final StringBuilder lines = new StringBuilder();

    private RelayLog() {
    }

    static RelayLog record() {
        RelayLog log = new RelayLog();
        LOGGER.addHandler(log);
        return log;
    }

    @Override
    public synchronized void publish(LogRecord entry) {
        lines.append(formatter.formatMessage(entry)).append('\n');
        notifyAll();
    }

    /** Waits until a line has the pattern in it. */
    synchronized void await(String pattern) throws InterruptedException {
        Pattern line = Pattern.compile(pattern);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RelayRig.DEADLINE_SECONDS);
        for (long left = 1; left > 0 && !line.matcher(lines).find(); left = deadline - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
        }
        assertTrue(line.matcher(lines).find(), () -> pattern + " is not in " + lines);
    }

    @Override
    public synchronized String toString() {
        return lines.toString();
    }

    @Override
    public void flush() {
        // nothing is held back
    }

    @Override
    public void close() {
        LOGGER.removeHandler(this);
    }
}
