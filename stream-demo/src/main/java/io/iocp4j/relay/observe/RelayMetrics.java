package io.iocp4j.relay.observe;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The metrics of the relay itself, all named "relay_...". The label "path" has at most {@value #PATHS_MAX} values;
 * streams of further paths are counted together as "other". Other parts of the relay add to {@link #joins},
 * {@link #authFailures} and {@link #limitHits}, or declare families of their own in {@link #all()}. Any thread.
 */
public final class RelayMetrics {
    /** The largest number of values of the label "path". */
    public static final int PATHS_MAX = 1_000;

    private static final double[] SECONDS = {0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
    private static final double[] JOIN_SECONDS = {0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};
    private static final double[] ROUND_TRIP_SECONDS = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2};
    private static final double[] BATCH_BYTES = {1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576};
    /** Close codes that are counted by themselves. A peer may send any code, so others are counted together. */
    private static final int[][] KNOWN_CODES = {{1000, 1015}, {4400, 4429}, {4503, 4503}};

    private final Metrics all = new Metrics();
    private final Map<String, PathMetrics> paths = new ConcurrentHashMap<>();
    private volatile Supplier<List<StreamReading>> streams = List::of;
    private volatile List<StreamReading> read = List.of();
    private volatile LongSupplier certificateExpiry = () -> 0;

    /** Viewers that asked to join, by result: "ok", "not_found", or the reason of a refusal. */
    public final Counter joins = all.counter("relay_joins_total", "Viewers that asked to join, by result.", "result");
    /** Refused logins, by action: "publish", "view", "record", "api" or "metrics". */
    public final Counter authFailures = all.counter("relay_auth_failures_total", "Refused logins, by action.",
            "action");
    /** Limits that were reached, by their names. */
    public final Counter limitHits = all.counter("relay_limit_hits_total",
            "Requests, frames or connections that a limit refused, by the name of the limit.", "limit");

    final Counter ingestBytes = all.counter("relay_ingest_bytes_total", "Bytes of media that publishers sent.",
            "path");
    final Counter ingestFrames = all.counter("relay_ingest_frames_total",
            "Units of media that publishers sent; with one fragment per frame, a unit is a frame.",
            "path", "track", "key");
    final Counter egressBytes = all.counter("relay_egress_bytes_total",
            "Bytes of messages that were given to the sockets of viewers.", "path");
    final Counter dropped = all.counter("relay_frames_dropped_total",
            "Frames that a viewer did not get: slow, it could not keep up; join, they came before its first key frame;"
            + " budget, memory was scarce; ingest, they were lost before the relay.", "path", "reason");
    final Counter trims = all.counter("relay_trims_total", "Times that the queue of a slow viewer was cut.", "path");
    final Counter closes = all.counter("relay_viewer_closes_total", "Viewers that left, by close code.", "code");
    final Counter epochs = all.counter("relay_publisher_epochs_total", "Publishers that began or came back.", "path");
    final Histogram lag = all.histogram("relay_viewer_lag_seconds",
            "Time that media waited in the relay until the socket of a viewer took it.", SECONDS, "path");
    final Histogram roundTrip = all.histogram("relay_viewer_rtt_seconds",
            "Round trips between the relay and viewers.", ROUND_TRIP_SECONDS, "path");
    final Histogram join = all.histogram("relay_join_seconds",
            "Time from the handshake of a viewer until its socket took the first frame.", JOIN_SECONDS, "path");
    final Histogram batch = all.histogram("relay_send_batch_bytes",
            "Bytes that a viewer's socket was given at once.", BATCH_BYTES, "path");
    final Counter webhooks = all.counter("relay_webhooks_total",
            "Webhooks by result: delivered, failed after all tries, or dropped because the queue was full.", "result");
    final Counter eventsDropped = all.counter("relay_events_dropped_total",
            "Events that a subscriber did not get because it read too slowly.");
    final LongAdder eventsLost = eventsDropped.of();

    /**
     * Declares all families.
     *
     * @param version the version of the relay
     * @param engine the engine of the completion port
     * @param egressBudget the limit of bytes per second that the relay is meant to send; 0 if it is not known
     */
    RelayMetrics(String version, String engine, long egressBudget) {
        gauges();
        EgressRate rate = new EgressRate(() -> paths.values().stream().mapToLong(path -> path.egressBytes.sum())
                .sum());
        all.gauge("relay_egress_budget_ratio", "Bytes sent per second, as a share of the egress budget.", out -> {
            if (egressBudget > 0) {
                out.add(rate.bytesPerSecond(System.nanoTime()) / egressBudget);
            }
        });
        all.gauge("relay_tls_certificate_expiry_timestamp_seconds",
                "End of the certificate, in seconds since 1970; no sample without TLS.", out -> {
                    long expiry = certificateExpiry.getAsLong();
                    if (expiry != 0) {
                        out.add(expiry);
                    }
                });
        all.gauge("relay_build_info", "The relay; its value is always 1.",
                out -> out.add(1, version, engine, Runtime.version().toString()), "version", "engine", "java");
        ProcessMetrics.declare(all);
    }

    private void gauges() {
        all.beforeScrape(() -> read = streams.get());
        all.gauge("relay_streams", "Streams, by state.", out -> {
            out.add(0, "live");
            out.add(0, "waiting");
            read.forEach(stream -> out.add(1, stream.state()));
        }, "state");
        all.gauge("relay_viewers", "Viewers.",
                out -> read.forEach(stream -> out.add(stream.viewers(), label(stream.path()))), "path");
        all.gauge("relay_viewer_queue_bytes", "Bytes that wait for viewers.",
                out -> read.forEach(stream -> out.add(stream.queueBytes(), label(stream.path()))), "path");
        all.gauge("relay_gop_cache_bytes", "Bytes that are kept for viewers that join.",
                out -> read.forEach(stream -> out.add(stream.cacheBytes(), label(stream.path()))), "path");
        all.gauge("relay_publisher_up", "Whether a publisher sends: 1 or 0.", out -> read.forEach(stream ->
                out.add(stream.state().equals("live") ? 1 : 0, label(stream.path()))), "path");
    }

    /**
     * Returns the registry, to declare more families in.
     *
     * @return the registry of this relay
     */
    public Metrics all() {
        return all;
    }

    /**
     * Sets the source of the gauges of streams, which is read once for each scrape.
     *
     * @param source must not wait, and must not hold the lock of a stream for longer than a copy of its list takes
     */
    public void streams(Supplier<List<StreamReading>> source) {
        streams = source;
    }

    /**
     * Sets the source of the end of the certificate.
     *
     * @param source seconds since 1970; 0 without a certificate
     */
    public void certificateExpiry(LongSupplier source) {
        certificateExpiry = source;
    }

    /** Counts a viewer that has left. */
    void closed(int code) {
        boolean known = false;
        for (int[] range : KNOWN_CODES) {
            known |= code >= range[0] && code <= range[1];
        }
        closes.add(1, known ? String.valueOf(code) : Metrics.OTHER);
    }

    /** Returns the counters of a path, or those that all further paths share. */
    PathMetrics path(String path) {
        PathMetrics known = paths.get(path);
        return known == null ? add(path) : known;
    }

    private synchronized PathMetrics add(String path) {
        String label = label(path);
        return paths.computeIfAbsent(label, each -> new PathMetrics(each, this));
    }

    private String label(String path) {
        return paths.containsKey(path) || paths.size() < PATHS_MAX ? path : Metrics.OTHER;
    }
}
