package io.iocp4j.relay.observe;

import io.iocp4j.relay.config.Settings;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sees what happens in one relay: counts it, records it with Flight Recorder, and tells subscribers and webhooks. Any
 * thread. Its methods never wait, so callers may hold the lock of a stream or a viewer.
 */
public final class Observer implements AutoCloseable {
    /** The shortest time between two events about one limit. */
    private static final int LIMIT_SECONDS = 10;
    private static final Duration WEBHOOK_PAUSE = Duration.ofSeconds(1);

    private final Clock clock;
    private final RelayMetrics metrics;
    private final Events events;
    private final Map<String, Long> limitsTold = new ConcurrentHashMap<>();
    private final List<Webhooks> webhooks = new ArrayList<>();

    /**
     * Creates an observer without webhooks.
     *
     * @param clock gives the time of events
     * @param version the version of the relay
     * @param engine the engine of the completion port
     * @param egressBudget the bytes per second that the relay is meant to send; 0 if that is not known
     */
    public Observer(Clock clock, String version, String engine, long egressBudget) {
        this.clock = clock;
        this.metrics = new RelayMetrics(version, engine, egressBudget);
        this.events = new Events(metrics);
    }

    /**
     * Creates an observer as the settings say.
     *
     * @param settings those of {@link ObserveSettings}
     * @param clock gives the time of events
     * @param version the version of the relay
     * @param engine the engine of the completion port
     * @return an observer, whose webhooks have a thread each until it is closed
     */
    public static Observer start(Settings settings, Clock clock, String version, String engine) {
        long megabits = settings.get(ObserveSettings.EGRESS_BUDGET);
        long budget = megabits == 0 ? EgressRate.fastestInterface() * 8 / 10 : megabits * 125_000;
        Observer observer = new Observer(clock, version, engine, budget);
        for (URI target : settings.get(ObserveSettings.WEBHOOK)) {
            observer.webhook(target, settings.get(ObserveSettings.WEBHOOK_SECRET));
        }
        return observer;
    }

    /**
     * Posts events to an HTTP service from now on.
     *
     * @param target an http or https address
     * @param secret the key of the signature; null for none
     */
    public void webhook(URI target, String secret) {
        webhook(target, secret, WEBHOOK_PAUSE);
    }

    void webhook(URI target, String secret, Duration pause) {
        Webhooks hook = new Webhooks(target, secret, pause, metrics);
        webhooks.add(hook);
        events.consumer(hook::offer);
    }

    /**
     * Returns the metrics.
     *
     * @return of this relay
     */
    public RelayMetrics metrics() {
        return metrics;
    }

    /**
     * Returns the events.
     *
     * @return of this relay
     */
    public Events events() {
        return events;
    }

    /**
     * Returns the observer of a new stream.
     *
     * @param path its path
     * @return for this stream
     */
    public StreamObserver stream(String path) {
        return new StreamObserver(this, path);
    }

    /**
     * Counts a limit that was reached, and tells about it at most once in {@value #LIMIT_SECONDS} s: a limit that one
     * client runs into can be reached thousands of times in a second.
     *
     * @param limit its name
     */
    public void limitHit(String limit) {
        metrics.limitHits.add(1, limit);
        long now = System.nanoTime();
        Long told = limitsTold.get(limit);
        boolean due = told == null || now - told >= LIMIT_SECONDS * 1_000_000_000L;
        // of several threads that see it due, one replaces the time
        if (due && (told == null ? limitsTold.putIfAbsent(limit, now) == null : limitsTold.replace(limit, told, now))) {
            tell(RelayEvent.LIMIT_HIT, null, "limit", limit, "times", metrics.limitHits.of(limit).sum());
        }
    }

    Instant now() {
        return clock.instant();
    }

    /** Publishes an event, if anybody wants it. The details are pairs of a name and a value. */
    void tell(String type, String path, Object... details) {
        if (events.isWanted()) {
            Map<String, Object> members = new LinkedHashMap<>();
            for (int i = 0; i < details.length; i += 2) {
                members.put((String) details[i], details[i + 1]);
            }
            events.publish(new RelayEvent(type, path, clock.instant(), members));
        }
    }

    /** Closes the subscribers, and gives webhooks that wait a second. */
    @Override
    public void close() {
        events.close();
        webhooks.forEach(Webhooks::close);
    }
}
