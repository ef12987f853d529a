package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.header;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdat;
import static io.iocp4j.relay.media.Boxes.moof;
import static io.iocp4j.relay.media.Boxes.movie;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.trex;
import static io.iocp4j.relay.media.Boxes.u32;
import static io.iocp4j.relay.media.Boxes.unit;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a fragment's data. The offsets in a moof count across all boxes that follow it. */
class FragmentDataTest {
    private static final byte[] INIT = join(FTYP, movie(SYNC));

    private final Recorder seen = new Recorder();
    private final Fmp4Parser parser = new Fmp4Parser(MediaLimits.defaults(), seen);

    private void feed(byte[]... parts) throws MediaException {
        parser.feed(ByteBuffer.wrap(join(parts)));
    }

    /** Builds a moof whose offsets depend on its own size. */
    private static byte[] sized(IntFunction<byte[]> moof) {
        return moof.apply(moof.apply(0).length);
    }

    /** Builds a moof with one picture, at a distance after the moof. */
    private static byte[] picture(int distance, int bytes) {
        return sized(size -> moof(traf(tfhd(VIDEO),
                full("trun", 0x205, u32(1), u32(size + distance), u32(SYNC), u32(bytes)))));
    }

    /** Builds a moof with two pictures, each at a distance after the moof. */
    private static byte[] pictures(int first, int firstBytes, int second, int secondBytes) {
        return sized(size -> moof(traf(tfhd(VIDEO),
                full("trun", 0x205, u32(1), u32(size + first), u32(SYNC), u32(firstBytes)),
                full("trun", 0x201, u32(1), u32(size + second), u32(secondBytes)))));
    }

    @Test
    @DisplayName("a picture in one mdat and another in the next are one unit, which is reported with its last byte")
    void severalMdat() throws MediaException {
        byte[] unit = join(pictures(8, 20, 28 + 8, 10), mdat(20), mdat(10));
        feed(INIT, unit);

        assertEquals(1, seen.units.size());
        assertArrayEquals(unit, seen.units.getFirst());
        feed(unit, unit(SYNC));
        parser.end();
        assertArrayEquals(unit, seen.units.get(1));
        assertArrayEquals(unit(SYNC), seen.units.get(2));
        assertEquals(List.of(true, true, true), seen.keys);
    }

    @Test
    @DisplayName("a box between two mdat is kept, because the offsets in the moof count it")
    void between() throws MediaException {
        byte[] unit = join(pictures(8, 20, 28 + 30 + 8, 10), mdat(20), box("free", new byte[22]), mdat(10));
        feed(INIT, unit);

        assertArrayEquals(unit, seen.units.getFirst());
    }

    @Test
    @DisplayName("bytes one by one give the same units")
    void byteByByte() throws MediaException {
        byte[] moof = pictures(8, 20, 28 + 30 + 8, 10);
        byte[] unit = join(moof, mdat(20), box("free", new byte[22]), mdat(10), mdat(5));
        for (byte next : join(INIT, unit, unit)) {
            parser.feed(ByteBuffer.wrap(new byte[] {next}));
        }
        parser.end();
        assertEquals(2, seen.units.size());
        assertEquals(unit.length - 13, seen.units.get(1).length);
    }

    @Test
    @DisplayName("a unit does not wait for an mdat that nothing refers to, and such an mdat of any size is dropped")
    void unreferenced() throws MediaException {
        byte[] unit = join(picture(8, 20), mdat(20));
        feed(INIT, unit);
        assertEquals(1, seen.units.size());

        feed(mdat(9 << 20), unit, mdat(0), mdat(3), box("styp"), mdat(3), unit);
        parser.end();
        assertEquals(3, seen.units.size());
        assertArrayEquals(unit, seen.units.get(1));
        assertArrayEquals(join(box("styp"), unit), seen.units.get(2));
        assertTrue(parser.memoryBytes() <= 8192, "a dropped box must not use memory: " + parser.memoryBytes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"moof", "styp", "sidx", "prft", "emsg", "ftyp", "moov", "end"})
    @DisplayName("a unit that refers to missing data is reported as it is when the next unit begins")
    void missingData(String next) throws MediaException {
        byte[] unit = join(picture(8, 21), mdat(20));
        feed(INIT, unit);
        assertEquals(List.of(), seen.units, "more data may follow");

        switch (next) {
            case "moof" -> feed(unit(SYNC));
            case "ftyp", "moov" -> feed(next.equals("ftyp") ? INIT : movie(SYNC));
            case "end" -> parser.end();
            default -> feed(box(next, new byte[12]));
        }
        assertArrayEquals(unit, seen.units.getFirst());
        assertEquals(next.equals("moof") ? 2 : 1, seen.units.size());
        assertEquals(next.equals("ftyp") || next.equals("moov") ? 2 : 1, seen.inits.size());
    }

    static Stream<Arguments> ends() {
        byte[] tfhdSize = full("tfhd", 0x020010, u32(VIDEO), u32(10));
        return Stream.of(
                Arguments.of("the size of each sample", sized(size -> moof(traf(tfhd(VIDEO),
                        full("trun", 0x301, u32(2), u32(size + 8), u32(99), u32(10), u32(99), u32(11)))))),
                Arguments.of("the default size of the traf", sized(size -> moof(traf(tfhdSize,
                        full("trun", 0x1, u32(2), u32(size + 9)))))),
                Arguments.of("the default size of the track", sized(size -> moof(traf(tfhd(VIDEO),
                        full("trun", 0x1, u32(3), u32(size + 8)))))),
                Arguments.of("a second run directly after the first", sized(size -> moof(traf(tfhdSize,
                        full("trun", 0x1, u32(1), u32(size + 9)), full("trun", 0, u32(1)))))),
                Arguments.of("a second run with its own offset, before the first", sized(size -> moof(traf(tfhdSize,
                        full("trun", 0x1, u32(1), u32(size + 19)), full("trun", 0x1, u32(1), u32(size + 8)))))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ends")
    @DisplayName("the end of the data follows from")
    void ends(String name, byte[] moof) throws MediaException {
        byte[] moov = box("moov", Boxes.videoTrack(),
                Boxes.mvex(full("trex", 0, u32(VIDEO), new byte[8], u32(7), u32(SYNC))));
        feed(FTYP, moov, moof, mdat(20));
        assertEquals(0, seen.units.size(), "one byte is missing");

        feed(mdat(0));
        assertEquals(1, seen.units.size());
    }

    @Test
    @DisplayName("2^32 - 1 samples of 4 GiB do not overflow a sum: the unit waits for them")
    void hugeSums() throws MediaException {
        byte[] moof = sized(size -> moof(traf(full("tfhd", 0x020010, u32(VIDEO), u32(-1)),
                full("trun", 0x1, u32(-1), u32(size + 8)),
                full("trun", 0, u32(-1)),
                full("trun", 0x1, u32(-1), u32(-1 >>> 1)))));
        feed(INIT, moof, mdat(20));
        assertEquals(0, seen.units.size());

        feed(unit(SYNC));
        assertEquals(2, seen.units.size());
    }

    @Test
    @DisplayName("maxUnitBytes limits all mdat boxes of a unit together")
    void limit() throws MediaException {
        byte[] moof = pictures(8, 20, 28 + 8, 10);
        MediaLimits limits = MediaLimits.defaults().maxUnitBytes(moof.length + 28 + 18);
        new Fmp4Parser(limits, seen).feed(ByteBuffer.wrap(join(INIT, moof, mdat(20), mdat(10))));
        assertEquals(1, seen.units.size());

        Fmp4Parser less = new Fmp4Parser(limits.maxUnitBytes(moof.length + 28 + 17), seen);
        MediaException refused = assertThrows(MediaException.class,
                () -> less.feed(ByteBuffer.wrap(join(INIT, moof, mdat(20), header("mdat", 18)))));
        assertTrue(refused.getMessage().contains("maxUnitBytes"), refused.getMessage());
    }

    @Test
    @DisplayName("data before its moof is refused, because the relay has not kept it")
    void before() {
        byte[] moof = moof(traf(tfhd(VIDEO), full("trun", 0x201, u32(1), u32(-20), u32(20))));
        MediaException refused = assertThrows(MediaException.class, () -> feed(INIT, unit(SYNC), mdat(20), moof));

        String message = refused.getMessage();
        assertTrue(message.contains("moof/traf/trun") && message.contains("before its 'moof'"), message);
    }

    @Test
    @DisplayName("an mdat before the first moof is refused with the missing option of ffmpeg")
    void notEmptyMoov() {
        MediaException refused = assertThrows(MediaException.class, () -> feed(INIT, header("mdat", 100)));

        String message = refused.getMessage();
        assertTrue(message.startsWith("mdat at byte " + INIT.length) && message.contains("+empty_moov"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"stsz", "stz2"})
    @DisplayName("a moov with samples is refused before it is reported, with the missing option of ffmpeg")
    void samplesInMoov(String table) throws MediaException {
        for (int samples : new int[] {0, 1, -1}) {
            Recorder recorder = new Recorder();
            byte[] stbl = box("stbl", full("stsd", 0, u32(1), Boxes.videoEntry("avc1", 160, 90, Boxes.AVCC)),
                    full(table, 0, u32(16), u32(samples)));
            byte[] mdia = box("mdia", Boxes.mdhd(15360), Boxes.hdlr("vide"), box("minf", stbl));
            byte[] track = box("trak", Boxes.tkhd(VIDEO), mdia);
            byte[] moov = box("moov", track, Boxes.mvex(trex(VIDEO, SYNC)));
            if (samples == 0) {
                Recorder.of(FTYP, moov);
                continue;
            }
            MediaException refused = assertThrows(MediaException.class,
                    () -> new Fmp4Parser(MediaLimits.defaults(), recorder).feed(ByteBuffer.wrap(join(FTYP, moov))));
            assertTrue(refused.getMessage().startsWith("moov/trak/mdia/minf/stbl/" + table)
                    && refused.getMessage().contains("+empty_moov"), refused.getMessage());
            assertEquals(List.of(), recorder.inits);
        }
    }
}
