package io.iocp4j.relay;

import java.util.Locale;

/**
 * A limit of the relay as a whole, of a stream, or of the clients of one address. Limits of a single connection are in
 * {@link RelayOptions}. An address stands for all clients behind it: one of IPv4, or a network of 64 bits of IPv6.
 */
public enum RelayLimit {
    /** Viewers at a time. The next one gets status 503, or close code 4429. */
    VIEWERS("max-viewers", 10_000, "viewers at a time"),
    /** Viewers of one stream at a time. The next one gets status 503, or close code 4429. */
    STREAM_VIEWERS("max-stream-viewers", 5_000, "viewers of one stream at a time"),
    /** Joins of one address in {@value RelayLimits#WINDOW_SECONDS} s. The next one gets status 429. */
    JOINS("max-joins", 20, "joins of one address in " + RelayLimits.WINDOW_SECONDS + " s"),
    /** Streams that have a frame. A publisher of one more gets status 503. */
    STREAMS("max-streams", 100, "streams at a time"),
    /** Names of ended streams that are kept, to tell "off" from "unknown". The oldest is forgotten. */
    NAMES("max-names", 1_000, "names of ended streams that are kept"),
    /** Publishers at a time, also those without a frame. The next one gets status 503. */
    PUBLISHERS("max-publishers", 200, "publishers at a time"),
    /** Publishers of one address at a time. The next one gets status 429. */
    ADDRESS_PUBLISHERS("max-address-publishers", 25, "publishers of one address at a time"),
    /** Bytes per second of one publisher, with a burst of five seconds. Above it, the publisher gets status 429. */
    INGEST_RATE("max-ingest-rate", 6_250_000, "bytes per second of one publisher"),
    /** Bytes queued to all viewers. Above it, the viewers that hold most skip, and a join gets status 503. */
    QUEUED_BYTES("max-queued-bytes", Runtime.getRuntime().maxMemory() / 4, "bytes queued to all viewers"),
    /** Requests of one address in {@value RelayLimits#WINDOW_SECONDS} s. The next one gets status 429. */
    REQUESTS("max-requests", 300, "requests of one address in " + RelayLimits.WINDOW_SECONDS + " s"),
    /** Connections of one address at a time. The next one is closed at once. */
    CONNECTIONS("max-connections", 200, "connections of one address at a time"),
    /** Milliseconds in which a viewer may confirm nothing, while media is on the way. Then close code 4408. */
    STALL("max-stall", 10_000, "milliseconds without progress of a viewer");

    private final String flag;
    private final long standard;
    private final String help;

    RelayLimit(String flag, long standard, String help) {
        this.flag = flag;
        this.standard = standard;
        this.help = help;
    }

    /**
     * Returns the name of the setting.
     *
     * @return for example "max-viewers"
     */
    public String flag() {
        return flag;
    }

    /**
     * Returns the default.
     *
     * @return above 0; that of {@link #QUEUED_BYTES} is a quarter of the largest heap
     */
    public long standard() {
        return standard;
    }

    /**
     * Says what is limited.
     *
     * @return some words without a full stop
     */
    public String help() {
        return help;
    }

    /**
     * Returns the name for a label of a metric.
     *
     * @return for example "stream_viewers"
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
