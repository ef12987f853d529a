package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.Installed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Publishes every container with ffmpeg through a running relay to a viewer. */
@Tag("e2e")
@Timeout(600)
class PublishContainersTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern RECIPE = Pattern.compile("(?ms)^```\\n(ffmpeg .*?)^```$");
    private static final String QUIET = "ffmpeg -y -nostdin -hide_banner -loglevel error ";
    /** Fewer than a group of pictures, so that a viewer that joins late gets all of them. */
    private static final int FRAMES = 45;
    private static final String SOURCE =
            "-f lavfi -i testsrc2=size=160x90:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 1.5 "
            + "-pix_fmt yuv420p ";

    /** The stream as a viewer got it: its text, and the last init segment with all frames after it. */
    private record Watched(Map<String, Object> text, byte[] bytes, int frames) {
    }

    @BeforeAll
    static void programs() {
        Installed.require("ffmpeg", "ffprobe");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            mp4;       -c:v libx264 -g 99 -bf 0 -an;     -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof
            mp4-sound;  -c:v libx264 -g 99 -c:a aac;      -f mp4 -movflags frag_every_frame+empty_moov+default_base_moof
            mp4-long;   -c:v libx264 -g 99 -c:a aac;      -f mp4 -movflags frag_keyframe+empty_moov
            mp4-cmaf;   -c:v libx264 -g 99 -c:a aac;      -f mp4 -movflags cmaf+frag_keyframe
            mp4-hevc;   -c:v libx265 -g 99 -an;           -f mp4 -tag:v hev1 -movflags frag_keyframe+empty_moov
            ts;         -c:v libx264 -g 20 -c:a aac;      -f mpegts
            ts-hevc;    -c:v libx265 -g 20 -c:a libopus;  -f mpegts
            webm-vp8;   -c:v libvpx -g 99 -c:a libopus;   -f webm -live 1 -cluster_time_limit 30
            webm-vp9;   -c:v libvpx-vp9 -g 99 -c:a libopus; -f webm
            mkv;        -c:v libx264 -g 99 -c:a flac;     -f matroska -live 1
            flv;        -c:v libx264 -g 99 -c:a aac;      -f flv
            h264;       -c:v libx264 -g 99 -bf 0 -an;     -f h264
            hevc;       -c:v libx265 -g 99 -x265-params bframes=0 -an; -f hevc
            mjpeg;      -c:v mjpeg -an;                   -f mjpeg
            mpjpeg;     -c:v mjpeg -an;                   -f mpjpeg
            """)
    @DisplayName("a viewer gets the frames that ffmpeg has encoded, and ffprobe accepts what it got")
    void sameFrames(String name, String codecs, String muxer, @TempDir Path directory) throws Exception {
        Path encoded = directory.resolve("encoded.mkv");
        run(QUIET + SOURCE + "-preset ultrafast " + codecs + " " + encoded);
        List<String> expected = hashes(encoded, "");
        assertEquals(FRAMES, expected.size());

        Watched watched = publish(QUIET + "-re -i " + encoded + " -map 0 -c copy " + extra(name) + muxer
                + " -flush_packets 1 -method PUT ");
        Path received = Files.write(directory.resolve("received"), watched.bytes);
        boolean jpeg = name.endsWith("jpeg");
        if (jpeg || name.startsWith("ts")) {
            // Each JPEG is a key frame, so a viewer that joins late begins with the newest. The sound of MPEG-TS is
            // known some pictures after the first, and viewers then begin again, with the second key frame.
            List<String> seen = hashes(received, jpeg ? "-f mjpeg " : "");
            assertTrue(seen.size() > FRAMES / 2, seen.size() + " pictures");
            assertEquals(expected.subList(expected.size() - seen.size(), expected.size()), seen);
            return;
        }
        assertEquals(expected, hashes(received, ""), watched.text::toString);
        assertEquals(FRAMES, watched.frames);
    }

    /** Raw streams need start codes, which the file has not. */
    private static String extra(String name) {
        return switch (name) {
            case "h264" -> "-bsf:v h264_mp4toannexb ";
            case "hevc" -> "-bsf:v hevc_mp4toannexb ";
            default -> "";
        };
    }

    static Stream<String> recipes() throws IOException {
        return RECIPE.matcher(Files.readString(Path.of("README.md"))).results().map(PublishContainersTest::command);
    }

    private static String command(MatchResult block) {
        return block.group(1).replace("\\\n", " ").replaceAll("\\s+", " ").strip();
    }

    @ParameterizedTest
    @MethodSource("recipes")
    @DisplayName("each command line of the README publishes frames that ffprobe accepts")
    void readme(String recipe, @TempDir Path directory) throws Exception {
        String url = "http://127.0.0.1:8080/publish/cam1";
        assertTrue(recipe.endsWith(url), recipe);
        String command = recipe.substring(0, recipe.length() - url.length()).replaceFirst("^ffmpeg ", QUIET);
        Watched watched = publish(command + "-t 2 ");

        Path received = Files.write(directory.resolve("received"), watched.bytes);
        boolean jpeg = watched.text.get("container").equals("mjpeg");
        List<String> packets = run("ffprobe -v error " + (jpeg ? "-f mjpeg " : "")
                + "-select_streams v -show_entries packet=size -of csv=p=0 " + received);
        assertEquals(watched.frames, packets.size(), recipe);
        // a viewer that joins late begins with the last key frame
        assertTrue(watched.frames >= 20, watched.frames + " frames: " + recipe);
    }

    /** Publishes with a command whose last argument is missing: the address. Returns what a viewer got. */
    private static Watched publish(String command) throws Exception {
        try (RelayRig rig = RelayRig.start();
                ChildProcess ffmpeg = ChildProcess.start("ffmpeg-publish",
                        new ProcessBuilder(List.of((command + rig.uri("http", "/publish/cam1")).split("\\s+"))))) {
            rig.await("a stream", () -> !rig.streams().isEmpty());
            TestViewer viewer = rig.watch("cam1").greeted();
            Map<String, Object> text = viewer.control("stream");
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            int units = 0;
            for (TestViewer.Event event = viewer.next(); !isWaiting(event); event = viewer.next()) {
                if (event.unit() == null) {
                    continue;
                }
                boolean init = event.unit()[0] == MediaUnit.KIND_INIT;
                if (init) {
                    bytes.reset();
                }
                units = init ? 0 : units + 1;
                bytes.writeBytes(event.payload());
            }
            assertEquals(0, ffmpeg.awaitExit(LIMIT), () -> ffmpeg.lines().toString());
            return new Watched(text, bytes.toByteArray(), units);
        }
    }

    /** Tells whether the publisher has ended. */
    private static boolean isWaiting(TestViewer.Event event) {
        assertEquals(0, event.code(), event::toString);
        return event.text() != null && event.text().contains("\"waiting\"");
    }

    /** Returns the hash of each decoded picture. */
    private static List<String> hashes(Path file, String format) throws IOException {
        return run(QUIET + format + "-i " + file + " -map 0:v -vsync passthrough -f framemd5 -").stream()
                .filter(line -> !line.startsWith("#")).map(line -> line.substring(line.lastIndexOf(',') + 1).strip())
                .toList();
    }

    private static List<String> run(String command) throws IOException {
        try (ChildProcess process = ChildProcess.start("tool",
                new ProcessBuilder(new ArrayList<>(Arrays.asList(command.split("\\s+")))))) {
            assertEquals(0, process.awaitExit(LIMIT), () -> command + ": " + process.lines());
            return process.lines().stream().map(ChildProcess.Line::text).toList();
        }
    }
}
