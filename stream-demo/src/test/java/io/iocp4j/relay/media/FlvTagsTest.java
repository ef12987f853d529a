package io.iocp4j.relay.media;

import static io.iocp4j.relay.media.Boxes.hex;
import static io.iocp4j.relay.media.Boxes.join;
import static io.iocp4j.relay.media.Boxes.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tags of FLV and RTMP, also enhanced ones, which the ffmpeg of the samples does not write. */
@DisplayName("The tags of FLV")
class FlvTagsTest {
    private static final int TIME_INDEX = 60;
    private static final int COMPOSITION_INDEX = 100;

    private final Recorder seen = new Recorder();
    private final FlvTags tags = new FlvTags(new Fmp4Muxer(MediaLimits.defaults(), seen, MediaMemory.UNBOUNDED));

    /** Returns the decoder configuration that a sample has in this box of its init segment. */
    private static byte[] config(String sample, String box) throws MediaException {
        byte[] init = Samples.parse(sample).stream(MediaTrack.VIDEO);
        int at = new String(init, StandardCharsets.ISO_8859_1).indexOf(box);
        return Arrays.copyOfRange(init, at + 4, at - 4 + ByteBuffer.wrap(init).getInt(at - 4));
    }

    /** Returns the data of a picture of a sample. */
    private static byte[] picture(String sample, int number) throws MediaException {
        Recorder recorder = Samples.parse(sample);
        int at = -1;
        for (int i = 0; i < recorder.units.size(); i++) {
            at += recorder.tracks.get(i) == MediaTrack.VIDEO ? 1 : 0;
            if (at == number) {
                return Arrays.copyOfRange(recorder.units.get(i), 112, recorder.units.get(i).length);
            }
        }
        throw new AssertionError("there is no picture " + number);
    }

    private void video(long time, byte[]... body) throws MediaException {
        tags.tag(FlvTags.VIDEO, time, ByteBuffer.wrap(join(body)));
    }

    private void audio(long time, byte[]... body) throws MediaException {
        tags.tag(FlvTags.AUDIO, time, ByteBuffer.wrap(join(body)));
    }

    private long time(int unit) {
        return ByteBuffer.wrap(seen.units.get(unit)).getLong(TIME_INDEX);
    }

    @ParameterizedTest
    @CsvSource({
        "raw.hevc, hvcC, hvc1, hvc1.1.6.L30.90",
        "raw.h264, avcC, avc1, avc1.42c00a",
        "av1-opus.webm, av1C, av01, av01.0.00M.08",
        "vp9-opus.webm, vpcC, vp09, vp09.00.10.08"})
    @DisplayName("enhanced tags carry each codec, with the configuration of a sample")
    void enhanced(String sample, String box, String fourCc, String codec) throws MediaException {
        byte[] offset = fourCc.startsWith("av01") || fourCc.startsWith("vp") ? new byte[0] : hex("000000");
        video(0, hex("90"), text(fourCc), config(sample, box));
        video(0, hex("91"), text(fourCc), offset, picture(sample, 0));
        video(100, hex("a3"), text(fourCc), picture(sample, 1));

        MediaTrack track = seen.inits.getLast().video();
        assertEquals("video/mp4; codecs=\"" + codec + "\" 64x36", track.mime() + " " + track.width() + "x"
                + track.height());
        assertEquals(List.of(true, false), seen.keys);
        assertEquals(100, time(1) - time(0));
    }

    @Test
    @DisplayName("the composition offset is signed; the packet type without one has none")
    void composition() throws MediaException {
        video(0, hex("90"), text("hvc1"), config("raw.hevc", "hvcC"));
        video(0, hex("91"), text("hvc1"), hex("fffff6"), picture("raw.hevc", 0));
        assertEquals(-10, ByteBuffer.wrap(seen.units.getLast()).getInt(COMPOSITION_INDEX));
        video(33, hex("a3"), text("hvc1"), picture("raw.hevc", 1));
        assertEquals(0, ByteBuffer.wrap(seen.units.getLast()).getInt(COMPOSITION_INDEX));
    }

    @Test
    @DisplayName("the old tags of H.264 and the unofficial ones of HEVC are taken too")
    void old() throws MediaException {
        video(0, hex("1c 00 000000"), config("raw.hevc", "hvcC"));
        video(0, hex("1c 01 000000"), picture("raw.hevc", 0));
        video(9, hex("17 00 000000"), config("raw.h264", "avcC"));
        video(9, hex("17 01 000005"), picture("raw.h264", 0));

        assertEquals(List.of(true, true), seen.keys);
        assertEquals("video/mp4; codecs=\"avc1.42c00a\"", seen.inits.getLast().video().mime());
        assertEquals(5, ByteBuffer.wrap(seen.units.getLast()).getInt(COMPOSITION_INDEX));
    }

    @Test
    @DisplayName("modifiers before a packet are passed over")
    void modifiers() throws MediaException {
        // a modifier of 3 bytes, then one of 256 bytes, then the real type
        video(0, hex("97 02 aabbcc 07 ff 00ff"), new byte[256], hex("00"), text("avc1"), config("raw.h264", "avcC"));
        video(0, hex("97 00 dd 03"), text("avc1"), picture("raw.h264", 0));

        assertEquals(List.of(true), seen.keys);
    }

    @Test
    @DisplayName("of several tracks, track 0 is taken, and the others are left out with a reason")
    void multitrack() throws MediaException {
        byte[] config = config("raw.h264", "avcC");
        byte[] size = Arrays.copyOfRange(Boxes.u32(config.length), 1, 4);
        video(0, hex("96 10"), text("avc1"), hex("05"), size, config, hex("00"), size, config);
        video(0, hex("96 01"), text("avc1"), hex("00"), hex("000000"), picture("raw.h264", 0));
        video(9, hex("96 01"), text("avc1"), hex("05"), hex("000000"), picture("raw.h264", 0));
        video(9, hex("96 23"), text("hvc1"), hex("05 000001 77"), text("avc1"), hex("00"),
                Arrays.copyOfRange(Boxes.u32(picture("raw.h264", 1).length), 1, 4), picture("raw.h264", 1));

        assertEquals(2, seen.count(MediaTrack.VIDEO));
        assertEquals(List.of("another track with a picture is left out"), seen.inits.getLast().leftOut());
    }

    @ParameterizedTest
    @CsvSource({
        "af 00 1210, af 01 2121, mp4a.40.2",
        "90 6d703461 1210, 91 6d703461 2121, mp4a.40.2",
        "90 4f707573 4f70757348656164 01 02 3801 80bb0000 0000 00, 91 4f707573 fc, opus"})
    @DisplayName("sound of the old and the enhanced kind is taken")
    void sound(String config, String frame, String codec) throws MediaException {
        video(0, hex("17 00 000000"), config("raw.h264", "avcC"));
        audio(0, hex(config));
        video(0, hex("17 01 000000"), picture("raw.h264", 0));
        audio(10, hex(frame));

        assertEquals("audio/mp4; codecs=\"" + codec + "\"", seen.inits.getLast().audio().mime());
        assertEquals(1, seen.count(MediaTrack.AUDIO));
    }

    @Test
    @DisplayName("sound that browsers do not play is left out, and the picture goes on")
    void speex() throws MediaException {
        video(0, hex("17 00 000000"), config("raw.h264", "avcC"));
        audio(0, hex("b2 00"));
        video(0, hex("17 01 000000"), picture("raw.h264", 0));

        assertEquals(1, seen.units.size());
        assertTrue(seen.inits.getLast().leftOut().getFirst().contains("use AAC, Opus, FLAC or MP3"));
    }

    @Test
    @DisplayName("a time that wraps after 32 bits goes on")
    void wrap() throws MediaException {
        video(0xffff_fff0L, hex("17 00 000000"), config("raw.h264", "avcC"));
        video(0xffff_fff0L, hex("17 01 000000"), picture("raw.h264", 0));
        video(0x10, hex("27 01 000000"), picture("raw.h264", 1));

        assertEquals(0x20, time(1) - time(0));
    }

    @Test
    @DisplayName("pictures before the first key frame are dropped")
    void awaitKey() throws MediaException {
        video(0, hex("17 00 000000"), config("raw.h264", "avcC"));
        video(0, hex("27 01 000000"), picture("raw.h264", 1));
        video(0, hex("17 01 000000"), picture("raw.h264", 1));
        assertEquals(List.of(), seen.events, "the tag says key, the picture says no");
        video(0, hex("17 01 000000"), picture("raw.h264", 5));
        assertEquals(List.of(true), seen.keys);
    }

    @ParameterizedTest
    @CsvSource({
        "22, cannot be relayed", "91 41424344 000000, 'ABCD' cannot be relayed", "97, truncated", "97 05, truncated",
        "96, truncated", "96 10 61766331 00 000009, truncated", "17, truncated", "17 00 000000, truncated",
        "17 00 000000 0142c00c ff e0 00 00, no sequence parameter set"})
    @DisplayName("a malformed tag, or one of another codec, is refused with the reason")
    void refused(String body, String reason) {
        MediaException refused = assertThrows(MediaException.class, () -> {
            video(0, hex(body));
            video(0, hex("91"), text("ABCD"), hex("00"));
        });
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
}
