package io.iocp4j.relay.observe;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Takes;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;

/** The settings of the log, the webhooks and the metrics. */
public final class ObserveSettings {
    private static final String LOG_GROUP = "Log";
    private static final String EVENTS_GROUP = "Metrics and events";

    /** Text for people, or one JSON object for each line. */
    public static final Setting<String> LOG = Setting.of("log", Takes.oneOf("text", "json"), "text", LOG_GROUP,
            "write lines for people, or one JSON object per line");
    /** The file that gets the log too. */
    public static final Setting<String> LOG_FILE = Setting.of("log-file", Takes.text("FILE"), null, LOG_GROUP,
            "write the log to this file too");
    /** The size from which on the file is replaced. */
    public static final Setting<Long> LOG_FILE_SIZE = Setting.of("log-file-size", Takes.bytes(1 << 10, 1L << 40),
            10L << 20, LOG_GROUP, "begin a new log file when the current one has this size");
    /** The number of files that are kept. */
    public static final Setting<Integer> LOG_FILES = Setting.of("log-files", Takes.number(1, 1_000), 5, LOG_GROUP,
            "keep this many log files");
    /** The levels of loggers. */
    public static final Setting<List<Logging.LevelOf>> LOG_LEVEL = Setting.list("log-level",
            new Takes<>("LEVEL", Logging.LevelOf::parse, Logging.LevelOf::toString), LOG_GROUP,
            "log lines of this level and above: off, error, warning, info, debug or trace;"
                    + " LOGGER=LEVEL sets it for one logger and those below it (default info)");
    /** The services that events are posted to; their addresses may have secrets in them. */
    public static final Setting<List<URI>> WEBHOOK = Setting.list("webhook",
            new Takes<>("URL", ObserveSettings::address, URI::toString), EVENTS_GROUP,
            "post events of streams and limits to this address").hidden();
    /** The key of the signature of webhooks. */
    public static final Setting<String> WEBHOOK_SECRET = Setting.of("webhook-secret", Takes.text("KEY"), null,
            EVENTS_GROUP, "sign webhooks with this key (HMAC-SHA256)").hidden();
    /** The megabits per second that the relay is meant to send; 0 if that is not known. */
    public static final Setting<Integer> EGRESS_BUDGET = Setting.of("egress-budget", Takes.number(0, 10_000_000), 0,
            EVENTS_GROUP, "measure what the relay sends against this many Mbit/s; 0 is 80 % of the fastest interface,"
                    + " if the system tells its speed");

    /** All of them, in the order of the help. */
    public static final List<Setting<?>> ALL = List.of(LOG, LOG_LEVEL, LOG_FILE, LOG_FILE_SIZE, LOG_FILES, WEBHOOK,
            WEBHOOK_SECRET, EGRESS_BUDGET);

    private ObserveSettings() {
    }

    private static URI address(String text) {
        try {
            URI address = new URI(text);
            if (("http".equals(address.getScheme()) || "https".equals(address.getScheme()))
                    && address.getHost() != null) {
                return address;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("needs an http or https address: " + e.getReason(), e);
        }
        throw new IllegalArgumentException("needs an http or https address");
    }
}
