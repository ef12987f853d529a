package io.iocp4j.relay;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import java.time.Duration;
import java.util.Locale;

/** A limit whose reaching is counted. {@link LimitSettings} says what follows. */
enum RelayLimit {
    VIEWERS(LimitSettings.MAX_VIEWERS, "viewers"),
    STREAM_VIEWERS(LimitSettings.MAX_STREAM_VIEWERS, "viewers of one stream"),
    JOINS(LimitSettings.MAX_JOINS, "joins of one address in " + LimitSettings.WINDOW_SECONDS + " s"),
    STREAMS(LimitSettings.MAX_STREAMS, "streams"),
    NAMES(LimitSettings.MAX_NAMES, "names of ended streams"),
    PUBLISHERS(LimitSettings.MAX_PUBLISHERS, "publishers"),
    ADDRESS_PUBLISHERS(LimitSettings.MAX_ADDRESS_PUBLISHERS, "publishers of one address"),
    INGEST_RATE(LimitSettings.MAX_INGEST_RATE, "bytes per second of one publisher"),
    QUEUED(LimitSettings.MAX_QUEUED, "bytes queued to viewers"),
    REQUESTS(LimitSettings.MAX_REQUESTS, "requests of one address in " + LimitSettings.WINDOW_SECONDS + " s"),
    CONNECTIONS(LimitSettings.MAX_CONNECTIONS, "connections of one address"),
    STALL(LimitSettings.MAX_STALL, "ms without progress");

    private final Setting<?> setting;
    private final String what;

    RelayLimit(Setting<?> setting, String what) {
        this.setting = setting;
        this.what = what;
    }

    /** Returns the name for a label of a metric, such as "stream_viewers". */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the value: a number, bytes, or milliseconds. */
    long value(Settings settings) {
        Object value = settings.get(setting);
        return value instanceof Duration time ? time.toMillis() : ((Number) value).longValue();
    }

    /** Returns the reason for a client. */
    String words(long max) {
        return "the limit of " + max + " " + what + " is reached (" + setting.name() + ")";
    }
}
