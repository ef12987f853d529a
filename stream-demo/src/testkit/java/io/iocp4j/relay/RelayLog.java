package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;

/** The lines that the relay logs while this is open. */
final class RelayLog extends Handler implements AutoCloseable {
    private final SimpleFormatter formatter = new SimpleFormatter();
    /** Guarded by this. */
    private final StringBuilder lines = new StringBuilder();

    private final Logger logger;
    private final Level before;

    private RelayLog(Logger logger) {
        this.logger = logger;
        this.before = logger.getLevel();
    }

    static RelayLog record() {
        RelayLog log = new RelayLog(Logger.getLogger("io.iocp4j.relay"));
        log.logger.addHandler(log);
        return log;
    }

    /** Records all levels, also of the library below. */
    static RelayLog recordAll() {
        RelayLog log = new RelayLog(Logger.getLogger("io.iocp4j"));
        log.logger.setLevel(Level.ALL);
        log.logger.addHandler(log);
        return log;
    }

    @Override
    public synchronized void publish(LogRecord entry) {
        lines.append(formatter.formatMessage(entry)).append('\n');
        for (Throwable thrown = entry.getThrown(); thrown != null; thrown = thrown.getCause()) {
            lines.append(thrown).append('\n');
        }
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
        logger.removeHandler(this);
        logger.setLevel(before);
    }
}
