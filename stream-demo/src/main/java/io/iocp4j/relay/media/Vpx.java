package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/** The headers of VP8, VP9 and AV1 that a container needs. */
final class Vpx {
    private static final int VP9_SYNC = 0x498342;
    private static final int VP8_SYNC = 0x9d012a;
    private static final int AV1_SEQUENCE_HEADER = 1;
    /** The largest picture in pixels for each level of VP9, from 1 to 6. */
    private static final int[][] VP9_LEVELS = {{10, 36_864}, {11, 73_728}, {20, 122_880}, {21, 245_760}, {30, 552_960},
        {31, 983_040}, {40, 2_228_224}, {50, 8_912_896}};

    private Vpx() {
    }

    /** Tells whether a frame of VP8 is a key frame (RFC 6386, 9.1). */
    static boolean isVp8Key(ByteBuffer frame) {
        return frame.hasRemaining() && (frame.get(frame.position()) & 1) == 0;
    }

    /** Creates the track of a key frame of VP8. */
    static SampleTrack vp8(ByteBuffer frame, long timescale) throws MediaException {
        Bits bits = Bits.of(frame, "the key frame of VP8");
        bits.skip(24);
        if (bits.bits(24) != VP8_SYNC) {
            throw new MediaException("this is not a key frame of VP8");
        }
        int width = bits.bits(8) | (bits.bits(8) & 0x3f) << 8;
        int height = bits.bits(8) | (bits.bits(8) & 0x3f) << 8;
        if (width == 0 || height == 0) {
            throw new MediaException("a picture of " + width + "x" + height);
        }
        return SampleTrack.vp8(timescale, width, height);
    }

    /** Tells whether a frame of VP9 is a key frame. */
    static boolean isVp9Key(ByteBuffer frame) {
        if (!frame.hasRemaining()) {
            return false;
        }
        int first = frame.get(frame.position()) & 0xff;
        // two bits that mark a frame, two of the profile, and for profile 3 one more; then "shown again" and the type
        int at = (first & 0x30) == 0x30 ? 2 : 3;
        return first >>> 6 == 2 && (first >>> at & 1) == 0 && (first >>> at - 1 & 1) == 0;
    }

    /** Creates the track of a key frame of VP9 (VP9 bitstream specification, 6.2). */
    static SampleTrack vp9(ByteBuffer frame, long timescale) throws MediaException {
        Bits bits = Bits.of(frame, "the key frame of VP9");
        bits.skip(2);
        int profile = bits.bit() | bits.bit() << 1;
        bits.skip(profile == 3 ? 1 : 0);
        // shown again, type, shown, resilient
        bits.skip(4);
        if (bits.bits(24) != VP9_SYNC) {
            throw new MediaException("this is not a key frame of VP9");
        }
        int depth = profile < 2 ? 8 : bits.flag() ? 12 : 10;
        boolean rgb = bits.bits(3) == 7;
        int chroma = 1;
        boolean fullRange = true;
        if (rgb) {
            chroma = 3;
            bits.skip((profile & 1) != 0 ? 1 : 0);
        } else {
            fullRange = bits.flag();
            if ((profile & 1) != 0) {
                chroma = bits.bits(2) == 0 ? 3 : 2;
                bits.skip(1);
            }
        }
        int width = bits.bits(16) + 1;
        int height = bits.bits(16) + 1;
        int level = 62;
        for (int i = VP9_LEVELS.length - 1; i >= 0; i--) {
            level = (long) width * height <= VP9_LEVELS[i][1] ? VP9_LEVELS[i][0] : level;
        }
        ByteBuffer config = ByteBuffer.allocate(12).putInt(0x0100_0000).put((byte) profile).put((byte) level)
                .put((byte) (depth << 4 | chroma << 1 | (fullRange ? 1 : 0))).put((byte) 2).put((byte) 2)
                .put((byte) (rgb ? 0 : 2)).putShort((short) 0).flip();
        return SampleTrack.video("vp09", timescale, width, height, "vpcC", config);
    }

    /**
     * Creates a track from an AV1CodecConfigurationRecord (AV1 codec ISO media file format binding, 2.3.3).
     *
     * @param width  width in pixels, or 0 to take it from the sequence header in the record
     */
    static SampleTrack av1(ByteBuffer config, long timescale, int width, int height) throws MediaException {
        if (config.remaining() < 4) {
            throw new MediaException("the configuration of AV1 is truncated");
        }
        if (width > 0 && height > 0) {
            return SampleTrack.video("av01", timescale, width, height, "av1C", config);
        }
        int[] size = av1Size(config.slice(config.position() + 4, config.remaining() - 4));
        return SampleTrack.video("av01", timescale, size[0], size[1], "av1C", config);
    }

    /** Reads the largest size from a sequence header (AV1 bitstream specification, 5.5.1). */
    private static int[] av1Size(ByteBuffer units) throws MediaException {
        Bits bits = Bits.of(units, "the sequence header of AV1");
        bits.skip(1);
        int type = bits.bits(4);
        boolean extended = bits.flag();
        boolean sized = bits.flag();
        bits.skip(1 + (extended ? 8 : 0));
        for (int i = 0; sized && i < 8 && bits.flag(); i++) {
            bits.skip(7);
        }
        bits.skip(sized ? 7 : 0);
        if (type != AV1_SEQUENCE_HEADER) {
            throw new MediaException("the configuration of AV1 has no sequence header");
        }
        bits.skip(3 + 1);
        if (bits.flag()) {
            bits.skip(5);
        } else {
            skipOperatingPoints(bits);
        }
        int widthBits = bits.bits(4) + 1;
        int heightBits = bits.bits(4) + 1;
        return new int[] {bits.bits(widthBits) + 1, bits.bits(heightBits) + 1};
    }

    private static void skipOperatingPoints(Bits bits) throws MediaException {
        boolean model = false;
        int delayBits = 0;
        if (bits.flag()) {
            bits.skip(64);
            if (bits.flag()) {
                bits.ue();
            }
            model = bits.flag();
            if (model) {
                delayBits = bits.bits(5) + 1;
                bits.skip(32 + 10);
            }
        }
        boolean delays = bits.flag();
        int points = bits.bits(5) + 1;
        for (int i = 0; i < points; i++) {
            bits.skip(12);
            bits.skip(bits.bits(5) > 7 ? 1 : 0);
            if (model && bits.flag()) {
                bits.skip(2 * delayBits + 1);
            }
            if (delays && bits.flag()) {
                bits.skip(4);
            }
        }
    }
}
