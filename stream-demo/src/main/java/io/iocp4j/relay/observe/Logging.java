package io.iocp4j.relay.observe;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/** Sets up the log of the process, which is that of the JDK (java.util.logging) behind System.Logger. */
public final class Logging {
    private static final Map<String, Level> LEVELS = Map.of("off", Level.OFF, "error", Level.SEVERE,
            "warning", Level.WARNING, "info", Level.INFO, "debug", Level.FINE, "trace", Level.FINER);

    /** The JDK forgets a logger, and its level with it, when nobody refers to it. */
    private static volatile List<Logger> kept = List.of();

    private Logging() {
    }

    /**
     * The level of a logger and of all loggers below it.
     *
     * @param logger its name; empty for all
     * @param word "off", "error", "warning", "info", "debug" or "trace"
     */
    public record LevelOf(String logger, String word) {
        /** Checks the word. */
        public LevelOf {
            if (!LEVELS.containsKey(word)) {
                throw new IllegalArgumentException(
                        "needs off, error, warning, info, debug or trace, or LOGGER=LEVEL, not " + word);
            }
        }

        /**
         * Reads "debug" or "io.iocp4j.relay=debug".
         *
         * @param text as the operator wrote it
         * @return the level
         * @throws IllegalArgumentException if there is no such level
         */
        public static LevelOf parse(String text) {
            int equals = text.lastIndexOf('=');
            return new LevelOf(equals < 0 ? "" : text.substring(0, equals).strip(),
                    text.substring(equals + 1).strip().toLowerCase(Locale.ROOT));
        }

        @Override
        public String toString() {
            return logger.isEmpty() ? word : logger + "=" + word;
        }
    }

    /**
     * Replaces the outputs and the levels of the log. The outputs belong to the caller and must not block.
     *
     * @param terminal gets all lines; null for none
     * @param file gets all lines too; null for none
     * @param json whether lines are JSON objects
     * @param levels of loggers
     */
    public static void set(OutputStream terminal, OutputStream file, boolean json, List<LevelOf> levels) {
        List<LogHandler.Target> targets = new ArrayList<>();
        if (terminal != null) {
            targets.add(new LogHandler.Target(terminal, new LogLines(json)));
        }
        if (file != null) {
            targets.add(new LogHandler.Target(file, new LogLines(json)));
        }
        Logger root = LogManager.getLogManager().getLogger("");
        for (Handler handler : root.getHandlers()) {
            root.removeHandler(handler);
        }
        root.setLevel(Level.INFO);
        root.addHandler(new LogHandler(targets));
        List<Logger> loggers = new ArrayList<>();
        for (LevelOf level : levels) {
            Logger logger = level.logger.isEmpty() ? root : Logger.getLogger(level.logger);
            logger.setLevel(LEVELS.get(level.word));
            loggers.add(logger);
        }
        kept = List.copyOf(loggers);
    }
}
