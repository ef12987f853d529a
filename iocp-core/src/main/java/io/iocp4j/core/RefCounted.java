package io.iocp4j.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An object with a reference count, born with one reference, freed at the last {@link #release()}.
 *
 * <p>Any thread may retain and release. The count is checked always, not only with assertions on: a use after the last release and a
 * release too many throw {@link IllegalStateException} where they happen, because a count that is wrong once is memory that two owners
 * write later.
 */
public abstract class RefCounted {
    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(RefCounted.class, "count", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** What is alive, and with {@code trace} who made it; null when the system property {@code iocp4j.leaks} is not set. */
    private static final Map<RefCounted, Origin> LIVE = switch (System.getProperty("iocp4j.leaks", "off")) {
        case "on", "trace" -> new ConcurrentHashMap<>();
        default -> null;
    };
    private static final boolean TRACE = "trace".equals(System.getProperty("iocp4j.leaks"));
    private static final Origin UNTRACED = new Origin("");

    private int count = 1;

    /** Makes the object with its one reference, which belongs to the caller. */
    @SuppressWarnings("this-escape") // the map only compares identities before the constructor has ended
    protected RefCounted() {
        if (LIVE != null) {
            LIVE.put(this, TRACE ? new Origin(Thread.currentThread().getName()) : UNTRACED);
        }
    }

    /**
     * Adds a reference.
     *
     * @throws IllegalStateException if the object was freed already
     */
    public final void retain() {
        // not an add that is taken back: two threads that make this mistake together would revive the object between them
        int before;
        do {
            before = references();
            if (before <= 0) {
                throw new IllegalStateException("retained after the last release: " + this);
            }
        } while (!COUNT.compareAndSet(this, before, before + 1));
    }

    /**
     * Gives a reference back; the last one frees the object on this thread.
     *
     * @return whether this was the last reference
     * @throws IllegalStateException if the object was freed already
     */
    public final boolean release() {
        int before = (int) COUNT.getAndAdd(this, -1);
        if (before > 1) {
            return false;
        }
        if (before < 1) {
            COUNT.getAndAdd(this, 1);
            throw new IllegalStateException("released more often than retained: " + this);
        }
        if (LIVE != null) {
            LIVE.remove(this);
        }
        free();
        return true;
    }

    /**
     * The references held now. For tests and reports: another thread may change it at any time.
     *
     * @return the count, 0 after the object was freed
     */
    public final int references() {
        return (int) COUNT.getVolatile(this);
    }

    /** Called once, by the thread of the last release. */
    protected abstract void free();

    /**
     * Describes every object that was made and not yet freed, for leak checks.
     *
     * @return one text per object, with the stack that made it under {@code iocp4j.leaks=trace}
     * @throws IllegalStateException if the system property {@code iocp4j.leaks} is neither {@code on} nor {@code trace}
     */
    public static List<String> live() {
        if (LIVE == null) {
            throw new IllegalStateException("nothing is recorded: start with -Diocp4j.leaks=on or trace");
        }
        List<String> texts = new ArrayList<>();
        LIVE.forEach((object, origin) -> texts.add(object + ", " + object.references() + " references" + origin.stackText()));
        return texts;
    }

    /** The place where an object was made. An exception only for its stack; it is never thrown. */
    private static final class Origin extends Throwable {
        private static final long serialVersionUID = 1L;

        Origin(String threadName) {
            super(threadName, null, false, TRACE);
        }

        String stackText() {
            if (getStackTrace().length == 0) {
                return "";
            }
            StringBuilder text = new StringBuilder(", made by thread ").append(getMessage());
            for (StackTraceElement frame : getStackTrace()) {
                text.append("\n    at ").append(frame);
            }
            return text.toString();
        }
    }
}
