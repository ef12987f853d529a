package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.AUDIO;
import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.NON_SYNC;
import static io.iocp4j.relay.media.Boxes.SYNC;
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

/** What the picture itself says, of fragments whose container takes every picture for a sync sample. */
class FirstPictureTest {
    private static final byte[] AVCC = box("avcC", hex("01 42c00c ff e0 00"));
    private static final byte[] HVCC = box("hvcC", hex("01 01 60000000 900000000000 3c f000 fc fd f8 f8 0000 0f 00"));
    /** Neither the bit of a sample that is no sync sample, nor anything about what it depends on. */
    private static final int UNTOLD = 0;

    private static byte[] movie(String type) {
        return movie(type, type.startsWith("avc") ? AVCC : HVCC);
    }

    private static byte[] movie(String type, byte[] config) {
        return box("moov", track(VIDEO, "vide", videoEntry(type, 160, 90, config)), Boxes.audioTrack(),
                mvex(trex(VIDEO, UNTOLD), trex(AUDIO, SYNC)));
    }

    /** A moof whose first picture begins that many bytes into the mdat. */
    private static byte[] pointing(int intoData, int flags, byte[]... trafsBefore) {
        byte[] unset = moof(join(trafsBefore), traf(tfhd(VIDEO), full("trun", 0x5, u32(1), u32(0), u32(flags))));
        return moof(join(trafsBefore), traf(tfhd(VIDEO), full("trun", 0x5, u32(1), u32(unset.length + 8 + intoData), u32(flags))));
    }

    private static boolean isKey(byte[] moov, byte[] moof, byte[] data) throws MediaException {
        return Recorder.of(FTYP, moov, moof, box("mdat", data)).keys.getFirst();
    }

    /** NAL units given as their bytes, each behind a length of four bytes. */
    private static byte[] nals(String units) {
        byte[] all = new byte[0];
        for (String unit : units.split(",")) {
            byte[] bytes = hex(unit);
            all = join(all, u32(bytes.length), bytes);
        }
        return all;
    }

    @ParameterizedTest(name = "{0}: {1} is a key: {3}")
    @CsvSource(delimiter = ';', value = {
        "avc1; an IDR picture; 6588; true",
        "avc3; an IDR picture behind its parameters; 09f0, 6742c00c, 68ce, 6588; true",
        "avc1; a slice; 4188; false",
        "avc1; a slice behind an access unit delimiter and user data; 09f0, 0605040102030480, 4188; false",
        "avc1; data partition A; 4288; false",
        "avc1; a slice behind a recovery point, which the container tells; 0606018480, 4188; true",
        "avc1; a recovery point as second message, behind one with emulation prevention; 06 0504 00000301ff 0601 84 80, 4188; true",
        "avc1; a slice behind a message of type 255 + 6; 06ff06018480, 4188; false",
        "avc1; no picture at all; 09f0, 6742c00c; true",
        "avc1; what is no NAL unit; ; true",
        "hvc1; an IDR picture; 2601aa; true",
        "hev1; a clean random access picture; 4001aa, 4201aa, 4401aa, 2a01aa; true",
        "hvc1; a broken link picture; 2001aa; true",
        "hvc1; a trailing picture; 0201aa; false",
        "hvc1; a trailing picture of no reference; 4601aa, 0001aa; false",
        "hvc1; a trailing picture behind a recovery point; 4e01060184, 0201aa; true",
        "hvc1; a picture of a type that is reserved; 3201aa; true"})
    @DisplayName("where all pictures are sync samples, the picture's NAL unit decides")
    void nalDecides(String type, String name, String units, boolean key) throws MediaException {
        byte[] data = units == null ? hex("00000000 00000000") : nals(units);

        assertEquals(key, isKey(movie(type), pointing(0, UNTOLD), data));
    }

    @Test
    @DisplayName("a picture that depends on others is no key, whatever else its flags say and whatever the picture is")
    void dependsOn() throws MediaException {
        assertEquals(false, isKey(movie("avc1"), pointing(0, 0x0100_0000), nals("6588")));
        assertEquals(true, isKey(movie("avc1"), pointing(0, 0x0200_0000), nals("6588")));
        assertEquals(true, isKey(movie("avc1"), pointing(0, 0x0300_0000), nals("6588")), "a value that is reserved");
    }

    @Test
    @DisplayName("a picture that the container takes for no sync sample is no key, whatever the picture is")
    void nonSync() throws MediaException {
        assertEquals(false, isKey(movie("avc1"), pointing(0, NON_SYNC), nals("6588")));
    }

    @Test
    @DisplayName("other codecs are taken at the container's word")
    void otherCodecs() throws MediaException {
        byte[] vp9 = movie("vp09", full("vpcC", 0x0100_0000, hex("00 1f 80 02 02 02 0000")));

        assertEquals(true, isKey(vp9, pointing(0, UNTOLD), nals("4188")));
        assertEquals(false, isKey(vp9, pointing(0, 0x0100_0000), nals("4188")));
    }

    @ParameterizedTest(name = "lengths of {0} bytes")
    @CsvSource({"1, fc, 024188", "2, fd, 00024188", "4, ff, 000000024188"})
    @DisplayName("the length before a NAL unit has as many bytes as the init segment says")
    void lengthBytes(int bytes, String config, String data) throws MediaException {
        byte[] moov = movie("avc1", box("avcC", hex("01 42c00c" + config + "e0 00")));

        assertEquals(false, isKey(moov, pointing(0, UNTOLD), hex(data)));
    }

    @Test
    @DisplayName("the picture is found behind the sound of the same unit, and boxes before the moof do not count")
    void offset() throws MediaException {
        byte[] sound = traf(tfhd(AUDIO), full("trun", 0x201, u32(1), u32(0), u32(6)));
        byte[] data = join(nals("6588"), nals("4188"));

        assertEquals(List.of(false), Recorder.of(FTYP, movie("avc1"), box("styp", new byte[12]), pointing(6, UNTOLD, sound),
                box("mdat", data)).keys);
        assertEquals(List.of(true), Recorder.of(FTYP, movie("avc1"), box("styp", new byte[12]), pointing(0, UNTOLD, sound),
                box("mdat", data)).keys);
    }

    @ParameterizedTest(name = "{0} bytes into the data")
    @CsvSource({"6", "7", "1000", "2147483000", "-8", "-60"})
    @DisplayName("an offset past the data or before it leaves it to the container")
    void offsetOutside(int offset) throws MediaException {
        assertEquals(true, isKey(movie("avc1"), pointing(offset, UNTOLD), nals("4188")));
    }

    @Test
    @DisplayName("a length past the data leaves it to the container, and so do more NAL units before the picture than anybody writes")
    void limits() throws MediaException {
        assertEquals(true, isKey(movie("avc1"), pointing(0, UNTOLD), hex("00000006 09f0 00000004 4188")));
        assertEquals(true, isKey(movie("avc1"), pointing(0, UNTOLD), hex("ffffffff 4188")));
        assertEquals(false, isKey(movie("avc1"), pointing(0, UNTOLD), nals("09f0,".repeat(NalFormat.UNITS_MAX - 1) + "4188")));
        assertEquals(true, isKey(movie("avc1"), pointing(0, UNTOLD), nals("09f0,".repeat(NalFormat.UNITS_MAX) + "4188")));
    }

    @Test
    @DisplayName("where the fragment does not say where its data is, or counts from another place, it is left to the container")
    void noOffset() throws MediaException {
        byte[] bare = moof(traf(tfhd(VIDEO), full("trun", 0x4, u32(1), u32(UNTOLD))));
        byte[] otherBase = moof(traf(full("tfhd", 0, u32(AUDIO)), full("trun", 0, u32(0))),
                traf(full("tfhd", 0, u32(VIDEO)), full("trun", 0x5, u32(1), u32(0), u32(UNTOLD))));

        assertEquals(true, isKey(movie("avc1"), bare, nals("4188")));
        assertEquals(true, isKey(movie("avc1"), otherBase, nals("4188")));
    }

    @Test
    @DisplayName("a decoder configuration that is cut before the length leaves it to the container")
    void shortConfiguration() throws MediaException {
        byte[] moov = movie("avc1", Boxes.AVCC);

        assertEquals(true, isKey(moov, pointing(0, UNTOLD), nals("4188")));
    }
}
