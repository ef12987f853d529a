package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.moof;
import static io.iocp4j.relay.media.Boxes.mvex;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.track;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.trex;
import static io.iocp4j.relay.media.Boxes.u32;
import static io.iocp4j.relay.media.Boxes.videoEntry;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Key frames by the NAL units of the picture, for containers that mark every picture as a sync sample. */
class FirstPictureTest {
    private static final byte[] AVCC = box("avcC", hex("01 42c00c ff e0 00"));
    private static final byte[] HVCC = box("hvcC", hex("01 01 60000000 900000000000 3c f000 fc fd f8 f8 0000 0f 00"));
    /** Flags that neither mark a sample as non-sync nor say whether it depends on others. */
    private static final int NO_FLAGS = 0;

    private static byte[] movie(String type) {
        return movie(type, type.startsWith("avc") ? AVCC : HVCC);
    }

    private static byte[] movie(String type, byte[] config) {
        return box("moov", track(VIDEO, "vide", videoEntry(type, 160, 90, config)), mvex(trex(VIDEO, NO_FLAGS)));
    }

    /** Builds a moof whose first picture begins at an offset in the data of the mdat. */
    private static byte[] fragment(int intoData, int flags) {
        int moofBytes = moofWithOffset(0, flags).length;
        return moofWithOffset(moofBytes + 8 + intoData, flags);
    }

    private static byte[] moofWithOffset(int offset, int flags) {
        return moof(traf(tfhd(VIDEO), full("trun", 0x5, u32(1), u32(offset), u32(flags))));
    }

    private static boolean isKey(byte[] moov, byte[] moof, byte[] data) throws MediaException {
        return Recorder.of(FTYP, moov, moof, box("mdat", data)).keys.getFirst();
    }

    /** Builds NAL units from hexadecimal digits, each with a length of four bytes before it. */
    private static byte[] nals(String units) {
        byte[] all = new byte[0];
        for (String unit : units.split(",")) {
            byte[] bytes = hex(unit);
            all = join(all, u32(bytes.length), bytes);
        }
        return all;
    }

    @ParameterizedTest(name = "{0}, {1}: {3}")
    @CsvSource(delimiter = ';', textBlock = """
            avc1; an IDR picture;                                         6588;                             true
            avc3; an IDR picture after its parameter sets;                09f0, 6742c00c, 68ce, 6588;       true
            avc1; a slice;                                                4188;                             false
            avc1; a slice after an access unit delimiter and user data;   09f0, 0605040102030480, 4188;     false
            avc1; data partition A;                                       4288;                             false
            avc1; a slice after a recovery point;                         0606018480, 4188;                 true
            avc1; a recovery point after a message with emulation bytes;  06 050400000301ff 06018480, 4188; true
            avc1; a slice after a message of type 255 + 6;                06ff06018480, 4188;               false
            avc1; no picture at all;                                      09f0, 6742c00c;                   true
            avc1; no NAL unit;                                            ;                                 true
            hvc1; an IDR picture;                                         2601aa;                           true
            hev1; a clean random access picture;                          4001aa, 4201aa, 4401aa, 2a01aa;   true
            hvc1; a broken link access picture;                           2001aa;                           true
            hvc1; a trailing picture;                                     0201aa;                           false
            hvc1; a trailing picture that is not a reference;             4601aa, 0001aa;                   false
            hvc1; a trailing picture after a recovery point;              4e01060184, 0201aa;               true
            hvc1; a picture of a reserved type;                           3201aa;                           true
            """)
    @DisplayName("if all pictures are marked as sync samples, the type of the NAL unit decides")
    void nalDecides(String type, String name, String units, boolean key) throws MediaException {
        byte[] data = units == null ? hex("00000000 00000000") : nals(units);

        assertEquals(key, isKey(movie(type), fragment(0, NO_FLAGS), data));
    }

    @Test
    @DisplayName("a picture whose flags say that it depends on others is not a key frame, whatever its NAL unit is")
    void dependsOn() throws MediaException {
        assertEquals(false, isKey(movie("avc1"), fragment(0, 0x0100_0000), nals("6588")));
        assertEquals(true, isKey(movie("avc1"), fragment(0, 0x0200_0000), nals("6588")));
        assertEquals(true, isKey(movie("avc1"), fragment(0, 0x0300_0000), nals("6588")), "reserved value");
    }

    @Test
    @DisplayName("a picture that the container marks as non-sync is not a key frame, whatever its NAL unit is")
    void nonSync() throws MediaException {
        assertEquals(false, isKey(movie("avc1"), fragment(0, NON_SYNC), nals("6588")));
    }

    @Test
    @DisplayName("for other codecs, the flags of the container decide")
    void otherCodecs() throws MediaException {
        byte[] vp9 = movie("vp09", full("vpcC", 0x0100_0000, hex("00 1f 80 02 02 02 0000")));

        assertEquals(true, isKey(vp9, fragment(0, NO_FLAGS), nals("4188")));
        assertEquals(false, isKey(vp9, fragment(0, 0x0100_0000), nals("4188")));
    }

    @ParameterizedTest(name = "lengths of {0} bytes")
    @CsvSource({"1, fc, 024188", "2, fd, 00024188", "4, ff, 000000024188"})
    @DisplayName("the init segment gives the number of bytes of the length before a NAL unit")
    void lengthBytes(int bytes, String config, String data) throws MediaException {
        byte[] moov = movie("avc1", box("avcC", hex("01 42c00c" + config + "e0 00")));

        assertEquals(false, isKey(moov, fragment(0, NO_FLAGS), hex(data)));
    }

    @Test
    @DisplayName("the offset of the picture counts from the moof, not from the boxes before it")
    void offset() throws MediaException {
        byte[] styp = box("styp", new byte[12]);
        byte[] mdat = box("mdat", nals("6588"), nals("4188"));

        assertEquals(List.of(false),
                Recorder.of(FTYP, movie("avc1"), styp, fragment(6, NO_FLAGS), mdat).keys);
        assertEquals(List.of(true),
                Recorder.of(FTYP, movie("avc1"), styp, fragment(0, NO_FLAGS), mdat).keys);
    }

    @ParameterizedTest(name = "offset {0}")
    @CsvSource({"6", "7", "1000", "2147483000", "-8", "-60"})
    @DisplayName("if the offset is outside the data, the flags of the container decide")
    void offsetOutside(int offset) throws MediaException {
        assertEquals(true, isKey(movie("avc1"), fragment(offset, NO_FLAGS), nals("4188")));
    }

    @Test
    @DisplayName("if a length exceeds the data, or there are too many NAL units, the flags of the container decide")
    void limits() throws MediaException {
        assertEquals(true, isKey(movie("avc1"), fragment(0, NO_FLAGS), hex("00000006 09f0 00000004 4188")));
        assertEquals(true, isKey(movie("avc1"), fragment(0, NO_FLAGS), hex("ffffffff 4188")));
        byte[] enough = nals("09f0,".repeat(NalFormat.UNITS_MAX - 1) + "4188");
        byte[] tooMany = nals("09f0,".repeat(NalFormat.UNITS_MAX) + "4188");
        assertEquals(false, isKey(movie("avc1"), fragment(0, NO_FLAGS), enough));
        assertEquals(true, isKey(movie("avc1"), fragment(0, NO_FLAGS), tooMany));
    }

    @Test
    @DisplayName("if the fragment has no offset, the flags of the container decide")
    void noOffset() throws MediaException {
        byte[] bare = moof(traf(tfhd(VIDEO), full("trun", 0x4, u32(1), u32(NO_FLAGS))));

        assertEquals(true, isKey(movie("avc1"), bare, nals("4188")));
    }

    @Test
    @DisplayName("if the decoder configuration ends before the length, the flags of the container decide")
    void shortConfiguration() throws MediaException {
        byte[] moov = movie("avc1", Boxes.AVCC);

        assertEquals(true, isKey(moov, fragment(0, NO_FLAGS), nals("4188")));
    }
}
