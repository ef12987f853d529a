package io.iocp4j.relay;

import io.iocp4j.core.PortOptions;
import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.config.Takes;
import java.time.Duration;
import java.util.List;

/** The settings of the server itself and of its streams. */
public final class ServeSettings {
    private static final String SERVER = "Server";
    private static final String STREAMS = "Streams";
    private static final long BYTES_MAX = 1L << 30;
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(7);

    /** The address to listen on, or a name of it. */
    public static final Setting<String> HOST = Setting.of("host", Takes.text("NAME"), "127.0.0.1", SERVER,
            "listen on this address; 127.0.0.1 serves this machine only, 0.0.0.0 is every address");
    /** The port to listen on; 0 lets the system choose. */
    public static final Setting<Integer> PORT = Setting.of("port", Takes.number(0, 65_535), 8080, SERVER,
            "listen on this port, 0 for a free one");
    /** The engine of the completion port; {@code auto} in text is {@link PortOptions#ENGINE_BEST}. */
    public static final Setting<String> ENGINE = Setting.of("engine", new Takes<>("NAME",
            text -> text.equals("auto") ? PortOptions.ENGINE_BEST : text,
            name -> name.equals(PortOptions.ENGINE_BEST) ? "auto" : name), PortOptions.ENGINE_BEST, SERVER,
            "run on this engine: selector, aio, or iocp, which needs Windows and its own module;"
                    + " auto is the best that can run here");
    /** The limit of the head of a request. */
    public static final Setting<Long> MAX_HEAD = Setting.of("max-head", Takes.bytes(64, 1 << 20), 32L << 10, SERVER,
            "allow this much for the head of a request, including the cookies of other programs on the same host");
    /** Whether the relay publishes the stream "test" itself. */
    public static final Setting<Boolean> TEST_PICTURE = Setting.of("test-picture", Takes.onOff(), true, STREAMS,
            "publish the built-in picture as stream \"test\"");
    /** How long media may wait for a viewer before frames are skipped. */
    public static final Setting<Duration> MAX_LAG = Setting.of("max-lag", Takes.time(SHORTEST, LONGEST),
            Duration.ofMillis(500), STREAMS,
            "let a viewer fall behind by this time before it skips to a newer key frame");
    /** The smallest limit of the queue of a viewer. It grows with the group of pictures up to {@link #MAX_QUEUE}. */
    public static final Setting<Long> MIN_QUEUE = Setting.of("min-queue", Takes.bytes(1, BYTES_MAX), 2L << 20, STREAMS,
            "always let this much wait for a viewer");
    /** The largest limit of the queue of a viewer. */
    public static final Setting<Long> MAX_QUEUE = Setting.of("max-queue", Takes.bytes(1, BYTES_MAX), 16L << 20,
            STREAMS, "let at most this much wait for a viewer, if the groups of pictures are large");
    /** The limit of the cache for late joiners, per stream; a longer group of pictures is not cached. */
    public static final Setting<Long> MAX_GOP = Setting.of("max-gop", Takes.bytes(1, BYTES_MAX), 8L << 20, STREAMS,
            "keep at most this much of a stream for viewers that join");
    /** The limit of that cache in time. */
    public static final Setting<Duration> MAX_GOP_TIME = Setting.of("max-gop-time", Takes.time(Duration.ZERO, LONGEST),
            Duration.ofSeconds(10), STREAMS, "keep at most this time of a stream for viewers that join");
    /** How long viewers wait for a publisher that is gone. */
    public static final Setting<Duration> GRACE = Setting.of("grace", Takes.time(Duration.ZERO, LONGEST),
            Duration.ofSeconds(15), STREAMS, "let viewers wait this long for a publisher that is gone");
    /** The silence after which a publisher counts as gone. */
    public static final Setting<Duration> PUBLISHER_TIMEOUT = Setting.of("publisher-timeout",
            Takes.time(SHORTEST, LONGEST), Duration.ofSeconds(10), STREAMS,
            "end a publisher that has sent no media for this time");

    /** All of them, in the order of the help. */
    public static final List<Setting<?>> ALL = List.of(HOST, PORT, ENGINE, MAX_HEAD, TEST_PICTURE, MAX_LAG, MIN_QUEUE,
            MAX_QUEUE, MAX_GOP, MAX_GOP_TIME, GRACE, PUBLISHER_TIMEOUT);

    private ServeSettings() {
    }

    /**
     * Checks what one setting alone cannot show.
     *
     * @throws IllegalArgumentException for a contradiction
     */
    static void check(Settings settings) {
        if (settings.get(MAX_QUEUE) < settings.get(MIN_QUEUE)) {
            throw new IllegalArgumentException("--max-queue must not be below --min-queue");
        }
    }
}
