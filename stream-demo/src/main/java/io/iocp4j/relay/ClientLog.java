package io.iocp4j.relay;

import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Bounds the lines of the log that one client can cause: for each kind of line and each client, at most
 * {@value #LINES_MAX} in {@value #WINDOW_SECONDS} s. The next line after that says how many were left out. Any thread.
 */
final class ClientLog {
    static final int LINES_MAX = 10;
    static final int WINDOW_SECONDS = 10;
    /** The largest number of kinds and clients that are remembered. */
    static final int KEYS_MAX = 1_000;

    private record Key(String kind, String client) {
    }

    private static final class Window {
        private long beganNanos;
        private int lines;
        private long leftOut;
    }

    private final LongSupplier nanos;
    /** Guarded by this. */
    private final Map<Key, Window> windows = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Window> eldest) {
            return size() > KEYS_MAX;
        }
    };

    /** @param nanos the clock of the completion port */
    ClientLog(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /**
     * Logs a line, or leaves it out.
     *
     * @param kind a constant word for lines of the same kind
     * @param client an address, or a path of a stream
     */
    void log(System.Logger log, Level level, String kind, String client, String format, Object... values) {
        long leftOut = admit(kind, client);
        if (leftOut >= 0) {
            log.log(level, leftOut == 0 ? format : format + " (lines like this left out before: " + leftOut + ")",
                    values);
        }
    }

    /** Returns the number of lines left out before this one, or -1 to leave out this one too. */
    synchronized long admit(String kind, String client) {
        long now = nanos.getAsLong();
        Window window = windows.computeIfAbsent(new Key(kind, client), key -> new Window());
        if (window.lines == 0 || now - window.beganNanos >= WINDOW_SECONDS * 1_000_000_000L) {
            window.beganNanos = now;
            window.lines = 0;
        }
        if (window.lines >= LINES_MAX) {
            window.leftOut++;
            return -1;
        }
        window.lines++;
        long leftOut = window.leftOut;
        window.leftOut = 0;
        return leftOut;
    }
}
