package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plays every container of ffmpeg through the relay in Chromium. */
@Tag("e2e")
@Timeout(900)
@TestInstance(Lifecycle.PER_CLASS)
class ContainersPlaybackTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final int COLOURS_MIN = 50;
    private static final String SOURCE = "ffmpeg -nostdin -hide_banner -loglevel error -re -f lavfi"
            + " -i testsrc2=size=320x180:rate=30 -re -f lavfi -i sine=frequency=440:sample_rate=48000 -t 120"
            + " -pix_fmt yuv420p -g 30 ";
    private static final String H264 = "-c:v libx264 -preset ultrafast -tune zerolatency ";

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

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            ts;       video;  H264 -c:a aac -f mpegts -muxdelay 0
            webm-vp8; video;  -c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus -f webm -cluster_time_limit 30
            webm-vp9; video;  -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus -f webm -cluster_time_limit 30
            flv;      video;  H264 -c:a aac -f flv -flvflags no_duration_filesize
            mp4;      video;  H264 -c:a aac -f mp4 -movflags frag_every_frame+empty_moov
            mkv;      video;  -c:v libx264 -preset ultrafast -bf 2 -c:a flac -f matroska -cluster_time_limit 30
            h264;     video;  H264 -an -f h264
            mpjpeg;   canvas; -c:v mjpeg -an -f mpjpeg
            """)
    @DisplayName("its pictures are shown, and they are not black")
    void shown(String name, String element, String arguments) throws IOException, InterruptedException {
        RealTime.check(() -> play(name, element, arguments));
    }

    private void play(String name, String element, String arguments) throws IOException, InterruptedException {
        String command = SOURCE + arguments.replace("H264 ", H264) + " -flush_packets 1 -method PUT "
                + relay.uri("http", "/publish/" + name);
        try (ChildProcess ffmpeg = ChildProcess.start("ffmpeg-" + name,
                new ProcessBuilder(List.of(command.split("\\s+"))))) {
            relay.await(name, () -> relay.streams().stream().anyMatch(stream -> stream.get("path").equals(name)
                    && stream.get("state").equals("live")));
            try (PlayerPage page = new PlayerPage(chromium.open(relay.uri("http", "/watch/" + name).toString()))) {
                page.until("stats.framesShown > 60", LIMIT);
                System.out.printf("e2e: %s: first frame %.0f ms, latency %.0f ms, longest gap %.0f ms%n", name,
                        page.stat("firstFrameMs"), page.stat("latencyMs"), page.stat("maxFrameGapMs"));
                assertTrue(page.colours(element) > COLOURS_MIN, "the picture is black");
                assertEquals(0, page.stat("nonKeyAfterSkip"));
                assertEquals(List.of(), page.problems());
            }
            ffmpeg.kill();
        }
    }
}
