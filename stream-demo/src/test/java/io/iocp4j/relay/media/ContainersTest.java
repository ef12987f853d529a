package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/*
 * The samples were made with ffmpeg 5.1: 64x36, 10 frames per second, one second (MJPEG: half), and a sine tone.
 *   S="-f lavfi -i testsrc2=size=64x36:rate=10 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 1 -pix_fmt yuv420p
 *      -map 0:v -map 1:a -ac 1 -b:a 16k"; H="-c:v libx264 -preset ultrafast -g 5 -crf 40"
 *   $S $H -bf 0 -c:a aac h264-aac.ts          $S $H -bf 2 -c:a aac h264-aac.flv
 *   $S $H -bf 0 -c:a libmp3lame h264-mp3.flv  $S $H -bf 0 -c:a flac h264-flac.mkv
 *   $S -c:v libvpx -g 5 -c:a libopus vp8-opus.webm, and so on
 */
@DisplayName("Streams of ffmpeg in every container")
class ContainersTest {
    static Stream<String> samples() {
        return Samples.NAMES.stream();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            h264-aac.ts;     fmp4;  video/mp4; avc1.42c00a;     mp4a.40.2; 10; 48
            hevc-opus.ts;    fmp4;  video/mp4; hvc1.1.6.L30.90; opus;      10; 46
            vp8-opus.webm;   webm;  video/webm; vp8;            opus;      10; 50
            vp9-opus.webm;   fmp4;  video/mp4; vp09.00.10.08;   opus;      10; 50
            av1-opus.webm;   fmp4;  video/mp4; av01.0.00M.08;   opus;      10; 50
            h264-flac.mkv;   fmp4;  video/mp4; avc1.42c00a;     flac;      10; 11
            h264-aac.flv;    fmp4;  video/mp4; avc1.4d400a;     mp4a.40.2; 10; 48
            h264-mp3.flv;    fmp4;  video/mp4; avc1.42c00a;     mp4a.6B;   10; 39
            two-trafs.mp4;   fmp4;  video/mp4; avc1.4d400a;     mp4a.40.2; 10; 48
            raw.h264;        fmp4;  video/mp4; avc1.42c00a;     ;          10; 0
            raw.hevc;        fmp4;  video/mp4; hvc1.1.6.L30.90; ;          10; 0
            """)
    @DisplayName("become one unit for each frame, with the codecs in the MIME types, and every fifth picture is a key")
    void frames(String name, String container, String type, String video, String audio, int pictures, int sounds)
            throws MediaException {
        Recorder seen = Samples.parse(name);

        MediaInit init = seen.inits.getLast();
        assertEquals(container, init.container());
        assertEquals(type + "; codecs=\"" + video + "\"", init.video().mime());
        assertEquals(audio == null ? null : "audio/mp4; codecs=\"" + audio + "\"",
                init.audio() == null ? null : init.audio().mime());
        assertEquals("64x36", init.video().width() + "x" + init.video().height());
        assertEquals(pictures, seen.count(MediaTrack.VIDEO));
        assertEquals(sounds, seen.count(MediaTrack.AUDIO));
        int picture = 0;
        for (int i = 0; i < seen.units.size(); i++) {
            boolean isPicture = seen.tracks.get(i) == MediaTrack.VIDEO;
            assertEquals(isPicture && picture % 5 == 0, seen.keys.get(i), "unit " + i);
            picture += isPicture ? 1 : 0;
        }
    }

    @ParameterizedTest
    @CsvSource({"raw.mjpeg", "multipart.mjpeg"})
    @DisplayName("MJPEG becomes JPEG pictures, each of which is a key frame and ends with its marker")
    void jpeg(String name) throws MediaException {
        Recorder seen = Samples.parse(name);

        assertEquals("mjpeg", seen.inits.getFirst().container());
        assertEquals("image/jpeg 64x36", seen.inits.getFirst().video().mime() + " "
                + seen.inits.getFirst().video().width() + "x" + seen.inits.getFirst().video().height());
        assertEquals(List.of(true, true, true, true, true), seen.keys);
        for (byte[] picture : seen.units) {
            assertEquals("ffd8ffd9", String.format("%02x%02x%02x%02x", picture[0], picture[1],
                    picture[picture.length - 2], picture[picture.length - 1]));
        }
        assertEquals(Samples.parse("raw.mjpeg").events, seen.events, "the same pictures in both forms");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    @DisplayName("bytes one by one, and pieces of random size, give the same events as one buffer")
    void pieces(String name) throws MediaException {
        List<String> expected = Samples.parse(name).events;
        assertEquals(expected, Samples.parseInPieces(name, 1, 1, 0).events);
        for (long seed = 1; seed <= 20; seed++) {
            assertEquals(expected, Samples.parseInPieces(name, 1, (int) (20 * seed * seed), seed).events,
                    "seed " + seed);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    @DisplayName("a stream that is cut anywhere gives the events that came before the cut, or an error with a reason")
    void cut(String name) throws MediaException {
        byte[] all = Samples.load(name);
        List<String> whole = Samples.parse(name).events;
        for (int length = 0; length < all.length; length += 1 + all.length / 500) {
            Recorder seen = new Recorder();
            ContainerParser parser = new ContainerParser(MediaLimits.defaults(), seen, MediaMemory.UNBOUNDED);
            try {
                parser.feed(ByteBuffer.wrap(all, 0, length));
                parser.end();
            } catch (MediaException e) {
                assertTrue(!e.getMessage().isBlank(), "no reason");
            }
            // the end completes a picture and a frame of sound at most, which may be cut
            int same = Math.max(0, seen.events.size() - 2);
            assertEquals(whole.subList(0, same), seen.events.subList(0, same), "cut at byte " + length);
            parser.release();
            assertEquals(0, parser.memoryBytes());
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("samples")
    @DisplayName("refused memory ends the stream, and all that was admitted is given back")
    void memory(String name) throws MediaException {
        long[] used = {0};
        MediaMemory counted = (before, after) -> {
            boolean admitted = after <= before || used[0] + after - before <= 6_000;
            used[0] += admitted ? after - before : 0;
            return admitted;
        };
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new Recorder(), counted);
        try {
            parser.feed(ByteBuffer.wrap(Samples.load(name)));
        } catch (MediaException e) {
            assertTrue(e.getMessage().contains("no memory"), e.getMessage());
        }
        assertEquals(used[0], parser.memoryBytes());
        parser.release();
        assertEquals(0, used[0]);
    }
}
