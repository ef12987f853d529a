package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.TooLate;
import io.iocp4j.websocket.http.HttpException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Viewers that stop reading beside viewers that read. Rounds with and without them follow one another, so that what
 * else happens on the machine harms both; the middle of each kind is compared.
 */
@Tag("e2e")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StalledBesideGoodTest {
    private static final int VIEWERS = 100;
    private static final int ROUNDS = 3;
    private static final Duration ROUND = Duration.ofSeconds(4);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final double RATIO_MAX = 1.1;
    /** Differences below this are those of two equal rounds. */
    private static final double NOISE_MILLIS = 3;

    @Test
    @DisplayName("100 viewers that stop reading change the p99 of 100 good ones by 10 % at most")
    void stalled() throws IOException, InterruptedException {
        RealTime.check(StalledBesideGoodTest::compare);
    }

    private static void compare() throws IOException, InterruptedException {
        List<Double> alone = new ArrayList<>();
        List<Double> beside = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
            alone.add(round(0));
            beside.add(round(VIEWERS));
        }
        double before = alone.stream().sorted().toList().get(ROUNDS / 2);
        double after = beside.stream().sorted().toList().get(ROUNDS / 2);
        System.out.printf("e2e: p99 of %d good viewers: %.2f ms alone %s, %.2f ms beside %d stalled ones %s%n", VIEWERS,
                before, alone, after, VIEWERS, beside);
        double spread = alone.stream().mapToDouble(p99 -> p99).max().orElseThrow()
                - alone.stream().mapToDouble(p99 -> p99).min().orElseThrow();
        Assumptions.assumeTrue(spread <= before * (RATIO_MAX - 1) + NOISE_MILLIS, () -> "e2e: equal rounds differ by "
                + spread + " ms on this busy machine, so that a difference between unequal ones says nothing");
        TooLate.unless(after <= before * RATIO_MAX + NOISE_MILLIS, "p99 " + before + " ms alone, " + after + " beside");
    }

    /** Returns the p99 of the time from a frame's arrival at the relay to its arrival at a good viewer, in ms. */
    private static double round(int stalled) throws IOException, InterruptedException {
        List<RawPeer> peers = new ArrayList<>();
        // the stalled ones stay until the end, because they are what is measured
        try (RelayRig rig = RelayRig.start(RelayRig.settings().with(LimitSettings.MAX_STALL, Duration.ofMinutes(5)));
                SteadyStream stream = new SteadyStream(rig.server, "cam1", 12_000, 6_000);
                Crowd crowd = new Crowd(rig.uri("ws", "/live/cam1"), false)) {
            for (int i = 0; i < stalled; i++) {
                peers.add(rig.connect().upgrade("/live/cam1"));
            }
            crowd.join(VIEWERS, SteadyStream.GOP, LIMIT);
            crowd.measure(true);
            CountDownLatch over = new CountDownLatch(1);
            crowd.port.schedule(ROUND, over::countDown);
            over.await();
            crowd.measure(false);
            assertTrue(stream.sent() > SteadyStream.GOP);
            assertEquals(VIEWERS + stalled, rig.server.admission().viewers());
            double[] ages = crowd.ages();
            Arrays.sort(ages);
            return Math.round(ages[(int) (ages.length * 0.99)] * 100) / 100.0;
        } catch (HttpException e) {
            throw new AssertionError(e);
        } finally {
            for (RawPeer peer : peers) {
                peer.close();
            }
        }
    }
}
