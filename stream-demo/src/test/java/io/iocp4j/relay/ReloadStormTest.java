package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.TooLate;
import io.iocp4j.websocket.http.HttpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Storms of clients that come and go while others watch. */
@Tag("e2e")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ReloadStormTest {
    private static final int VIEWERS = 50;
    private static final int RELOADS = 2_000;
    private static final Duration RELOADS_TIME = Duration.ofSeconds(10);
    private static final int ABORTS = 10_000;
    private static final Duration GAP_MAX = Duration.ofSeconds(1);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int SPARE_DESCRIPTORS = 20;
    private static final int SPARE_THREADS = 10;

    @Test
    @DisplayName("2,000 joins in 10 s and 10,000 aborted connections: no picture stands still for 1 s, nothing leaks")
    void storms() throws IOException, InterruptedException {
        RealTime.check(ReloadStormTest::storm);
    }

    private static void storm() throws IOException, InterruptedException {
        try (RelayRig rig = RelayRig.start(RelayRig.settings());
                SteadyStream stream = new SteadyStream(rig.server, "cam1", 12_000, 6_000);
                Crowd steady = new Crowd(rig.uri("ws", "/live/cam1"), false)) {
            steady.join(VIEWERS, SteadyStream.GOP, LIMIT);
            int descriptors = descriptors();
            int threads = Thread.activeCount();
            steady.members.forEach(member -> member.longestGapNanos = 0);

            int served = reload(rig);
            long reloads = longestGapMillis(steady);
            steady.members.forEach(member -> member.longestGapNanos = 0);
            for (int i = 0; i < ABORTS; i++) {
                try (RawPeer peer = new RawPeer(rig.address())) {
                    peer.reset();
                }
            }
            long aborts = longestGapMillis(steady);
            System.out.printf("e2e: storms: %d frames sent; %d of %d reloads saw one; the longest gap of %d viewers was"
                    + " %d ms during them, and %d ms during %d aborts%n", stream.sent(), served, RELOADS, VIEWERS,
                    reloads, aborts, ABORTS);

            steady.await("only the steady viewers are left", LIMIT,
                    () -> rig.server.admission().viewers() == VIEWERS
                            && descriptors() <= descriptors + SPARE_DESCRIPTORS);
            assertEquals(VIEWERS, steady.count(member -> member.open), "a steady viewer was lost");
            assertTrue(Thread.activeCount() <= threads + SPARE_THREADS, "threads: " + Thread.activeCount());
            assertEquals(RELOADS, served, "reloads that saw a frame");
            TooLate.unless(Math.max(reloads, aborts) < GAP_MAX.toMillis(), "a picture stood still: " + reloads + " and "
                    + aborts + " ms");
        } catch (HttpException e) {
            throw new AssertionError(e);
        }
    }

    /** Lets viewers join at an even rate, each of which leaves after its first frame; returns how many saw one. */
    private static int reload(RelayRig rig) throws IOException, InterruptedException {
        CountDownLatch all = new CountDownLatch(RELOADS);
        AtomicInteger begun = new AtomicInteger();
        try (Crowd storm = new Crowd(rig.uri("ws", "/live/cam1"), false);
                ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            clock.scheduleAtFixedRate(() -> {
                if (begun.incrementAndGet() <= RELOADS) {
                    storm.visit(1, all::countDown);
                }
            }, 0, RELOADS_TIME.toNanos() / RELOADS, TimeUnit.NANOSECONDS);
            all.await(RELOADS_TIME.plus(LIMIT).toMillis(), TimeUnit.MILLISECONDS);
            clock.shutdownNow();
        }
        return RELOADS - (int) all.getCount();
    }

    private static long longestGapMillis(Crowd crowd) {
        return crowd.members.stream().mapToLong(member -> member.longestGapNanos).max().orElseThrow() / 1_000_000;
    }

    /** Returns the number of open descriptors of this process; 0 where the system does not tell. */
    private static int descriptors() {
        Path folder = Path.of("/proc/self/fd");
        if (!Files.isDirectory(folder)) {
            return 0;
        }
        try (Stream<Path> open = Files.list(folder)) {
            return (int) open.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
