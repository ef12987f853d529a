package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TooLate;
import io.iocp4j.websocket.http.HttpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A viewer never sees a picture older than the lag and one group of pictures, however slowly it reads. The
 * stream has 156 kB/s and a key frame each second, which the slowest reader takes 0.6 s to read.
 */
@Tag("e2e")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SlowRatesTest {
    private static final int[] KILOBYTES_PER_SECOND = {20, 31, 50, 80, 110, 140, 170, 250, 500, 100_000};
    private static final int KEY_BYTES = 12_000;
    private static final int FRAME_BYTES = 6_000;
    private static final Duration LENGTH = Duration.ofSeconds(14);
    private static final Duration GOP = Duration.ofSeconds(1);
    private static final int READ_MILLIS = 5;

    @Test
    @Shows("relay O1")
    @DisplayName("ten viewers that read at rates from 20 kB/s to full speed see nothing older than the lag and a GOP")
    void rates() throws IOException, InterruptedException {
        RealTime.check(SlowRatesTest::watch);
    }

    private static void watch() throws IOException, InterruptedException {
        List<RateReader> readers = new ArrayList<>();
        try (RelayRig rig = RelayRig.start(RelayRig.settings());
                SteadyStream stream = new SteadyStream(rig.server, "cam1", KEY_BYTES, FRAME_BYTES);
                ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            for (int rate : KILOBYTES_PER_SECOND) {
                readers.add(new RateReader(rig.address(), "cam1", rate * 1_000.0));
            }
            CountDownLatch over = new CountDownLatch(1);
            clock.schedule(over::countDown, LENGTH.toMillis(), TimeUnit.MILLISECONDS);
            clock.scheduleAtFixedRate(() -> readers.forEach(SlowRatesTest::read), 0, READ_MILLIS,
                    TimeUnit.MILLISECONDS);
            over.await();
            clock.shutdown();
            assertTrue(clock.awaitTermination(1, TimeUnit.SECONDS));
            for (RateReader reader : readers) {
                reader.close();
            }
            System.out.println("e2e: slow rates: " + stream.sent() + " frames sent");
            judge(readers);
        } catch (HttpException e) {
            throw new AssertionError(e);
        }
    }

    private static void read(RateReader reader) {
        try {
            reader.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void judge(List<RateReader> readers) {
        double allowed = ServeSettings.MAX_LAG.standard().plus(GOP).toMillis();
        List<String> late = new ArrayList<>();
        for (RateReader reader : readers) {
            assertEquals(0, reader.closeCode, "closed");
            List<Double> ages = reader.seen.stream().filter(seen -> seen.millis() > LENGTH.toMillis() / 2)
                    .map(RateReader.Seen::ageMillis).sorted().toList();
            assertTrue(ages.size() >= LENGTH.toSeconds() / 2 - 1, () -> ages.size() + " frames in the second half at "
                    + reader.bytesPerSecond);
            double p95 = ages.get((int) (ages.size() * 0.95));
            String line = "%6.0f kB/s: %3d frames, age p50 %4.0f, p95 %4.0f, max %4.0f ms".formatted(
                    reader.bytesPerSecond / 1_000, ages.size(), ages.get(ages.size() / 2), p95, ages.getLast());
            System.out.println("e2e: slow rates: " + line);
            if (p95 > allowed) {
                late.add(line);
            }
        }
        TooLate.unless(late.isEmpty(), "older than " + allowed + " ms: " + late);
    }
}
