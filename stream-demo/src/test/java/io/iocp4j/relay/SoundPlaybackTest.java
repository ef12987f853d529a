package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plays streams with sound of ffmpeg through the relay in Chromium. */
@Tag("e2e")
@Timeout(900)
@TestInstance(Lifecycle.PER_CLASS)
class SoundPlaybackTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String PICTURE = "ffmpeg -nostdin -hide_banner -loglevel error -re -f lavfi"
            + " -i testsrc2=size=320x180:rate=30 ";
    private static final String H264 = " -pix_fmt yuv420p -g 30 -c:v libx264 -preset ultrafast -tune zerolatency"
            + " -t 120 -max_interleave_delta 200000 ";
    private static final String MP4 = " -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof";
    private static final String SOUND_ON = """
            (() => {
              const button = [...document.querySelectorAll('button')].find(b => b.textContent === 'Sound on');
              button.click();
              return document.querySelector('video').muted;
            })()""";
    private static final String DECODED = "document.querySelector('video').webkitAudioDecodedByteCount";

    private RelayRig relay;
    private Chromium chromium;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        Installed.require("chromium", "ffmpeg");
        relay = RelayRig.start();
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

    private ChildProcess publish(String name, String sound, String muxer) throws IOException, InterruptedException {
        String command = PICTURE + sound + H264 + muxer + " -flush_packets 1 -method PUT "
                + relay.uri("http", "/publish/" + name);
        ChildProcess ffmpeg = ChildProcess.start("ffmpeg-" + name, new ProcessBuilder(List.of(command.split("\\s+"))));
        relay.await(name, () -> relay.streams().stream().anyMatch(stream -> stream.get("path").equals(name)
                && stream.get("state").equals("live")));
        return ffmpeg;
    }

    private PlayerPage watch(String name) {
        return new PlayerPage(chromium.open(relay.uri("http", "/watch/" + name).toString()));
    }

    private static void assertPlays(PlayerPage page) {
        double shown = page.stat("framesShown");
        page.until("stats.framesShown > " + (shown + 60), LIMIT);
        assertEquals(0, page.stat("nonKeyAfterSkip"));
        assertEquals(List.of(), page.problems());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            aac-ts;   -c:a aac -ar 44100;       -f mpegts
            aac-mp4;  -c:a aac;                 -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof
            aac-flv;  -c:a aac;                 -f flv -flvflags no_duration_filesize
            opus-mkv; -c:a libopus;             -f matroska -cluster_time_limit 30
            flac-mkv; -c:a flac;                -f matroska -cluster_time_limit 30
            """)
    @DisplayName("picture and sound play together; the sound is muted until somebody asks for it")
    void plays(String name, String codec, String muxer) throws IOException, InterruptedException {
        RealTime.check(() -> {
            try (ChildProcess ffmpeg = publish(name, "-re -f lavfi -i sine=frequency=440:sample_rate=48000 " + codec,
                    muxer); PlayerPage page = watch(name)) {
                page.until("stats.framesShown > 60 && stats.sound === 'muted'", LIMIT);
                assertEquals(false, page.evaluate(SOUND_ON));
                page.until("stats.sound === 'on'", LIMIT);
                assertPlays(page);
                double decoded = (Double) page.evaluate(DECODED);
                System.out.printf("e2e: %s: first frame %.0f ms, latency %.0f ms, longest gap %.0f ms, %.0f bytes of"
                        + " sound decoded%n", name, page.stat("firstFrameMs"), page.stat("latencyMs"),
                        page.stat("maxFrameGapMs"), decoded);
                assertTrue(decoded > 0, "no sound was decoded");
                ffmpeg.kill();
            }
        });
    }

    @Test
    @DisplayName("when the sound stops, or never begins, the picture goes on alone")
    void soundStops() throws IOException, InterruptedException {
        RealTime.check(() -> {
            try (ChildProcess ffmpeg = publish("stops", "-re -f lavfi -i sine=frequency=440:duration=6 -c:a aac", MP4);
                    PlayerPage page = watch("stops")) {
                page.until("stats.framesShown > 30 && stats.sound === 'muted'", LIMIT);
                page.until("stats.sound === 'silent'", LIMIT);
                assertPlays(page);
                try (PlayerPage late = watch("stops")) {
                    late.until("stats.sound === 'silent' && stats.framesShown > 30", LIMIT);
                    assertPlays(late);
                }
                ffmpeg.kill();
            }
        });
    }

    @Test
    @DisplayName("a hole of 100 ms in the sound does not stop the picture")
    void hole() throws IOException, InterruptedException {
        RealTime.check(() -> {
            String holes = "-re -f lavfi -i sine=frequency=440:sample_rate=48000"
                    + " -af aselect=gte(mod(t\\,2)\\,0.1) -c:a aac";
            try (ChildProcess ffmpeg = publish("hole", holes, "-f mpegts"); PlayerPage page = watch("hole")) {
                page.until("stats.framesShown > 30", LIMIT);
                double seeks = page.stat("seeks");
                double shown = page.stat("framesShown");
                page.pass(Duration.ofSeconds(8));
                double pictures = page.stat("framesShown") - shown;
                System.out.printf("e2e: holes in the sound: %.0f pictures in 8 s, %.0f seeks%n", pictures,
                        page.stat("seeks") - seeks);
                assertEquals(seeks, page.stat("seeks"), "a hole was left for the player");
                TooLate.unless(pictures > 150, "too few pictures: " + pictures);
                assertEquals("muted", page.evaluate("window.relayPlayer.stats.sound"));
                ffmpeg.kill();
            }
        });
    }

    @Test
    @DisplayName("a publisher that comes back with another rate of its sound is heard again, without a reload")
    void comesBack() throws IOException, InterruptedException {
        RealTime.check(() -> {
            String sine = "-re -f lavfi -i sine=frequency=440:sample_rate=48000 -c:a aac -ar ";
            try (ChildProcess first = publish("back", sine + "48000", "-f mpegts"); PlayerPage page = watch("back")) {
                page.evaluate("window.sameDocument = true");
                page.until("stats.framesShown > 60 && stats.sound === 'muted'", LIMIT);
                first.kill();
                page.until("stats.state === 'waiting'", LIMIT);
                try (ChildProcess second = publish("back", sine + "22050", "-f mpegts")) {
                    page.until("stats.state === 'live'", LIMIT);
                    assertPlays(page);
                    page.until("stats.sound === 'muted'", LIMIT);
                    assertEquals(true, page.evaluate("window.sameDocument === true"));
                    second.kill();
                }
            }
        });
    }
}
