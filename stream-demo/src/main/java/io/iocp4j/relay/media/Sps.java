package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * The contents of a sequence parameter set that a container needs: H.264 (ISO/IEC 14496-10, 7.3.2.1.1) and H.265
 * (ISO/IEC 23008-2, 7.3.2.2.1).
 *
 * @param id           number of the set
 * @param width        width of the picture in pixels, after cropping
 * @param height       height of the picture in pixels, after cropping
 * @param chroma       chroma format: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4
 * @param lumaDepth    bits of a luma sample
 * @param chromaDepth  bits of a chroma sample
 * @param frameNanos   the duration of a frame in nanoseconds as the encoder declares it; 0 if it does not. Only read
 *                     for H.264
 * @param layers       temporal layers; only read for H.265
 */
record Sps(int id, int width, int height, int chroma, int lumaDepth, int chromaDepth, long frameNanos, int layers) {
    private static final int EXTENDED_SAR = 255;

    /** Reads a set of H.264, with its header of one byte. */
    static Sps avc(ByteBuffer nal) throws MediaException {
        Bits bits = Bits.ofNal(nal, "the sequence parameter set");
        bits.skip(8);
        int profile = bits.bits(8);
        bits.skip(16);
        int id = bits.ue();
        int chroma = 1;
        int luma = 8;
        int chromaDepth = 8;
        boolean separate = false;
        if (hasChromaFormat(profile)) {
            chroma = bits.ue();
            separate = chroma == 3 && bits.flag();
            luma = 8 + bits.ue();
            chromaDepth = 8 + bits.ue();
            bits.skip(1);
            if (bits.flag()) {
                skipScalingLists(bits, chroma == 3 ? 12 : 8);
            }
        }
        bits.ue();
        skipOrder(bits);
        bits.ue();
        bits.skip(1);
        long width = (bits.ue() + 1L) * 16;
        long mapHeight = (bits.ue() + 1L) * 16;
        int fields = bits.flag() ? 1 : 2;
        if (fields == 2) {
            bits.skip(1);
        }
        bits.skip(1);
        long height = mapHeight * fields;
        if (bits.flag()) {
            boolean grey = chroma == 0 || separate;
            long unitX = grey || chroma == 3 ? 1 : 2;
            long unitY = (grey || chroma != 1 ? 1 : 2) * fields;
            width -= unitX * (bits.ue() + (long) bits.ue());
            height -= unitY * (bits.ue() + (long) bits.ue());
        }
        return checked(id, width, height, chroma, luma, chromaDepth, bits.flag() ? frameNanos(bits) : 0, 1);
    }

    private static Sps checked(int id, long width, long height, int chroma, int luma, int chromaDepth, long nanos,
            int layers) throws MediaException {
        if (width < 1 || height < 1 || width > 0xffff || height > 0xffff || chroma > 3 || luma > 16
                || chromaDepth > 16 || id > 31) {
            throw new MediaException("the sequence parameter set declares a picture of " + width + "x" + height
                    + " with " + luma + " bits");
        }
        return new Sps(id, (int) width, (int) height, chroma, luma, chromaDepth, nanos, layers);
    }

    /** Tells whether a profile of H.264 declares its chroma format and depths. */
    static boolean hasChromaFormat(int profile) {
        return switch (profile) {
            case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135 -> true;
            default -> false;
        };
    }

    private static void skipScalingLists(Bits bits, int lists) throws MediaException {
        for (int i = 0; i < lists; i++) {
            if (bits.flag()) {
                int next = 8;
                for (int j = 0; j < (i < 6 ? 16 : 64) && next != 0; j++) {
                    next = next + bits.se() & 0xff;
                }
            }
        }
    }

    private static void skipOrder(Bits bits) throws MediaException {
        int type = bits.ue();
        if (type == 0) {
            bits.ue();
        } else if (type == 1) {
            bits.skip(1);
            bits.se();
            bits.se();
            int frames = bits.ue();
            if (frames > 255) {
                throw new MediaException("the sequence parameter set declares a cycle of " + frames + " frames");
            }
            for (int i = 0; i < frames; i++) {
                bits.se();
            }
        }
    }

    /** Reads the beginning of the usability information (ISO/IEC 14496-10, E.1.1), up to the frame rate. */
    private static long frameNanos(Bits bits) throws MediaException {
        if (bits.flag() && bits.bits(8) == EXTENDED_SAR) {
            bits.skip(32);
        }
        if (bits.flag()) {
            bits.skip(1);
        }
        if (bits.flag()) {
            bits.skip(4);
            if (bits.flag()) {
                bits.skip(24);
            }
        }
        if (bits.flag()) {
            bits.ue();
            bits.ue();
        }
        if (!bits.flag()) {
            return 0;
        }
        long units = bits.bits(32) & 0xffff_ffffL;
        long scale = bits.bits(32) & 0xffff_ffffL;
        // the clock counts fields, two for each frame
        long nanos = scale == 0 ? 0 : units * 2_000_000_000L / scale;
        return nanos < 1_000_000 || nanos > 10_000_000_000L ? 0 : nanos;
    }

    /** Reads a set of H.265, with its header of two bytes. */
    static Sps hevc(ByteBuffer nal) throws MediaException {
        Bits bits = Bits.ofNal(nal, "the sequence parameter set");
        bits.skip(16 + 4);
        int layers = bits.bits(3) + 1;
        bits.skip(1 + 88 + 8);
        skipSubLayers(bits, layers - 1);
        int id = bits.ue();
        int chroma = bits.ue();
        boolean separate = chroma == 3 && bits.flag();
        long width = bits.ue();
        long height = bits.ue();
        if (bits.flag()) {
            long unitX = chroma == 1 || chroma == 2 ? 2 : 1;
            long unitY = chroma == 1 ? 2 : 1;
            width -= unitX * (bits.ue() + (long) bits.ue());
            height -= unitY * (bits.ue() + (long) bits.ue());
        }
        return checked(id, width, height, separate ? 0 : chroma, 8 + bits.ue(), 8 + bits.ue(), 0, layers);
    }

    private static void skipSubLayers(Bits bits, int count) throws MediaException {
        int flags = bits.bits(2 * count);
        if (count > 0) {
            bits.skip(2 * (8 - count));
        }
        for (int i = count - 1; i >= 0; i--) {
            bits.skip((flags >>> 2 * i + 1 & 1) * 88);
            bits.skip((flags >>> 2 * i & 1) * 8);
        }
    }
}
