package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** WebM as recorders of browsers write it, built byte by byte. */
@DisplayName("The parser of WebM")
class WebmParserTest {
    private static final byte[] HEAD = element("1a45dfa3", element("4282", text("webm")));
    private static final byte[] SEGMENT = hex("18538067 01ffffffffffffff");
    private static final byte[] CLUSTER = hex("1f43b675 01ffffffffffffff");
    private static final byte[] VIDEO = element("ae", element("d7", hex("01")), element("83", hex("01")),
            element("86", text("V_VP8")));
    private static final byte[] AUDIO = element("ae", element("d7", hex("02")), element("83", hex("02")),
            element("86", text("A_OPUS")),
            element("63a2", text("OpusHead"), hex("01 01 3801 80bb0000 0000 00")));
    private static final byte[] TRACKS = element("1654ae6b", VIDEO, AUDIO);
    private static final byte[] START = join(HEAD, SEGMENT, TRACKS);
    /** A key frame of VP8 with 64x36 pixels, and a frame that refers to it. */
    private static final byte[] KEY = hex("000000 9d012a 4000 2400");
    private static final byte[] FRAME = hex("010000 aa");

    private static byte[] element(String id, byte[]... content) {
        byte[] body = join(content);
        return join(hex(id), Boxes.u64(0x0100_0000_0000_0000L | body.length), body);
    }

    private static byte[] time(int ticks) {
        return element("e7", Boxes.u16(ticks));
    }

    private static byte[] block(int track, int time, byte[] frame) {
        return join(new byte[] {(byte) (0x80 | track)}, Boxes.u16(time), hex("00"), frame);
    }

    private static byte[] simple(int track, int time, byte[] frame) {
        return element("a3", block(track, time, frame));
    }

    @Test
    @DisplayName("clusters and a segment of unknown size, with block groups, are read as they come")
    void recorder() throws MediaException {
        byte[] first = join(CLUSTER, time(0), element("a0", element("a1", block(1, 0, KEY))),
                element("a0", element("75a1", new byte[9]), element("a1", block(1, 33, FRAME)),
                        element("fb", hex("df"))));
        byte[] second = join(CLUSTER, time(66), element("ec", new byte[100]), simple(1, 0, FRAME));
        Recorder seen = Samples.parse(join(START, first, second));

        assertEquals("webm", seen.inits.getFirst().container());
        assertEquals("video/webm; codecs=\"vp8\" 64x36", seen.inits.getFirst().video().mime() + " "
                + seen.inits.getFirst().video().width() + "x" + seen.inits.getFirst().video().height());
        assertEquals(List.of(true, false, false), seen.keys);
    }

    @Test
    @DisplayName("what viewers of VP8 get is WebM that the parser reads: the same frames, keys and times")
    void again() throws MediaException {
        Recorder seen = Samples.parse(join(START, CLUSTER, time(5_000), simple(1, 0, KEY), simple(1, 40, FRAME)));
        Recorder again = Samples.parse(seen.stream(MediaTrack.VIDEO));

        assertEquals(seen.keys, again.keys);
        assertEquals(seen.inits.getFirst().video(), again.inits.getFirst().video());
        assertArrayEquals(seen.units.get(1), again.units.get(1));
        byte[] unit = seen.units.getFirst();
        assertArrayEquals(KEY, Arrays.copyOfRange(unit, unit.length - KEY.length - 6, unit.length - 6));
    }

    @Test
    @DisplayName("a stream that begins again goes on with its next key frame and the same init segment")
    void restart() throws MediaException {
        byte[] once = join(START, CLUSTER, time(0), simple(1, 0, KEY), simple(1, 33, FRAME));
        byte[] second = join(START, CLUSTER, time(0), simple(1, 0, FRAME), simple(1, 33, KEY));
        Recorder seen = Samples.parse(join(once, second));

        assertEquals(List.of(true, false, true), seen.keys);
        assertEquals(seen.inits.getFirst().video(), seen.inits.getLast().video());
    }

    @Test
    @DisplayName("a frame of another size begins a new init segment")
    void newSize() throws MediaException {
        byte[] larger = hex("000000 9d012a 8000 2400");
        Recorder seen = Samples.parse(join(START, CLUSTER, time(0), simple(1, 0, KEY), simple(1, 33, larger)));

        assertEquals(2, seen.inits.size());
        assertEquals(128, seen.inits.getLast().video().width());
    }

    @ParameterizedTest
    @CsvSource({
        "02, 01 02 aabb ccdd",
        "04, 01 aabb ccdd",
        "06, 01 82 aabb ccdd",
        "06, 02 81 c0 aa bbcc dd"})
    @DisplayName("frames of sound that share a block are divided")
    void lacing(String flags, String content) throws MediaException {
        byte[] laced = join(hex("82 0000"), hex(flags), hex(content));
        Recorder seen = Samples.parse(join(START, CLUSTER, time(0), simple(1, 0, KEY), element("a3", laced)));

        assertEquals(content.startsWith("02") ? 3 : 2, seen.count(MediaTrack.AUDIO));
        byte[] last = seen.units.getLast();
        assertEquals((byte) 0xdd, last[last.length - 1]);
    }

    @ParameterizedTest
    @CsvSource({
        "a3 81 00, a block is truncated",
        "a3 84 81000000, a block comes before the tracks",
        "00, not the beginning of an element",
        "a3 00, no valid size",
        "a3 ff, unknown size",
        "a3 08ffffffff, are allowed (maxUnitBytes)",
        "1654ae6b 08ffffffff, are allowed (maxInitBytes)",
        "1654ae6b 82 ae80, no picture",
        "e7 89 000000000000000000, has 9 bytes",
        "1549a966 87 2ad7b1 83 000000, a timestamp scale of 0"})
    @DisplayName("a malformed element is refused with the reason, before memory is allocated for it")
    void malformed(String bytes, String reason) {
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new Recorder(), MediaMemory.UNBOUNDED);
        MediaException refused = assertThrows(MediaException.class,
                () -> parser.feed(ByteBuffer.wrap(join(HEAD, SEGMENT, hex(bytes)))));

        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
        assertTrue(parser.memoryBytes() <= 8_192, parser.memoryBytes() + " bytes");
    }

    @Test
    @DisplayName("a picture that browsers do not play is refused with those that they play")
    void otherCodec() {
        byte[] tracks = element("1654ae6b", element("ae", element("d7", hex("01")), element("83", hex("01")),
                element("86", text("V_MPEG2"))));
        MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(join(HEAD, SEGMENT, tracks)));

        assertTrue(refused.getMessage().contains("'V_MPEG2'") && refused.getMessage().contains("use H.264"),
                refused.getMessage());
    }
}
