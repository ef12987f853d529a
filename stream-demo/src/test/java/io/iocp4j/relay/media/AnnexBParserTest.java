package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The parser of raw H.264")
class AnnexBParserTest {
    private static final byte[] CODE = hex("00000001");
    private static final byte[] SHORT_CODE = hex("000001");
    /** Baseline, 64x36, without usability information. */
    private static final byte[] SPS = hex("67 42c00a d9 04 26 88");
    private static final byte[] PPS = hex("68 ce 3c 80");
    private static final byte[] IDR = hex("65 88 84 21");
    private static final byte[] SLICE = hex("41 9a 02 04");

    private static final int TIME_INDEX = 60;
    private static final int DATA_INDEX = 112;

    private static byte[] sps() throws MediaException {
        // the set of the sample, which is complete
        byte[] all = Samples.load("raw.h264");
        int begin = PictureUnits.startCode(ByteBuffer.wrap(all), 0) + 3;
        int end = PictureUnits.startCode(ByteBuffer.wrap(all), begin);
        return Arrays.copyOfRange(all, begin, all[end - 1] == 0 ? end - 1 : end);
    }

    private static byte[] stream(byte[]... units) throws MediaException {
        byte[] all = join(CODE, sps(), CODE, PPS);
        for (byte[] unit : units) {
            all = join(all, SHORT_CODE, unit);
        }
        return all;
    }

    @Test
    @DisplayName("lengths of four bytes replace the start codes; delimiters, filler and parameter sets are left out")
    void lengths() throws MediaException {
        Recorder seen = Samples.parse(stream(hex("09 f0"), hex("06 05 01 aa 80"), IDR, hex("0c ff ff 80")));

        byte[] unit = seen.units.getFirst();
        assertEquals(ByteBuffer.wrap(join(hex("00000005 060501aa80 00000004"), IDR)),
                ByteBuffer.wrap(Arrays.copyOfRange(unit, DATA_INDEX, unit.length)));
    }

    @Test
    @DisplayName("slices of one picture stay together; a slice that begins at macroblock 0 begins the next picture")
    void slices() throws MediaException {
        byte[] secondSlice = hex("41 4d 02 04");
        Recorder seen = Samples.parse(stream(IDR, SLICE, secondSlice, secondSlice, SLICE));

        assertEquals(List.of(true, false, false), seen.keys);
        assertEquals(DATA_INDEX + 3 * 8, seen.units.get(1).length);
        long first = ByteBuffer.wrap(seen.units.get(0)).getLong(TIME_INDEX);
        // the set of the sample declares 10 frames per second
        assertEquals(9_000, ByteBuffer.wrap(seen.units.get(1)).getLong(TIME_INDEX) - first);
    }

    @Test
    @DisplayName("pictures before the first key frame are dropped, and the same parameter sets change nothing")
    void keys() throws MediaException {
        Recorder seen = Samples.parse(stream(SLICE, SLICE, IDR, SLICE, sps(), PPS, IDR));

        assertEquals(List.of(true, false, true), seen.keys);
        assertEquals(1, seen.inits.size());
    }

    @Test
    @DisplayName("other parameter sets begin a new init segment")
    void newSets() throws MediaException {
        Recorder seen = Samples.parse(stream(IDR, hex("68 ce 3d 80"), IDR));

        assertEquals(2, seen.inits.size());
        assertEquals(List.of(true, true), seen.keys);
    }

    @Test
    @DisplayName("B-frames are refused with what helps, because a raw stream does not say when they are shown")
    void reordered() {
        MediaException refused = assertThrows(MediaException.class,
                () -> Samples.parse(stream(IDR, SLICE, hex("01 a0 02 04"))));
        assertTrue(refused.getMessage().contains("-bf 0, or -f mpegts"), refused.getMessage());
    }

    @Test
    @DisplayName("a truncated parameter set, and too many of them, are refused")
    void sets() {
        assertThrows(MediaException.class, () -> Samples.parse(join(CODE, Arrays.copyOf(SPS, 4), CODE, PPS, CODE)));
        byte[] large = new byte[ParameterSets.SET_BYTES_MAX + 1];
        Arrays.fill(large, (byte) 0x68);
        MediaException refused = assertThrows(MediaException.class, () -> Samples.parse(stream(large, IDR)));
        assertTrue(refused.getMessage().contains("a parameter set of 4097 bytes"), refused.getMessage());
    }

    @Test
    @DisplayName("a unit without an end is refused at maxUnitBytes")
    void endless() throws MediaException {
        byte[] begin = stream(IDR);
        MediaLimits limits = MediaLimits.defaults().maxUnitBytes(64 * 1024);
        ContainerParser parser = new ContainerParser(limits, new Recorder(), MediaMemory.UNBOUNDED);
        parser.feed(ByteBuffer.wrap(begin));
        byte[] more = new byte[200 * 1024];
        Arrays.fill(more, (byte) 0x55);
        MediaException refused = assertThrows(MediaException.class, () -> parser.feed(ByteBuffer.wrap(more)));
        assertTrue(refused.getMessage().contains("maxUnitBytes"), refused.getMessage());
    }
}
