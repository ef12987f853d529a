package io.iocp4j.relay;

import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Takes;
import java.time.Duration;
import java.util.List;

/**
 * The limits of the relay as a whole, of a stream, and of the clients of one address. An address stands for all clients
 * behind it: one of IPv4, or a network of 64 bits of IPv6.
 */
public final class LimitSettings {
    /** The time in which joins and requests of an address are counted, in seconds. */
    public static final int WINDOW_SECONDS = 10;

    private static final String LIMITS = "Limits";
    private static final int MANY = 1_000_000;
    private static final String PER_WINDOW = " in " + WINDOW_SECONDS + " s";

    /** Viewers at a time. The next one gets status 503, or close code 4429. */
    public static final Setting<Integer> MAX_VIEWERS = number("max-viewers", 10_000,
            "serve at most this many viewers");
    /** Viewers of one stream at a time. The next one gets status 503. */
    public static final Setting<Integer> MAX_STREAM_VIEWERS = number("max-stream-viewers", 5_000,
            "serve at most this many viewers of one stream");
    /** Joins of one address in {@value #WINDOW_SECONDS} s. The next one gets status 429. */
    public static final Setting<Integer> MAX_JOINS = number("max-joins", 20,
            "let the viewers of one address join this often" + PER_WINDOW);
    /** Streams that have had a frame. A publisher of one more gets status 503. */
    public static final Setting<Integer> MAX_STREAMS = number("max-streams", 100,
            "relay at most this many streams; one counts from its first frame");
    /** Names of ended streams that are kept, to tell "off" from "unknown". The oldest is forgotten. */
    public static final Setting<Integer> MAX_NAMES = number("max-names", 1_000,
            "keep the names of this many ended streams, to tell viewers that a stream is off");
    /** Publishers at a time, also those without a frame. The next one gets status 503. */
    public static final Setting<Integer> MAX_PUBLISHERS = number("max-publishers", 200,
            "accept at most this many publishers");
    /** Publishers of one address at a time. The next one gets status 429. */
    public static final Setting<Integer> MAX_ADDRESS_PUBLISHERS = number("max-address-publishers", 25,
            "accept at most this many publishers of one address");
    /**
     * Bytes per second of one publisher, with a burst of {@value IngestRate#BURST_SECONDS} seconds. One that sends more
     * gets status 429.
     */
    public static final Setting<Long> MAX_INGEST_RATE = bytes("max-ingest-rate", 6_250_000,
            "accept this much a second of one publisher, which is 50 Mbit/s by default");
    /** Bytes queued to all viewers. Above it, the viewers that hold most skip frames, and a join gets status 503. */
    public static final Setting<Long> MAX_QUEUED = bytes("max-queued", Runtime.getRuntime().maxMemory() / 4,
            "let at most this much wait for all viewers, a quarter of the heap by default");
    /** Requests of one address in {@value #WINDOW_SECONDS} s. The next one gets status 429. */
    public static final Setting<Integer> MAX_REQUESTS = number("max-requests", 300,
            "answer this many requests of one address" + PER_WINDOW);
    /** Connections of one address at a time. The next one is closed at once. */
    public static final Setting<Integer> MAX_CONNECTIONS = number("max-connections", 200,
            "hold at most this many connections of one address");
    /** The time in which nothing arrives at a viewer although media is on the way. Then it gets close code 4408. */
    public static final Setting<Duration> MAX_STALL = Setting.of("max-stall",
            Takes.time(Duration.ofMillis(100), Duration.ofDays(1)), Duration.ofSeconds(10), LIMITS,
            "close a viewer at which nothing arrives for this time").whileRunning();
    /** What happens to a viewer for which most frames are dropped: it stays, or it gets close code 4408. */
    public static final Setting<String> ON_SLOW = Setting.of("on-slow", Takes.oneOf("drop", "close"), "drop", LIMITS,
            "let a viewer stay that is too slow for most frames of " + DropShare.WINDOW_SECONDS + " s, or close it")
            .whileRunning();
    /** Whether the limits by address hold for loopback addresses too. */
    public static final Setting<Boolean> LIMIT_LOOPBACK = Setting.of("limit-loopback", Takes.onOff(), false, LIMITS,
            "limit the clients of this machine by their address too").whileRunning();
    /** The longest time in which the relay tells its clients that it stops, and waits for their end. */
    public static final Setting<Duration> DRAIN_TIME = Setting.of("drain-time",
            Takes.time(Duration.ofMillis(100), Duration.ofMinutes(10)), Duration.ofSeconds(10), LIMITS,
            "stop within this time, in which every client is told to come back later").whileRunning();
    /** How long a load balancer may take to notice the status 503 of /readyz, before the first viewer is told. */
    public static final Setting<Duration> DRAIN_DELAY = Setting.of("drain-delay",
            Takes.time(Duration.ZERO, Duration.ofMinutes(10)), Duration.ZERO, LIMITS,
            "before that, serve on for this time while /readyz says 503 to a load balancer").whileRunning();

    /** All of them, in the order of the help. */
    public static final List<Setting<?>> ALL = List.of(MAX_VIEWERS, MAX_STREAM_VIEWERS, MAX_JOINS, MAX_STREAMS,
            MAX_NAMES, MAX_PUBLISHERS, MAX_ADDRESS_PUBLISHERS, MAX_INGEST_RATE, MAX_QUEUED, MAX_REQUESTS,
            MAX_CONNECTIONS, MAX_STALL, ON_SLOW, LIMIT_LOOPBACK, DRAIN_TIME, DRAIN_DELAY);

    private LimitSettings() {
    }

    private static Setting<Integer> number(String name, int standard, String help) {
        return Setting.of(name, Takes.number(1, MANY), standard, LIMITS, help).whileRunning();
    }

    private static Setting<Long> bytes(String name, long standard, String help) {
        return Setting.of(name, Takes.bytes(1, 1L << 50), standard, LIMITS, help).whileRunning();
    }
}
