package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/** Plays the H.264 of ffmpeg through the relay in Chromium. */
@Tag("e2e")
@Timeout(value = 12, unit = TimeUnit.MINUTES)
@TestInstance(Lifecycle.PER_CLASS)
class PlaybackTest {
    private static final Duration LENGTH = Duration.ofSeconds(20);
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final double SHOWN_SHARE_MIN = 0.8;
    private static final int COLOURS_MIN = 50;
    private static final int LATE_VIEWERS = 5;
    private static final double FIRST_FRAME_LIMIT_MS = 300;

    private RelayProcess relay;
    private Chromium chromium;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        Installed.require("chromium", "ffmpeg");
        relay = RelayProcess.start();
        chromium = Chromium.start();
    }

    @AfterAll
    void stop() throws IOException {
        try {
            if (chromium != null) {
                chromium.close();
            }
        } finally {
            if (relay != null) {
                relay.close();
            }
        }
    }

    @Test
    @DisplayName("at least 80 % of the frames that ffmpeg sends in 20 s are presented, and they are not black")
    void framesShown() throws IOException, InterruptedException {
        RealTime.check(this::play);
    }

    private void play() throws IOException, InterruptedException {
        try (Ffmpeg ffmpeg = Ffmpeg.publish(relay.address(), "long", LENGTH); PlayerPage page = watch("long")) {
            page.until("stats.framesShown > 150", LIMIT);
            int colours = page.colours("video");
            page.screenshot().save("playback");
            ffmpeg.await(LENGTH.plus(LIMIT));
            page.until("stats.state !== 'live'", LIMIT);

            double shown = page.stat("framesShown");
            // when the page is busy, the callback misses frames; its next call reports how many were presented
            double presented = page.stat("framesPresented");
            double decoded = (Double) page.evaluate(
                    "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames");
            System.out.printf("e2e: playback: %d frames sent, %.0f seen by requestVideoFrameCallback (%.0f presented),"
                    + " %.0f decoded, longest gap %.0f ms, latency %.0f ms, first frame %.0f ms, %d colours%n",
                    ffmpeg.framesSent(), shown, presented, decoded, page.stat("maxFrameGapMs"),
                    page.stat("latencyMs"), page.stat("firstFrameMs"), colours);
            double wanted = SHOWN_SHARE_MIN * ffmpeg.framesSent();
            TooLate.unless(presented >= wanted, "too few frames presented: " + presented);
            TooLate.unless(decoded >= wanted, "too few frames decoded: " + decoded);
            TooLate.unless(page.stat("skips") == 0, "the relay skipped frames, because the page was not read in time");
            assertTrue(colours > COLOURS_MIN, "the picture is black: " + colours + " colours");
            assertEquals(0, page.stat("seqGaps"), "gaps in the frames that the page received");
            assertHealthy(page);
        }
    }

    @Test
    @DisplayName("four of five viewers that join between two key frames show a frame within 300 ms")
    void lateViewer() throws IOException, InterruptedException {
        RealTime.check(this::joinLate);
    }

    private void joinLate() throws IOException, InterruptedException {
        try (Ffmpeg ffmpeg = Ffmpeg.publish(relay.address(), "late", LIMIT.multipliedBy(LATE_VIEWERS + 1));
                PlayerPage early = watch("late")) {
            early.until("stats.framesShown > 60", LIMIT);
            List<Double> firstFrames = new ArrayList<>();
            for (int i = 0; i < LATE_VIEWERS; i++) {
                try (PlayerPage late = watch("late")) {
                    late.until("stats.framesShown > 30", LIMIT);
                    firstFrames.add(late.stat("firstFrameMs"));
                    assertHealthy(late);
                }
            }
            System.out.println("e2e: late viewers: first frame after " + firstFrames + " ms");
            // one viewer may join while the machine stands still
            long inTime = firstFrames.stream().filter(millis -> millis < FIRST_FRAME_LIMIT_MS).count();
            TooLate.unless(inTime >= LATE_VIEWERS - 1, "first frames after " + firstFrames + " ms");
            assertHealthy(early);
            ffmpeg.stop();
        }
    }

    @Test
    @DisplayName("when a publisher stops and comes back, the page stays connected and continues with the next epoch")
    void publisherBack() throws IOException, InterruptedException {
        RealTime.check(this::publishAgain);
    }

    private void publishAgain() throws IOException, InterruptedException {
        try (Ffmpeg first = Ffmpeg.publish(relay.address(), "back", LENGTH); PlayerPage page = watch("back")) {
            page.evaluate("window.sameDocument = true");
            page.until("stats.framesShown > 60", LIMIT);
            first.stop();
            page.until("stats.state === 'waiting'", LIMIT);
            double epoch = page.stat("epoch");
            double shown = page.stat("framesShown");
            // when the page is busy, the callback misses frames; its next call reports how many were presented
            double presented = page.stat("framesPresented");

            try (Ffmpeg second = Ffmpeg.publish(relay.address(), "back", LENGTH)) {
                page.until("stats.epoch === %.0f && stats.framesShown > %.0f".formatted(epoch + 1, shown + 60), LIMIT);
                second.stop();
            }
            System.out.printf("e2e: publisher back: %.0f frames seen before, %.0f after, epoch %.0f then %.0f,"
                    + " %.0f reconnects%n", shown, page.stat("framesShown") - shown, epoch, page.stat("epoch"),
                    page.stat("reconnects"));
            assertEquals(0, page.stat("reconnects"));
            assertEquals(true, page.evaluate("window.sameDocument === true"));
            assertHealthy(page);
        }
    }

    private PlayerPage watch(String path) {
        return new PlayerPage(chromium.open(relay.address() + "watch/" + path));
    }

    private static void assertHealthy(PlayerPage page) {
        assertEquals(true, page.evaluate("document.querySelector('video').error === null"), "no error of the video");
        assertEquals(0, page.stat("nonKeyAfterSkip"), "frames that depend on frames that were skipped");
        assertEquals(List.of(), page.problems());
    }
}
