package io.iocp4j.relay.observe;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * Makes a line of the log: text for people, or one JSON object with the members ts (RFC 3339), level, logger, msg, and
 * where they are known path, viewer, peer, code and err. Secrets are shortened. Any thread.
 */
final class LogLines extends Formatter {
    private static final DateTimeFormatter FOR_PEOPLE = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS")
            .withZone(ZoneId.systemDefault());
    private static final Map<Level, String> LEVELS = Map.of(Level.SEVERE, "error", Level.WARNING, "warning",
            Level.INFO, "info", Level.FINE, "debug", Level.FINER, "trace");

    private final boolean json;

    LogLines(boolean json) {
        this.json = json;
    }

    @Override
    public String format(LogRecord record) {
        String message = Redaction.of(formatMessage(record));
        String error = record.getThrown() == null ? null : Redaction.of(trace(record.getThrown()));
        if (json) {
            return json(record, message, error) + "\n";
        }
        return FOR_PEOPLE.format(record.getInstant()) + ' ' + String.format("%-7s", record.getLevel()) + ' ' + message
                + System.lineSeparator() + (error == null ? "" : error);
    }

    private static String json(LogRecord record, String message, String error) {
        JsonText line = new JsonText().put("ts", record.getInstant())
                .put("level", LEVELS.getOrDefault(record.getLevel(), "info"))
                .put("logger", record.getLoggerName()).put("msg", message);
        if (record.getParameters() != null) {
            for (Object parameter : record.getParameters()) {
                if (parameter instanceof LogField field) {
                    line.put(field.name(), field.value() instanceof Integer ? field.value()
                            : Redaction.of(field.toString()));
                }
            }
        }
        if (error != null) {
            line.put("err", error.strip());
        }
        return line.toString();
    }

    private static String trace(Throwable thrown) {
        StringWriter text = new StringWriter();
        PrintWriter writer = new PrintWriter(text);
        writer.println(thrown);
        for (StackTraceElement frame : thrown.getStackTrace()) {
            writer.println("\tat " + frame);
        }
        for (Throwable cause = thrown.getCause(); cause != null; cause = cause.getCause()) {
            writer.println("Caused by: " + cause);
        }
        return text.toString();
    }
}
