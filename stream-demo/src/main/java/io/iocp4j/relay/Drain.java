package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.frame.CloseCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells all viewers, and then all publishers, that the relay stops. The viewers are told one after the other, so that
 * another relay, or this one after its restart, does not see them all at the same moment.
 */
final class Drain {
    static final String REASON = "the relay stops";
    /** The time between two viewers, if there is time for all of them. */
    private static final long STEP_NANOS = 5_000_000;

    private final CompletionPort port;
    private final RelayHub hub;
    private final long deadlineNanos;

    /** @param limit from now on, for all together */
    Drain(CompletionPort port, RelayHub hub, Duration limit) {
        this.port = port;
        this.hub = hub;
        this.deadlineNanos = port.nanoTime() + limit.toNanos();
    }

    /** Returns the time that is left. */
    Duration left() {
        return Duration.ofNanos(Math.max(0, deadlineNanos - port.nanoTime()));
    }

    /** Waits for this time, at most until the deadline. */
    void serveOn(Duration delay) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        port.schedule(delay, over::countDown);
        over.await(left().toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Tells everybody. Returns when the last one was told, or at the deadline. */
    void tell() throws InterruptedException {
        List<Viewer> viewers = hub.viewers();
        // half of the time is for telling them, the other half for their answers
        long step = Math.min(STEP_NANOS, left().toNanos() / 2 / Math.max(1, viewers.size()));
        CountDownLatch told = new CountDownLatch(viewers.size());
        for (int i = 0; i < viewers.size(); i++) {
            Viewer viewer = viewers.get(i);
            port.schedule(Duration.ofNanos(i * step), () -> {
                try {
                    viewer.bye(CloseCode.GOING_AWAY, REASON);
                } finally {
                    told.countDown();
                }
            });
        }
        told.await(left().toNanos(), TimeUnit.NANOSECONDS);
        hub.endAll(CloseCode.GOING_AWAY, REASON);
    }
}
