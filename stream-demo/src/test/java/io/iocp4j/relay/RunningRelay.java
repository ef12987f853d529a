package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Plays the H.264 of ffmpeg in Chromium, through a relay that is already running. It has no name of a test, so that no
 * build runs it. The wine-test of jna-native runs it with a relay on a Windows JVM.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RunningRelay {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** Low, because on a busy machine the relay skips frames for a viewer that it cannot serve in time. */
    private static final double SHOWN_SHARE_MIN = 0.5;
    private static final int COLOURS_MIN = 50;

    private final String address = Objects.requireNonNull(System.getProperty("relay.address"),
            "set -Drelay.address=http://host:port/");
    private final Duration length = Duration.ofSeconds(Integer.getInteger("relay.seconds", 60));

    @Test
    @DisplayName("the page shows the picture of ffmpeg from the beginning to the end")
    void plays() throws IOException, InterruptedException {
        Installed.require("chromium", "ffmpeg");
        RealTime.check(this::play);
    }

    private void play() throws IOException, InterruptedException {
        try (Chromium chromium = Chromium.start(); Ffmpeg ffmpeg = Ffmpeg.publish(address, "foreign", length);
                PlayerPage page = new PlayerPage(chromium.open(address + "watch/foreign"))) {
            page.until("stats.framesShown > 60", LIMIT);
            int colours = page.colours("video");
            ffmpeg.await(length.plus(LIMIT));
            page.until("stats.state !== 'live'", LIMIT);
            System.out.printf("%d frames sent in %d s, %.0f shown, longest gap %.0f ms, %.0f gaps, %.0f skips,"
                    + " %.0f reconnects, %d colours%n", ffmpeg.framesSent(), length.toSeconds(),
                    page.stat("framesShown"), page.stat("maxFrameGapMs"), page.stat("seqGaps"), page.stat("skips"),
                    page.stat("reconnects"), colours);
            TooLate.unless(page.stat("framesShown") >= SHOWN_SHARE_MIN * ffmpeg.framesSent(), "too few frames shown");
            assertTrue(colours > COLOURS_MIN, "the picture is black: " + colours + " colours");
            assertTrue(page.stat("seqGaps") <= page.stat("skips"), "frames are missing that the relay did not skip");
            assertEquals(0, page.stat("reconnects"));
            assertEquals(true, page.evaluate("document.querySelector('video').error === null"));
            assertEquals(List.of(), page.problems());
        }
    }
}
