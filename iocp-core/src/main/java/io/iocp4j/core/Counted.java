package io.iocp4j.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A reference count that applications cannot change, unlike that of {@link RefCounted}. A connection counts its own
 * references. If an application could release one, it would free an open connection.
 */
abstract class Counted {
    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(Counted.class, "count", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /**
     * The objects that are alive, and with {@code trace} the stack that made each; null if the system property
     * {@code iocp4j.leaks} is not set.
     */
    private static final Map<Counted, Origin> LIVE = switch (System.getProperty("iocp4j.leaks", "off")) {
        case "on", "trace" -> new ConcurrentHashMap<>();
        default -> null;
    };
    private static final boolean TRACE = "trace".equals(System.getProperty("iocp4j.leaks"));
    private static final Origin UNTRACED = new Origin("");

    private int count = 1;

    /** Makes the object with its one reference, which belongs to the caller. */
    @SuppressWarnings("this-escape") // the map only compares identities before the constructor has ended
    Counted() {
        if (LIVE != null) {
            LIVE.put(this, TRACE ? new Origin(Thread.currentThread().getName()) : UNTRACED);
        }
    }

    /** Adds a reference; throws {@link IllegalStateException} if the object was freed already. */
    final void addReference() {
        // not an add that is undone on failure: two threads that make this mistake at the same time would revive the
        // object
        int before;
        do {
            before = count();
            if (before <= 0) {
                throw new IllegalStateException("retained after the last release: " + this);
            }
        } while (!COUNT.compareAndSet(this, before, before + 1));
    }

    /**
     * Gives a reference back. The last one frees the object on this thread, and this returns true. Throws
     * {@link IllegalStateException} if the object was freed already.
     */
    final boolean dropReference() {
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
     * Returns the references held now, 0 after the object was freed. Another thread may change the number at any time.
     */
    final int count() {
        return (int) COUNT.getVolatile(this);
    }

    /** Called once, by the thread of the last release. */
    protected abstract void free();

    /** See {@link RefCounted#live()}. */
    static List<String> describeLive() {
        if (LIVE == null) {
            throw new IllegalStateException("nothing is recorded: start with -Diocp4j.leaks=on or trace");
        }
        List<String> texts = new ArrayList<>();
        LIVE.forEach((object, origin) -> texts.add(
                describe(object) + ", " + object.count() + " references" + origin.stackText()));
        return texts;
    }

    /** Describes an object. Another thread may still be constructing it, so its fields may not be set yet. */
    private static String describe(Counted object) {
        try {
            return object.toString();
        } catch (RuntimeException e) {
            return object.getClass().getName() + ", which cannot be described: " + e;
        }
    }

    /** The place where an object was made. It is an exception only because of the stack trace; it is never thrown. */
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
