package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Reads the decoder configuration record of H.264 or H.265 (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1) for the size of the
 * picture. The record itself is passed on as it is.
 */
final class DecoderConfig {
    private static final int HEVC_VPS = 32;
    private static final int HEVC_SPS = 33;
    private static final int HEVC_PPS = 34;
    /** The size of a picture's sample entry before its child boxes. */
    private static final int PICTURE_ENTRY_BYTES = 78;

    private DecoderConfig() {
    }

    static SampleTrack track(boolean hevc, ByteBuffer config, long timescale) throws MediaException {
        Sps sps = hevc ? hevcSps(config.slice()) : avcSps(config.slice());
        return SampleTrack.video(hevc ? "hvc1" : "avc1", timescale, sps.width(), sps.height(), hevc ? "hvcC" : "avcC",
                config);
    }

    /** Tells whether a sample entry of H.265, with its cursor at its beginning, has all kinds of parameter sets. */
    static boolean isComplete(Box entry) throws MediaException {
        entry.skip(PICTURE_ENTRY_BYTES);
        Box hvcC = entry.requireChild("hvcC");
        if (hvcC.remaining() < 23) {
            return false;
        }
        hvcC.skip(22);
        int arrays = hvcC.u8();
        int found = 0;
        for (int i = 0; i < arrays; i++) {
            int type = hvcC.u8() & 0x3f;
            int sets = hvcC.u16();
            found |= sets > 0 && type >= HEVC_VPS && type <= HEVC_PPS ? 1 << type - HEVC_VPS : 0;
            for (int j = 0; j < sets; j++) {
                hvcC.skip(hvcC.u16());
            }
        }
        return found == 7;
    }

    private static Sps avcSps(ByteBuffer in) throws MediaException {
        need(in, 8);
        if (in.get(0) != 1 || (in.get(5) & 0x1f) == 0) {
            throw new MediaException("the configuration of H.264 has no sequence parameter set");
        }
        in.position(6);
        return Sps.avc(set(in));
    }

    private static Sps hevcSps(ByteBuffer in) throws MediaException {
        need(in, 23);
        int arrays = in.get(22) & 0xff;
        in.position(23);
        for (int i = 0; i < arrays; i++) {
            need(in, 3);
            int type = in.get() & 0x3f;
            int sets = in.getShort() & 0xffff;
            for (int j = 0; j < sets; j++) {
                ByteBuffer set = set(in);
                if (type == HEVC_SPS) {
                    return Sps.hevc(set);
                }
            }
        }
        throw new MediaException("the configuration of H.265 has no sequence parameter set");
    }

    private static ByteBuffer set(ByteBuffer in) throws MediaException {
        need(in, 2);
        int length = in.getShort() & 0xffff;
        need(in, length);
        ByteBuffer set = in.slice(in.position(), length);
        in.position(in.position() + length);
        return set;
    }

    private static void need(ByteBuffer in, int bytes) throws MediaException {
        if (in.remaining() < bytes) {
            throw new MediaException("the decoder configuration is truncated");
        }
    }
}
