package io.iocp4j.relay.observe;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.LogRecord;

/**
 * Limits how often lines of one kind are logged: {@value #LINES_PER_SECOND} in a second, and then a count of those
 * that were left out. A kind is a logger, a level and the message before its parameters are filled in. Any thread.
 */
final class LogRate {
    static final int LINES_PER_SECOND = 50;
    /** The largest number of kinds whose lines are counted; the kind that was seen longest ago is forgotten. */
    static final int KINDS_MAX = 500;
    private static final long SECOND = 1_000_000_000L;

    /** The lines of a kind in the current second. */
    private static final class Kind {
        private long beganNanos;
        private int lines;
        private int leftOut;
    }

    /** Guarded by this. */
    private final Map<String, Kind> kinds = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kind> eldest) {
            return size() > KINDS_MAX;
        }
    };

    /** The verdict about a line: whether it is logged, and whether a count is due one second from now. */
    record Verdict(boolean logged, boolean countDue) {
    }

    synchronized Verdict admit(LogRecord line, long nowNanos) {
        Kind kind = kinds.computeIfAbsent(name(line), unused -> new Kind());
        if (kind.lines == 0 || nowNanos - kind.beganNanos >= SECOND && kind.leftOut == 0) {
            kind.beganNanos = nowNanos;
            kind.lines = 0;
        }
        if (kind.lines < LINES_PER_SECOND) {
            kind.lines++;
            return new Verdict(true, false);
        }
        kind.leftOut++;
        return new Verdict(false, kind.leftOut == 1);
    }

    /** Returns the line that tells how many lines of this kind were left out, and begins its next second. */
    synchronized LogRecord count(LogRecord line) {
        Kind kind = kinds.remove(name(line));
        int leftOut = kind == null ? 0 : kind.leftOut;
        LogRecord count = new LogRecord(line.getLevel(), "lines like this one that were left out: " + leftOut + " - "
                + line.getMessage().replace('{', '(').replace('}', ')'));
        count.setLoggerName(line.getLoggerName());
        return count;
    }

    private static String name(LogRecord line) {
        boolean formatted = line.getParameters() == null || line.getParameters().length == 0;
        // a message without parameters may be different in every line
        return line.getLoggerName() + ' ' + line.getLevel() + ' ' + (formatted ? "" : line.getMessage());
    }
}
