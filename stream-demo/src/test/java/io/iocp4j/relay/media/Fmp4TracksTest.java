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
import static io.iocp4j.relay.media.Boxes.movieWithAudio;
import static io.iocp4j.relay.media.Boxes.mvex;
import static io.iocp4j.relay.media.Boxes.tfhd;
import static io.iocp4j.relay.media.Boxes.track;
import static io.iocp4j.relay.media.Boxes.traf;
import static io.iocp4j.relay.media.Boxes.trex;
import static io.iocp4j.relay.media.Boxes.u32;
import static io.iocp4j.relay.media.Boxes.u64;
import static io.iocp4j.relay.media.Boxes.videoTrack;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Fragmented MP4 with several tracks: each sample becomes a unit of its own track. */
class Fmp4TracksTest {
    private static final int TIME_INDEX = 60;
    private static final int COMPOSITION_INDEX = 100;
    private static final int DATA_INDEX = 112;

    private static byte[] sized(IntFunction<byte[]> moof) {
        return moof.apply(moof.apply(0).length);
    }

    private static byte[] tfdt(long ticks) {
        return full("tfdt", 0x0100_0000, u64(ticks));
    }

    private static byte[] data(Recorder seen, int unit) {
        return Arrays.copyOfRange(seen.units.get(unit), DATA_INDEX, seen.units.get(unit).length);
    }

    private static long time(Recorder seen, int unit) {
        return ByteBuffer.wrap(seen.units.get(unit)).getLong(TIME_INDEX);
    }

    @Test
    @DisplayName("two pictures and two samples of sound in one moof become four units with their own bytes and times")
    void twoTrafs() throws MediaException {
        byte[] moof = sized(size -> moof(
                traf(tfhd(AUDIO), tfdt(0), full("trun", 0x301, u32(2), u32(size + 8), u32(1_024), u32(2), u32(1_024),
                        u32(3))),
                traf(tfhd(VIDEO), tfdt(0), full("trun", 0x705, u32(2), u32(size + 13), u32(SYNC), u32(512), u32(1),
                        u32(SYNC), u32(512), u32(2), u32(NON_SYNC)))));
        Recorder seen = Recorder.of(FTYP, movieWithAudio(), moof, box("mdat", hex("a0a0 a1a1a1 b0 b1b1")));

        assertEquals(List.of(MediaTrack.AUDIO, MediaTrack.AUDIO, MediaTrack.VIDEO, MediaTrack.VIDEO), seen.tracks);
        assertEquals(List.of(false, false, true, false), seen.keys);
        for (int i = 0; i < 4; i++) {
            byte[] expected = hex(List.of("a0a0", "a1a1a1", "b0", "b1b1").get(i));
            assertEquals(ByteBuffer.wrap(expected), ByteBuffer.wrap(data(seen, i)), "unit " + i);
        }
        assertEquals(1_024, time(seen, 1) - time(seen, 0));
        assertEquals(512, time(seen, 3) - time(seen, 2));
    }

    @Test
    @DisplayName("offsets from the beginning of the file are taken, also with one track")
    void baseDataOffset() throws MediaException {
        byte[] init = join(FTYP, Boxes.movie(SYNC));
        byte[] moof = sized(size -> moof(traf(full("tfhd", 1, u32(VIDEO), u64(init.length)),
                full("trun", 0x205, u32(1), u32(size + 8), u32(SYNC), u32(2)))));
        Recorder seen = Recorder.of(init, moof, box("mdat", hex("c1c2")));

        assertEquals(List.of(true), seen.keys);
        assertEquals(ByteBuffer.wrap(hex("c1c2")), ByteBuffer.wrap(data(seen, 0)));
    }

    @Test
    @DisplayName("pictures before the first key frame are dropped")
    void awaitKey() throws MediaException {
        byte[] moof = sized(size -> moof(traf(tfhd(VIDEO), full("trun", 0x601, u32(3), u32(size + 8),
                u32(1), u32(NON_SYNC), u32(1), u32(SYNC), u32(1), u32(NON_SYNC)))));

        assertEquals(List.of(true, false),
                Recorder.of(FTYP, movieWithAudio(), moof, box("mdat", hex("01 02 03"))).keys);
    }

    @Test
    @DisplayName("tracks of text and of time codes are left out silently")
    void text() throws MediaException {
        byte[] moov = box("moov", track(7, "text", box("tx3g")), videoTrack(), track(8, "tmcd", box("tmcd")),
                mvex(trex(7, 0), trex(VIDEO, SYNC), trex(8, 0)));
        byte[] moof = sized(size -> moof(
                traf(tfhd(7), full("trun", 0x201, u32(1), u32(size + 8), u32(1))),
                traf(tfhd(VIDEO), full("trun", 0x205, u32(1), u32(size + 9), u32(SYNC), u32(2)))));
        Recorder seen = Recorder.of(FTYP, moov, moof, box("mdat", hex("ee d1d2")));

        assertEquals(1, seen.units.size());
        assertEquals(ByteBuffer.wrap(hex("d1d2")), ByteBuffer.wrap(data(seen, 0)));
        assertEquals(List.of(), seen.inits.getFirst().leftOut());
        String bytes = new String(seen.stream(MediaTrack.VIDEO), StandardCharsets.ISO_8859_1);
        assertTrue(!bytes.contains("tx3g"), "the text is in the init segment");
    }

    @Test
    @DisplayName("sound that browsers do not play is left out with a reason, and the picture goes on")
    void unknownSound() throws MediaException {
        byte[] moov = box("moov", videoTrack(), track(AUDIO, "soun", Boxes.audioEntry("ac-3", box("dac3"))),
                mvex(trex(VIDEO, SYNC), trex(AUDIO, SYNC)));
        byte[] moof = sized(size -> moof(traf(tfhd(VIDEO),
                full("trun", 0x205, u32(1), u32(size + 8), u32(SYNC), u32(1)))));
        Recorder seen = Recorder.of(FTYP, moov, moof, box("mdat", hex("01")));

        assertEquals(1, seen.units.size());
        assertEquals(null, seen.inits.getFirst().audio());
        String why = seen.inits.getFirst().leftOut().getFirst();
        assertTrue(why.contains("'ac-3'") && why.contains("-c:a aac"), why);
    }

    @Test
    @DisplayName("hev1 becomes hvc1 when its configuration has the parameter sets, because Apple plays only that")
    void hev1() throws MediaException {
        byte[] init = Samples.parse("raw.hevc").stream(MediaTrack.VIDEO);
        String text = new String(init, StandardCharsets.ISO_8859_1);
        int entry = text.indexOf("hvc1");
        int config = text.indexOf("hvcC");
        byte[] hvcC = Arrays.copyOfRange(init, config - 4, config - 4 + ByteBuffer.wrap(init).getInt(config - 4));
        assertTrue(entry > 0);
        byte[] moov = box("moov", track(VIDEO, "vide", Boxes.videoEntry("hev1", 64, 36, hvcC)),
                mvex(trex(VIDEO, SYNC)));
        assertEquals("video/mp4; codecs=\"hvc1.1.6.L30.90\"",
                Recorder.of(FTYP, moov).inits.getFirst().video().mime());

        byte[] without = join(Arrays.copyOf(hvcC, 8 + 22), new byte[1]);
        ByteBuffer.wrap(without).putInt(without.length);
        byte[] other = box("moov", track(VIDEO, "vide", Boxes.videoEntry("hev1", 64, 36, without)),
                mvex(trex(VIDEO, SYNC)));
        assertEquals("video/mp4; codecs=\"hev1.1.6.L30.90\"",
                Recorder.of(FTYP, other).inits.getFirst().video().mime());
    }

    @Test
    @DisplayName("an edit list moves picture and sound against each other")
    void editList() throws MediaException {
        byte[] elst = box("edts", full("elst", 0, u32(1), u32(0), u32(100), u32(0x10000)));
        byte[] video = box("trak", Boxes.tkhd(VIDEO), elst, box("mdia", Boxes.mdhd(1_000), Boxes.hdlr("vide"),
                Boxes.minf(Boxes.videoEntry("avc1", 160, 90, Boxes.AVCC))));
        byte[] moov = box("moov", video, Boxes.audioTrack(), mvex(trex(VIDEO, SYNC), trex(AUDIO, SYNC)));
        byte[] moof = sized(size -> moof(traf(tfhd(VIDEO), tfdt(0),
                full("trun", 0xa05, u32(1), u32(size + 8), u32(SYNC), u32(1), u32(150)))));
        Recorder seen = Recorder.of(FTYP, moov, moof, box("mdat", hex("01")));

        assertEquals(50, ByteBuffer.wrap(seen.units.getFirst()).getInt(COMPOSITION_INDEX));
    }

    @Test
    @DisplayName("sound with a duration of 0 lasts for a frame of AAC")
    void zeroDuration() throws MediaException {
        byte[] entry = Boxes.audioEntry("mp4a", Boxes.ESDS);
        // the rate of 15,360 in the sample entry, which is also the timescale of the track
        ByteBuffer.wrap(entry).putInt(32, 15_360 << 16);
        byte[] moov = box("moov", videoTrack(), track(AUDIO, "soun", entry),
                mvex(trex(VIDEO, SYNC), trex(AUDIO, SYNC)));
        byte[] moof = sized(size -> moof(traf(tfhd(AUDIO), tfdt(0),
                full("trun", 0x301, u32(1), u32(size + 8), u32(0), u32(1)))));
        Recorder seen = Recorder.of(FTYP, moov, moof, box("mdat", hex("01")));

        assertEquals(Sound.AAC_SAMPLES, ByteBuffer.wrap(seen.units.getFirst()).getInt(88));
    }
}
