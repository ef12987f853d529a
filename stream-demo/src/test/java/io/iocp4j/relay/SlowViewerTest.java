package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The main property of the relay: a viewer that does not read delays no other viewer, and memory stays bounded. */
@Tag("e2e")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SlowViewerTest {
    private static final int GOOD_VIEWERS = 10;
    private static final Duration STALL = Duration.ofSeconds(20);
    /** Longer than the stall, because a busy machine may need more time for the samples. */
    private static final Duration LENGTH = STALL.plusSeconds(14);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration SAMPLE_INTERVAL = Duration.ofSeconds(2);
    private static final int FRAMES_BEFORE_STALL = 2 * Ffmpeg.FRAMES_PER_SECOND;
    /** Far less than the 6 MB or so that are sent during the stall, so that an unbounded queue fails the test. */
    private static final long GROWTH_BYTES_MAX = 2 * 1024 * 1024;

    /**
     * The messages that the slow viewer received after the stall.
     *
     * @param afterGaps the first frame after each gap
     * @param buffered number of frames before the first gap
     * @param skipped number of frames in the skip texts
     * @param announced whether a skip text came before the first gap
     * @param lastSeq sequence number of the last frame of the stream
     */
    private record Catchup(List<WireMessage> afterGaps, long buffered, long skipped, boolean announced, long lastSeq) {
    }

    /** The memory in use after a garbage collection, in bytes. */
    private record Sample(long heap, long direct) {
        static Sample take() {
            System.gc();
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
            return new Sample(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), direct);
        }
    }

    @BeforeAll
    static void programs() {
        Installed.require("ffmpeg");
    }

    @Test
    @DisplayName("a viewer stops reading for 20 s: ten others miss nothing, memory is flat, it continues with a key")
    void slowViewer() throws IOException, InterruptedException {
        RealTime.check(SlowViewerTest::stall);
    }

    private static void stall() throws IOException, InterruptedException {
        List<LiveViewer> good = new ArrayList<>();
        List<Sample> samples = new ArrayList<>();
        try (RelayServer server = RelayServer.start(RelayRig.settings()
                .with(ServeSettings.MAX_LAG, RelayProcess.LAG_MAX)
                .with(LimitSettings.MAX_STALL, Duration.ofMinutes(1)))) {
            String relay = "http://127.0.0.1:" + server.address().getPort() + "/";
            try (Ffmpeg ffmpeg = Ffmpeg.publish(relay, "slow", LENGTH);
                    ViewerSocket slow = new ViewerSocket(relay, "slow")) {
                for (int i = 1; i <= GOOD_VIEWERS; i++) {
                    good.add(new LiveViewer(relay, "slow", "viewer-" + i));
                }
                long seq = readFrames(slow, FRAMES_BEFORE_STALL);
                // not counted, because the first collection still frees memory of the start
                Sample.take();
                for (int i = 0; i < STALL.dividedBy(SAMPLE_INTERVAL); i++) {
                    TooLate.unless(!ffmpeg.endsWithin(SAMPLE_INTERVAL), "ffmpeg ended before the end of the stall");
                    samples.add(Sample.take());
                }
                Catchup caught = catchUp(slow, seq);
                ffmpeg.await(LIMIT);
                for (LiveViewer viewer : good) {
                    viewer.awaitState("waiting", LIMIT);
                }
                report(good, caught, samples, ffmpeg.framesSent());
                assertMissedNothing(good, caught.lastSeq);
                assertBeginsWithKey(caught);
                assertFlat("heap", samples, Sample::heap);
                assertFlat("direct memory", samples, Sample::direct);
            }
        } finally {
            for (LiveViewer viewer : good) {
                viewer.close();
            }
        }
    }

    /** Reads a number of frames and returns the sequence number of the last one. */
    private static long readFrames(ViewerSocket viewer, int frames) throws IOException {
        long seq = -1;
        for (int left = frames; left > 0;) {
            WireMessage message = viewer.next();
            if (message.isMedia()) {
                seq = message.seq();
                left--;
            }
        }
        return seq;
    }

    /** Reads until the publisher ends, and collects the frames whose sequence number is not the expected one. */
    private static Catchup catchUp(ViewerSocket viewer, long seqBefore) throws IOException {
        List<WireMessage> afterGaps = new ArrayList<>();
        long seq = seqBefore;
        long buffered = 0;
        long skipped = 0;
        boolean announced = false;
        for (;;) {
            WireMessage message = viewer.next();
            if (message.isText("stream")) {
                return new Catchup(afterGaps, buffered, skipped, announced, seq);
            }
            if (message.isText("skip")) {
                skipped += ((Double) message.text().get("frames")).longValue();
                announced |= afterGaps.isEmpty();
            } else if (message.isMedia()) {
                if (message.seq() != seq + 1) {
                    afterGaps.add(message);
                } else if (afterGaps.isEmpty()) {
                    buffered++;
                }
                seq = message.seq();
            }
        }
    }

    private static void assertMissedNothing(List<LiveViewer> good, long lastSeq) {
        for (LiveViewer viewer : good) {
            viewer.assertNoFaults();
            assertEquals(lastSeq, viewer.lastSeq(), "sequence number of the last frame");
            assertEquals(viewer.lastSeq() - viewer.firstSeq() + 1, viewer.frames(), "number of frames");
        }
    }

    private static void assertBeginsWithKey(Catchup caught) {
        assertFalse(caught.afterGaps.isEmpty(), "no gap: 20 s of video fit into the buffers, so nothing was tested");
        assertTrue(caught.announced, "the first gap was not announced");
        for (WireMessage message : caught.afterGaps) {
            assertTrue(message.isKey() && message.isDiscont(), () -> "first frame after a gap: " + message);
        }
    }

    private static void assertFlat(String what, List<Sample> samples, ToLongFunction<Sample> part) {
        LongSummaryStatistics bytes = samples.stream().mapToLong(part).summaryStatistics();
        assertTrue(bytes.getMax() - bytes.getMin() <= GROWTH_BYTES_MAX, () -> what + " is not flat: " + bytes);
    }

    private static void report(List<LiveViewer> good, Catchup caught, List<Sample> samples, long sent) {
        System.out.printf("e2e: slow viewer: %d frames sent, %d good viewers got %s; the slow one got %d from its"
                + " buffers, then %d gaps with %d frames skipped; heap %s KiB, direct %s KiB%n", sent, good.size(),
                good.stream().map(LiveViewer::frames).distinct().toList(), caught.buffered, caught.afterGaps.size(),
                caught.skipped, kibibytes(samples, Sample::heap), kibibytes(samples, Sample::direct));
    }

    private static List<Long> kibibytes(List<Sample> samples, ToLongFunction<Sample> part) {
        return samples.stream().map(sample -> part.applyAsLong(sample) / 1024).toList();
    }
}
