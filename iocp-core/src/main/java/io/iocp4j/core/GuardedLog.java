package io.iocp4j.core;

import java.util.ResourceBundle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A logger that throws nothing: the one way in which this library logs. The logger behind it is the application's
 * choice, and what it throws, for want of memory or descriptors for example, must neither end a worker nor skip what
 * comes after the line. The line is lost then, and counted.
 *
 * <p>For the modules of this library; an application has its own loggers.
 */
public final class GuardedLog implements System.Logger {
    private static final AtomicLong LOST = new AtomicLong();

    private final String name;
    /** Found at first need: finding it may fail as well. */
    private volatile System.Logger found;

    /**
     * Makes a logger.
     *
     * @param owner the public class whose name it has, so that an application can name it too
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

    /** Counts a line that could not even be asked for, for want of memory. */
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
            // nor would it log
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
     * As the others; the text is made inside the guard, for what it names may throw when it is asked for its own text.
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
