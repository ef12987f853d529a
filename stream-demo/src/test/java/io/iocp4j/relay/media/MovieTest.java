package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.AUDIO;
import static io.iocp4j.relay.media.Boxes.AVCC;
import static io.iocp4j.relay.media.Boxes.FTYP;
import static io.iocp4j.relay.media.Boxes.SYNC;
import static io.iocp4j.relay.media.Boxes.VIDEO;
import static io.iocp4j.relay.media.Boxes.audioEntry;
import static io.iocp4j.relay.media.Boxes.audioTrack;
import static io.iocp4j.relay.media.Boxes.box;
import static io.iocp4j.relay.media.Boxes.full;
import static io.iocp4j.relay.media.Boxes.hdlr;
import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.mdhd;
import static io.iocp4j.relay.media.Boxes.minf;
import static io.iocp4j.relay.media.Boxes.mvex;
import static io.iocp4j.relay.media.Boxes.tkhd;
import static io.iocp4j.relay.media.Boxes.track;
import static io.iocp4j.relay.media.Boxes.trex;
import static io.iocp4j.relay.media.Boxes.u32;
import static io.iocp4j.relay.media.Boxes.videoEntry;
import static io.iocp4j.relay.media.Boxes.videoTrack;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("The contents of a moov box")
class MovieTest {
    private static final byte[] MVEX = mvex(trex(VIDEO, SYNC));
    private static final byte[] ENTRY = videoEntry("avc1", 160, 90, AVCC);

    @Test
    @DisplayName("picture and sound have their own MIME types, whatever the order of the tracks is")
    void ownTypes() throws MediaException {
        byte[] text = track(3, "text", box("text"));
        byte[] moov = box("moov", mvex(trex(3, 0), trex(AUDIO, 0), trex(VIDEO, 0)), text, audioTrack(), videoTrack());
        MediaInit init = Recorder.of(FTYP, moov).inits.getFirst();

        assertEquals("video/mp4; codecs=\"avc1.42c00c\"", init.video().mime());
        assertEquals("audio/mp4; codecs=\"mp4a.40.2\"", init.audio().mime());
        assertEquals(160, init.video().width());
        assertEquals(90, init.video().height());
    }

    @Test
    @DisplayName("times of 32 and of 64 bits are read")
    void versions() throws MediaException {
        byte[] tkhd1 = full("tkhd", 0x0100_0007, new byte[16], u32(VIDEO), new byte[72]);
        byte[] mdhd1 = full("mdhd", 0x0100_0000, new byte[16], u32(90_000), new byte[12]);
        byte[] trak1 = box("trak", tkhd1, box("mdia", mdhd1, hdlr("vide"), minf(ENTRY)));

        Track version1 = read(box("moov", trak1, MVEX)).video();
        assertEquals(90_000, version1.timescale());
        assertEquals(VIDEO, version1.id());
        Track version0 = read(box("moov", videoTrack(), MVEX)).video();
        assertEquals(15_360, version0.timescale());
        assertEquals(VIDEO, version0.id());
    }

    @ParameterizedTest
    @CsvSource({
        "avc1, avcC, 0142c00c, avc1.42c00c",
        "avc3, avcC, 0164001f, avc3.64001f",
        "hvc1, hvcC, 01 01 60000000 900000000000 1e, hvc1.1.6.L30.90",
        "hev1, hvcC, 01 22 20000000 b00000000000 5d, hev1.2.4.H93.B0",
        "hvc1, hvcC, 01 41 60000000 000000000000 5d, hvc1.A1.6.L93",
        "hvc1, hvcC, 01 01 60000000 900000000001 1e, hvc1.1.6.L30.90.0.0.0.0.1",
        "vp09, vpcC, 01000000 00 0a 82 020202 0000, vp09.00.10.08",
        "av01, av1C, 81 04 0c 00, av01.0.04M.08",
        "av01, av1C, 81 2d cc 00, av01.1.13H.10",
        "av01, av1C, 81 44 6c 00, av01.2.04M.12"})
    @DisplayName("codecs of pictures are named as in RFC 6381")
    void videoCodecs(String entry, String config, String bytes, String codec) throws MediaException {
        byte[] trak = track(VIDEO, "vide", videoEntry(entry, 64, 48, box(config, hex(bytes))));

        assertEquals(codec, read(box("moov", trak, MVEX)).video().codec());
    }

    @ParameterizedTest
    @CsvSource({
        "mp4a, esds, 00000000 030d000000 0408 40 15000000 00000000 00000000 0502 1210, mp4a.40.2",
        "mp4a, esds, 00000000 0380808016 0000e0 0000 00 0000 0480808008 40 15000000 00000000 00000000 0502 2b10,"
            + "mp4a.40.5",
        "mp4a, esds, 00000000 0312000060 02 6161 0000 0408 40 15000000 00000000 00000000 0502 f940, mp4a.40.42",
        "mp4a, esds, 00000000 030d000000 0401 6b, mp4a.6B",
        "Opus, dOps, 00, opus",
        "fLaC, dfLa, 00, flac"})
    @DisplayName("codecs of sound are named as in RFC 6381")
    void audioCodecs(String entry, String config, String bytes, String codec) throws MediaException {
        byte[] trak = track(AUDIO, "soun", audioEntry(entry, box(config, pad(hex(bytes)))));
        byte[] moov = box("moov", videoTrack(), trak, mvex(trex(VIDEO, 0), trex(AUDIO, 0)));

        assertEquals(codec, read(moov).audio().codec());
    }

    static Stream<Arguments> refused() {
        byte[] longLength = full("esds", 0, hex("03 80808080 00 0000"));
        return Stream.of(
                row("no tracks", "has no video track", MVEX),
                row("sound only", "has no video track", audioTrack(), mvex(trex(AUDIO, 0))),
                row("no mvex", "empty_moov", videoTrack()),
                row("no trex", "has no 'trex' box for track 1", videoTrack(), mvex()),
                row("trex without a track", "there is no track 9", videoTrack(), mvex(trex(VIDEO, 0), trex(9, 0))),
                row("trex twice", "a second 'trex'", videoTrack(), mvex(trex(VIDEO, 0), trex(VIDEO, 0))),
                row("trex cut", "moov/mvex/trex", videoTrack(), mvex(full("trex", 0, u32(VIDEO)))),
                row("two tracks of one number", "a second track with number 1", videoTrack(), videoTrack(), MVEX),
                row("no tkhd", "moov/trak at byte 36: has no 'tkhd'", trak(null, mdhd(1), hdlr("vide"), minf(ENTRY))),
                row("no mdia", "has no 'mdia' box", box("trak", tkhd(VIDEO))),
                row("no mdhd", "has no 'mdhd' box", trak(tkhd(VIDEO), hdlr("vide"), minf(ENTRY))),
                row("no hdlr", "has no 'hdlr' box", trak(tkhd(VIDEO), mdhd(1), minf(ENTRY))),
                row("no minf", "has no 'minf' box", trak(tkhd(VIDEO), mdhd(1), hdlr("vide"))),
                row("no stbl", "moov/trak/mdia/minf at byte", trak(tkhd(VIDEO), mdhd(1), hdlr("vide"), box("minf"))),
                row("no stsd", "has no 'stsd' box",
                        trak(tkhd(VIDEO), mdhd(1), hdlr("vide"), box("minf", box("stbl")))),
                row("no sample entry", "has no sample entry",
                        trak(tkhd(VIDEO), mdhd(1), hdlr("vide"), minf(new byte[0]))),
                row("timescale 0", "a timescale of 0", trak(tkhd(VIDEO), mdhd(0), hdlr("vide"), minf(ENTRY))),
                row("tkhd of version 2", "version 2 is not known", trak(full("tkhd", 0x0200_0000), mdhd(1),
                        hdlr("vide"), minf(ENTRY))),
                row("hdlr cut", "moov/trak/mdia/hdlr", trak(tkhd(VIDEO), mdhd(1), full("hdlr", 0), minf(ENTRY))),
                row("width 0", "a picture of 0x90", video(videoEntry("avc1", 0, 90, AVCC))),
                row("height 0", "a picture of 160x0", video(videoEntry("avc1", 160, 0, AVCC))),
                row("sample entry cut", "stsd/avc1", video(box("avc1", new byte[77]))),
                row("avc1 without avcC", "has no 'avcC' box", video(videoEntry("avc1", 1, 1, box("free")))),
                row("avcC cut", "avc1/avcC at byte", video(videoEntry("avc1", 1, 1, box("avcC", hex("0142c0"))))),
                row("encrypted pictures", "the video codec 'encv' cannot be relayed",
                        video(videoEntry("encv", 1, 1, AVCC))),
                row("unknown pictures", "'....' cannot be relayed", video(videoEntry("\0\1\2\377", 1, 1, AVCC))),
                row("esds without a descriptor", "descriptor 3 expected, 0 found",
                        audio(audioEntry("mp4a", full("esds", 0, new byte[9])))),
                row("a descriptor larger than its box", "descriptor 3 declares 127 bytes, 1 left",
                        audio(audioEntry("mp4a", full("esds", 0, hex("037f00"))))),
                row("a length of more than 4 bytes", "more than 4 bytes", audio(audioEntry("mp4a", longLength))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    @DisplayName("a moov that cannot be relayed is refused with the path of the box and the reason")
    void refused(String name, String reason, byte[] content) {
        MediaException refused = assertThrows(MediaException.class, () -> Recorder.of(FTYP, box("moov", content)));

        assertTrue(refused.getMessage().startsWith("moov"), refused.getMessage());
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    @Test
    @DisplayName("exactly maxTracks tracks are accepted; one more is refused")
    void trackLimit() throws MediaException {
        byte[] moov = box("moov", videoTrack(), audioTrack(), mvex(trex(VIDEO, 0), trex(AUDIO, 0)));
        feed(moov, MediaLimits.defaults().maxTracks(2));

        MediaException refused = assertThrows(MediaException.class,
                () -> feed(moov, MediaLimits.defaults().maxTracks(1)));
        assertTrue(refused.getMessage().contains("more than 1 tracks"), refused.getMessage());
    }

    @Test
    @DisplayName("boxes nested to exactly maxBoxDepth are accepted; one level more is refused")
    void depthLimit() throws MediaException {
        byte[] moov = box("moov", videoTrack(), MVEX);
        feed(moov, MediaLimits.defaults().maxBoxDepth(8));

        MediaException refused = assertThrows(MediaException.class,
                () -> feed(moov, MediaLimits.defaults().maxBoxDepth(7)));
        assertTrue(refused.getMessage().startsWith("moov/trak/mdia/minf/stbl/stsd/avc1/avcC at byte"),
                refused.getMessage());
    }

    private static Arguments row(String name, String reason, byte[]... content) {
        return Arguments.of(name, reason, join(content));
    }

    private static byte[] trak(byte[] tkhd, byte[]... media) {
        return box("trak", tkhd == null ? new byte[0] : tkhd, box("mdia", media));
    }

    private static byte[] video(byte[] entry) {
        return join(track(VIDEO, "vide", entry), MVEX);
    }

    private static byte[] audio(byte[] entry) {
        return join(videoTrack(), track(AUDIO, "soun", entry), mvex(trex(VIDEO, 0), trex(AUDIO, 0)));
    }

    /** Appends zeros, because the lengths in an esds may exceed the bytes that the parser reads. */
    private static byte[] pad(byte[] bytes) {
        return join(bytes, new byte[8]);
    }

    private static Movie read(byte[] moov) throws MediaException {
        ByteBuffer body = ByteBuffer.wrap(moov, 8, moov.length - 8);
        return Movie.read(Box.outermost("moov", body, 8, 16), 8);
    }

    private static void feed(byte[] moov, MediaLimits limits) throws MediaException {
        new Fmp4Parser(limits, new Recorder()).feed(ByteBuffer.wrap(join(FTYP, moov)));
    }
}
