package io.iocp4j.relay.observe;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * Sees what happens to one viewer, and keeps the numbers that the list of viewers shows. Guarded by its viewer, whose
 * lock its callers hold; never waits.
 */
public final class ViewerObserver {
    private static final long REPORT_MAX = 86_400_000;

    private final Observer observer;
    private final String path;
    private final PathMetrics metrics;
    private final String id;
    private final long beganNanos;
    private String peer = "";
    private String agent = "";
    private Instant since = Instant.EPOCH;
    private boolean joined;
    private boolean firstFrame;
    private Duration roundTrip;
    private long bytesSent;
    private long dropped;
    private long passed;
    private long trims;
    // Written without the lock.
    private volatile Long latencyMillis;
    private volatile Long pageRoundTripMillis;

    ViewerObserver(Observer observer, String path, PathMetrics metrics, String id, long nowNanos) {
        this.observer = observer;
        this.path = path;
        this.metrics = metrics;
        this.id = id;
        this.beganNanos = nowNanos;
    }

    /**
     * The numbers of a viewer for the list of viewers.
     *
     * @param peer its address
     * @param agent its User-Agent, shortened; empty if it has none
     * @param since when it joined
     * @param latencyMillis from the origin of a frame to the screen, as the page last reported it; null if it did not
     * @param roundTripMillis round trip of the heartbeat, or as the page reported it; null before the first one
     * @param bytesSent bytes that its socket was given
     */
    public record Numbers(String peer, String agent, Instant since, Long latencyMillis, Double roundTripMillis,
            long bytesSent) {
    }

    /**
     * The viewer has joined.
     *
     * @param address of the client
     * @param userAgent its User-Agent; null if it has none
     */
    public void joined(String address, String userAgent) {
        joined = true;
        peer = address;
        agent = userAgent == null ? "" : userAgent.substring(0, Math.min(userAgent.length(), 200));
        since = observer.now();
        observer.metrics().joins.add(1, "ok");
        FlightEvents.ViewerJoin.commit(path, id, peer);
        observer.tell(RelayEvent.VIEWER_JOINED, path, "viewer", id, "peer", peer);
    }

    /**
     * The socket was given a batch.
     *
     * @param bytes of its messages
     */
    public void sent(long bytes) {
        bytesSent += bytes;
        metrics.egressBytes.add(bytes);
        metrics.batch.observe(bytes);
    }

    /**
     * The socket has taken a batch.
     *
     * @param lagNanos the age of its oldest frame; 0 or less if it had none that counts
     * @param frame whether it had a frame
     * @param newest the last round trip of the heartbeat; null before the first
     * @param nowNanos the time of the port
     */
    public void taken(long lagNanos, boolean frame, Duration newest, long nowNanos) {
        if (lagNanos > 0) {
            metrics.lag.observe(lagNanos / 1e9);
        }
        if (frame && !firstFrame) {
            firstFrame = true;
            metrics.join.observe((nowNanos - beganNanos) / 1e9);
        }
        if (newest != null && newest != roundTrip) {
            // the heartbeat makes a new object for each pong
            roundTrip = newest;
            metrics.roundTrip.observe(newest.toNanos() / 1e9);
        }
    }

    /**
     * Takes the totals of the queue, whose growth is counted.
     *
     * @param droppedTotal frames dropped because the viewer was slow
     * @param passedTotal frames that came before its first key frame
     * @param trimsTotal how often its queue was cut
     */
    public void queue(long droppedTotal, long passedTotal, long trimsTotal) {
        if (droppedTotal != dropped) {
            metrics.droppedSlow.add(droppedTotal - dropped);
        }
        if (passedTotal != passed) {
            metrics.droppedJoin.add(passedTotal - passed);
        }
        if (trimsTotal != trims) {
            metrics.trims.add(trimsTotal - trims);
            FlightEvents.ViewerTrim.commit(path, id, droppedTotal - dropped);
            observer.tell(RelayEvent.VIEWER_TRIMMED, path, "viewer", id, "peer", peer,
                    "frames", droppedTotal - dropped);
        }
        dropped = droppedTotal;
        passed = passedTotal;
        trims = trimsTotal;
    }

    /**
     * The queue was emptied because memory is scarce.
     *
     * @param frames that waited in it
     */
    public void evicted(long frames) {
        metrics.droppedBudget.add(frames);
    }

    /**
     * The page has reported its numbers, which nobody can check. May be called without the lock.
     *
     * @param report the text of type "stat"
     */
    public void reported(Map<String, Object> report) {
        latencyMillis = millis(report.get("lag"));
        pageRoundTripMillis = millis(report.get("rtt"));
    }

    private static Long millis(Object value) {
        return value instanceof Double number && number > 0 ? Long.valueOf((long) Math.min(number, REPORT_MAX)) : null;
    }

    /**
     * The viewer has left.
     *
     * @param code the close code
     * @param reason in words
     */
    public void left(int code, String reason) {
        if (joined) {
            observer.metrics().closed(code);
            observer.tell(RelayEvent.VIEWER_LEFT, path, "viewer", id, "peer", peer, "code", code, "reason", reason);
        }
    }

    /**
     * Returns the numbers.
     *
     * @return at this moment
     */
    public Numbers numbers() {
        Double millis = roundTrip != null ? Double.valueOf(roundTrip.toNanos() / 1e6)
                : pageRoundTripMillis == null ? null : Double.valueOf(pageRoundTripMillis);
        return new Numbers(peer, agent, since, latencyMillis, millis, bytesSent);
    }
}
