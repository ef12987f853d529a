package io.iocp4j.core;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * A logger that throws an error for every record of this library, down to the finest, or for one of some; the others it
 * drops.
 */
public final class ThrowingLog extends Handler implements AutoCloseable {
    private final Logger logger = Logger.getLogger("io.iocp4j");
    private final AtomicInteger records = new AtomicInteger();
    private final int oneIn;

    private ThrowingLog(int oneIn) {
        this.oneIn = oneIn;
        logger.setUseParentHandlers(false);
        logger.setLevel(Level.ALL);
        logger.addHandler(this);
    }

    /**
     * Begins to throw.
     *
     * @param oneIn for how many records once, 1 or more
     * @return to be closed
     */
    public static ThrowingLog begin(int oneIn) {
        return new ThrowingLog(oneIn);
    }

    @Override
    public void publish(LogRecord record) {
        if (records.incrementAndGet() % oneIn == 0) {
            // what the JDK throws where it cannot load a class any more, for want of descriptors for example
            throw new NoClassDefFoundError("thrown by a logger on purpose");
        }
    }

    /**
     * What there was to be logged.
     *
     * @return records
     */
    public int records() {
        return records.get();
    }

    @Override
    public void flush() {
        // keeps nothing
    }

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setLevel(null);
        logger.setUseParentHandlers(true);
    }
}
