package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Builds boxes byte by byte, so that a test shows each byte that matters. */
final class Boxes {
    static final byte[] FTYP = box("ftyp", text("isom"), u32(0x200), text("isom"));
    static final byte[] AVCC = box("avcC", hex("0142c00c"));
    static final byte[] ESDS = full("esds", 0, hex("030d 0000 00 0408 40 15 000000 00000000 00000000 0502 1210"));

    static final int VIDEO = 1;
    static final int AUDIO = 2;
    static final int SYNC = 0x0200_0000;
    static final int NON_SYNC = 0x0101_0000;

    private Boxes() {
    }

    static byte[] box(String type, byte[]... content) {
        byte[] body = join(content);
        return join(u32(8 + body.length), text(type), body);
    }

    static byte[] wideBox(String type, byte[]... content) {
        byte[] body = join(content);
        return join(u32(1), text(type), u64(16 + body.length), body);
    }

    /** Builds a full box, which begins with version and flags. */
    static byte[] full(String type, int versionAndFlags, byte[]... content) {
        return box(type, u32(versionAndFlags), join(content));
    }

    /** Builds the header of a box that declares any size. */
    static byte[] header(String type, long declared) {
        return declared >= 0 && declared <= 0xffff_ffffL
                ? join(u32((int) declared), text(type)) : join(u32(1), text(type), u64(declared));
    }

    static byte[] movie(int videoDefaultFlags) {
        return box("moov", videoTrack(), mvex(trex(VIDEO, videoDefaultFlags)));
    }

    static byte[] movieWithAudio() {
        return box("moov", audioTrack(), videoTrack(), mvex(trex(AUDIO, SYNC), trex(VIDEO, NON_SYNC)));
    }

    static byte[] videoTrack() {
        return track(VIDEO, "vide", videoEntry("avc1", 160, 90, AVCC));
    }

    static byte[] audioTrack() {
        return track(AUDIO, "soun", audioEntry("mp4a", ESDS));
    }

    static byte[] track(int id, String handler, byte[] entry) {
        return box("trak", tkhd(id), box("mdia", mdhd(15360), hdlr(handler), minf(entry)));
    }

    static byte[] tkhd(int id) {
        return full("tkhd", 7, new byte[8], u32(id), new byte[68]);
    }

    static byte[] mdhd(int timescale) {
        return full("mdhd", 0, new byte[8], u32(timescale), new byte[8]);
    }

    static byte[] hdlr(String handler) {
        return full("hdlr", 0, u32(0), text(handler), new byte[13]);
    }

    static byte[] minf(byte[] entry) {
        return box("minf", box("stbl", full("stsd", 0, u32(1), entry)));
    }

    static byte[] videoEntry(String type, int width, int height, byte[] config) {
        return box(type, new byte[24], u16(width), u16(height), new byte[50], config);
    }

    static byte[] audioEntry(String type, byte[] config) {
        return box(type, new byte[28], config);
    }

    static byte[] mvex(byte[]... trex) {
        return box("mvex", trex);
    }

    static byte[] trex(int track, int flags) {
        return full("trex", 0, u32(track), new byte[12], u32(flags));
    }

    static byte[] moof(byte[]... traf) {
        return box("moof", full("mfhd", 0, u32(1)), join(traf));
    }

    static byte[] traf(byte[]... content) {
        return box("traf", content);
    }

    /** Builds the header of a track fragment that has no default flags. */
    static byte[] tfhd(int track) {
        return full("tfhd", 0x020000, u32(track));
    }

    static byte[] mdat(int bytes) {
        return box("mdat", new byte[bytes]);
    }

    /** Builds a unit of one picture. */
    static byte[] unit(int firstSampleFlags) {
        return join(moof(traf(tfhd(VIDEO), full("trun", 0x4, u32(1), u32(firstSampleFlags)))), mdat(5));
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] u16(int value) {
        return new byte[] {(byte) (value >>> 8), (byte) value};
    }

    static byte[] u32(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    static byte[] u64(long value) {
        return ByteBuffer.allocate(8).putLong(value).array();
    }

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    static byte[] join(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (byte[] part : parts) {
            all.put(part);
        }
        return all.array();
    }
}
