package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/*
 * Both samples were made with ffmpeg 5.1:
 *   X="-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -pix_fmt yuv420p -g 15 -keyint_min 15"
 *   X="$X -sc_threshold 0 -bf 0 -crf 36"; M="-f mp4 -movflags frag_every_frame+empty_moov+default_base_moof"
 *   ffmpeg -f lavfi -i testsrc2=size=160x90:rate=15 -t 2 $X $M video.mp4
 *   ffmpeg -f lavfi -i testsrc2=size=160x90:rate=15 -f lavfi -i sine=frequency=440:sample_rate=22050 -t 1 $X \
 *          -c:a aac -b:a 24k -ac 1 $M video-audio.mp4
 */
@DisplayName("The parser with streams of ffmpeg")
class Fmp4SampleTest {
    private static final byte[] VIDEO = load("video.mp4");
    private static final byte[] WITH_AUDIO = load("video-audio.mp4");

    @Test
    @DisplayName("finds the init segment of a stream of ffmpeg")
    void init() throws MediaException {
        MediaTrack init = Recorder.of(VIDEO).inits.getFirst().video();

        assertEquals("video/mp4; codecs=\"avc1.42c00a\"", init.mime());
        assertEquals(160, init.width());
        assertEquals(90, init.height());
        byte[] bytes = new byte[init.bytes().remaining()];
        init.bytes().get(bytes);
        assertArrayEquals(Arrays.copyOf(VIDEO, bytes.length), bytes);
        assertEquals("moof", new String(VIDEO, bytes.length + 4, 4, StandardCharsets.ISO_8859_1));
    }

    @Test
    @DisplayName("splits 30 frames into 30 units, of which 0 and 15 are key frames")
    void units() throws MediaException {
        Recorder seen = Recorder.of(VIDEO);

        assertEquals(1, seen.inits.size());
        assertEquals(30, seen.units.size());
        for (int i = 0; i < 30; i++) {
            assertEquals(i % 15 == 0, seen.keys.get(i), "unit " + i);
        }
    }

    @Test
    @DisplayName("the init segment and the units together are the stream without its mfra index")
    void nothingIsLost() throws MediaException {
        Recorder seen = Recorder.of(VIDEO);

        List<byte[]> parts = new ArrayList<>(seen.units);
        parts.addFirst(Arrays.copyOf(VIDEO, seen.inits.getFirst().video().bytes().remaining()));
        byte[] all = Boxes.join(parts.toArray(byte[][]::new));
        assertArrayEquals(Arrays.copyOf(VIDEO, all.length), all);
        assertEquals("mfra", new String(VIDEO, all.length + 4, 4, StandardCharsets.ISO_8859_1));
    }

    @Test
    @DisplayName("units of sound are not key frames, and each track has its own MIME type")
    void audio() throws MediaException {
        Recorder seen = Recorder.of(WITH_AUDIO);

        assertEquals("video/mp4; codecs=\"avc1.42c00a\"", seen.inits.getFirst().video().mime());
        assertEquals("audio/mp4; codecs=\"mp4a.40.2\"", seen.inits.getFirst().audio().mime());
        assertEquals(38, seen.units.size());
        assertEquals(1, seen.keys.stream().filter(key -> key).count());
        assertFalse(seen.keys.get(0), "sound comes first in this sample");
        assertTrue(seen.keys.get(1), "then the first picture");
    }

    @Test
    @DisplayName("bytes one by one give the same events as one buffer")
    void byteByByte() throws MediaException {
        for (byte[] sample : List.of(VIDEO, WITH_AUDIO)) {
            assertEquals(Recorder.of(sample).events, fedIn(sample, 1, 1, 0).events);
        }
    }

    @Test
    @DisplayName("pieces of random size give the same events as one buffer")
    void randomPieces() throws MediaException {
        List<String> expected = Recorder.of(VIDEO).events;
        for (long seed = 1; seed <= 50; seed++) {
            assertEquals(expected, fedIn(VIDEO, 1, 1 + (int) (seed * seed), seed).events, "seed " + seed);
        }
    }

    @Test
    @DisplayName("a stream may end only between two units")
    void cutAnywhere() throws MediaException {
        Recorder whole = Recorder.of(VIDEO);
        List<Integer> complete = new ArrayList<>();
        int end = whole.inits.getFirst().video().bytes().remaining();
        complete.add(end);
        for (byte[] unit : whole.units.subList(0, 5)) {
            end += unit.length;
            complete.add(end);
        }
        for (int length = 0; length < end + 8; length++) {
            Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
            parser.feed(ByteBuffer.wrap(VIDEO, 0, length));
            boolean accepted = true;
            try {
                parser.end();
            } catch (MediaException e) {
                accepted = false;
                assertTrue(e.getMessage().contains("stream ended"), e.getMessage());
            }
            assertEquals(complete.contains(length), accepted, "cut at byte " + length);
        }
    }

    @Test
    @DisplayName("20,000 damaged samples cause no exception but MediaException, and use limited memory")
    void fuzz() {
        long seed = 20_260_101;
        SplittableRandom random = new SplittableRandom(seed);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] sample = round % 2 == 0 ? VIDEO : WITH_AUDIO;
            byte[] damaged = mutate(Arrays.copyOf(sample, 2_000 + random.nextInt(4_000)), random);
            Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), new Recorder());
            try {
                parser.feed(ByteBuffer.wrap(damaged));
                parser.end();
            } catch (MediaException e) {
                refused++;
                assertTrue(e.getMessage().contains("byte") || e.getMessage().contains("begins with"), e.getMessage());
            } catch (RuntimeException | Error e) {
                fail("seed " + seed + ", round " + round, e);
            }
            int memoryMax = 4 * 4096 + 4 * damaged.length;
            assertTrue(parser.memoryBytes() <= memoryMax,
                    "seed " + seed + ", round " + round + ": " + parser.memoryBytes());
        }
        assertTrue(refused > 10_000 && refused <= 20_000, refused + " refused");
    }

    /** Changes a few bytes, mostly in the headers; sometimes also copies a piece to another place, or truncates. */
    private static byte[] mutate(byte[] bytes, SplittableRandom random) {
        int[] nasty = {0, 1, 7, 8, 16, 0x7f, 0x80, 0xff};
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int reach = random.nextInt(3) == 0 ? bytes.length : 1_500;
            bytes[random.nextInt(reach)] = (byte) (random.nextBoolean() ? nasty[random.nextInt(nasty.length)]
                    : random.nextInt(256));
        }
        if (random.nextInt(4) == 0) {
            int from = random.nextInt(1_500);
            int to = random.nextInt(1_500);
            System.arraycopy(bytes, from, bytes, to, random.nextInt(64));
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    private static Recorder fedIn(byte[] bytes, int least, int most, long seed) throws MediaException {
        SplittableRandom random = new SplittableRandom(seed);
        Recorder recorder = new Recorder();
        Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), recorder);
        for (int at = 0; at < bytes.length; ) {
            int count = Math.min(bytes.length - at, random.nextInt(least, most + 1));
            ByteBuffer piece = ByteBuffer.wrap(bytes, at, count);
            parser.feed(piece);
            assertEquals(0, piece.remaining(), "bytes that were not consumed");
            at += count;
        }
        parser.end();
        return recorder;
    }

    private static byte[] load(String name) {
        try (InputStream in = Fmp4SampleTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
