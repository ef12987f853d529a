package io.iocp4j.bench.run;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Prints the progress of a run and its remaining time, on one line of a terminal, or else on one line for each
 * workload. One thread.
 */
final class Progress {
    private static final String CLEAR = "\r\033[K";

    private final PrintStream out;
    private final boolean terminal;
    private final double planned;
    private final long began = System.nanoTime();
    private double done;

    /**
     * Begins.
     *
     * @param out where it is printed
     * @param terminal whether a line can be overwritten
     * @param plannedSeconds how long all steps are expected to take
     */
    Progress(PrintStream out, boolean terminal, double plannedSeconds) {
        this.out = out;
        this.terminal = terminal;
        planned = plannedSeconds;
    }

    /** A step that was expected to take so long was done. */
    void done(double plannedSeconds) {
        done += plannedSeconds;
    }

    /** Says what is done next. */
    void next(String step) {
        if (terminal) {
            out.print(CLEAR + line(step));
            out.flush();
        }
    }

    /** Says which workload comes next. */
    void begin(String workload) {
        if (terminal) {
            next(workload);
        } else {
            out.println(line(workload));
        }
    }

    /** Prints a message that stays. */
    void say(String message) {
        out.println((terminal ? CLEAR : "") + message);
    }

    private String line(String step) {
        return String.format(Locale.ROOT, "%3.0f %%, %s left: %s", 100 * Math.min(1, done / planned), left(), step);
    }

    /** The expected time of all remaining steps. It grows in the proportion in which the earlier steps took longer. */
    private String left() {
        double elapsed = (System.nanoTime() - began) / 1e9;
        double slower = done > 0 ? Math.max(1, elapsed / done) : 1;
        return duration((planned - done) * slower);
    }

    /** Writes a duration as {@code 1:05}, or with hours as {@code 1:02:03}. */
    static String duration(double seconds) {
        long whole = Math.max(0, Math.round(seconds));
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }
}
