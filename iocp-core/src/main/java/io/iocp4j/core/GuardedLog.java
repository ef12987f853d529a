package io.iocp4j.core;

import java.util.ResourceBundle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A logger that throws nothing; this library logs only through it. The application chooses the logger behind it. That
 * logger may throw, for example for lack of memory or descriptors. This must neither end a worker nor skip the code
 * after the log call, so the line is dropped and counted.
 *
 * <p>For the modules of this library; an application has its own loggers.
 */
public final class GuardedLog implements System.Logger {
    private static final AtomicLong LOST = new AtomicLong();

    private final String name;
    /** Found at first use, since the search may fail too. */
    private volatile System.Logger found;

    /**
     * Makes a logger.
     *
     * @param owner the public class whose name it has; an application can refer to that name too
     */
    public GuardedLog(Class<?> owner) {
        this(owner.getName(), null);
    }

    /** For tests, with the logger behind it. */
    GuardedLog(String name, System.Logger behind) {
        this.name = name;
        this.found = behind;
    }

    /**
     * Lines that were lost because a logger threw.
     *
     * @return how many, of all loggers of the process
     */
    public static long lost() {
        return LOST.get();
    }

    /** Counts a line for which there was not even memory to call the logger. */
    static void lineLost() {
        LOST.incrementAndGet();
    }

    private System.Logger behind() {
        System.Logger logger = found;
        if (logger == null) {
            logger = System.getLogger(name);
            found = logger;
        }
        return logger;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public boolean isLoggable(Level level) {
        try {
            return behind().isLoggable(level);
        } catch (Throwable thrown) {
            // it could not log either
            return false;
        }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
        try {
            behind().log(level, bundle, text, thrown);
        } catch (Throwable failure) {
            lineLost();
        }
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
        try {
            behind().log(level, bundle, format, values);
        } catch (Throwable failure) {
            lineLost();
        }
    }

    @Override
    public void log(Level level, Supplier<String> text) {
        try {
            behind().log(level, text);
        } catch (Throwable failure) {
            lineLost();
        }
    }

    /**
     * Logs as the other methods do. The text is made inside the guard, since the toString of an object in it may throw.
     */
    @Override
    public void log(Level level, Supplier<String> text, Throwable thrown) {
        try {
            behind().log(level, text, thrown);
        } catch (Throwable failure) {
            lineLost();
        }
    }
}
