package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * How the pictures of a track are cut into NAL units (ISO/IEC 14496-15), and what their types say. It is the picture itself that a decoder
 * goes by, not what the container says of it.
 *
 * @param hevc        H.265 instead of H.264
 * @param lengthBytes bytes of the length before each unit, 1 to 4
 */
record NalFormat(boolean hevc, int lengthBytes) {
    /** NAL units that are looked at: a picture has a few before its first slice. */
    static final int UNITS_MAX = 64;
    /** Bytes of one unit of messages that are looked at. */
    private static final int MESSAGE_BYTES_MAX = 4096;

    private static final int AVC_SLICE = 1;
    private static final int AVC_IDR = 5;
    private static final int AVC_MESSAGES = 6;
    private static final int HEVC_IRAP_FIRST = 16;
    private static final int HEVC_IRAP_LAST = 23;
    private static final int HEVC_PICTURE_LAST = 31;
    private static final int HEVC_MESSAGES = 39;
    private static final int RECOVERY_POINT = 6;

    /** What a picture says of itself. */
    enum Start {
        /** It needs no other picture. */
        KEY,
        /** It needs others. */
        NO_KEY,
        /** Nothing that can be read here, or that a decoder can start without a picture that needs no others: see the container. */
        UNTOLD
    }

    /** The format of a sample entry, whose cursor stands at its child boxes; null if it has none that is known here. */
    static NalFormat of(Box entry) throws MediaException {
        return switch (entry.type()) {
            case "avc1", "avc3" -> read(entry.requireChild("avcC"), false, 4);
            case "hvc1", "hev1" -> read(entry.requireChild("hvcC"), true, 21);
            default -> null;
        };
    }

    private static NalFormat read(Box config, boolean hevc, int before) throws MediaException {
        if (config.remaining() <= before) {
            return null;
        }
        config.skip(before);
        return new NalFormat(hevc, 1 + (config.u8() & 3));
    }

    /** Reads as far as the first slice of the picture that begins at this index. */
    Start start(ByteBuffer bytes, int index) {
        boolean recovery = false;
        int at = index;
        for (int i = 0; i < UNITS_MAX && bytes.limit() - at > lengthBytes; i++) {
            long length = length(bytes, at);
            at += lengthBytes;
            if (length == 0 || length > bytes.limit() - at) {
                return Start.UNTOLD;
            }
            int type = hevc ? bytes.get(at) >>> 1 & 0x3f : bytes.get(at) & 0x1f;
            if (isSlice(type)) {
                return start(type, recovery);
            }
            if (type == (hevc ? HEVC_MESSAGES : AVC_MESSAGES)) {
                recovery |= hasRecoveryPoint(bytes, at + (hevc ? 2 : 1), at + (int) Math.min(length, MESSAGE_BYTES_MAX));
            }
            at += (int) length;
        }
        return Start.UNTOLD;
    }

    private long length(ByteBuffer bytes, int at) {
        long length = 0;
        for (int i = 0; i < lengthBytes; i++) {
            length = length << 8 | bytes.get(at + i) & 0xff;
        }
        return length;
    }

    private boolean isSlice(int type) {
        return hevc ? type <= HEVC_PICTURE_LAST : type >= AVC_SLICE && type <= AVC_IDR;
    }

    private Start start(int type, boolean recovery) {
        if (hevc ? type >= HEVC_IRAP_FIRST && type <= HEVC_IRAP_LAST : type == AVC_IDR) {
            return Start.KEY;
        }
        // some encoders never send a picture that needs no others: one can start at such a point too, but not with a whole picture
        return recovery || hevc && type > HEVC_IRAP_LAST ? Start.UNTOLD : Start.NO_KEY;
    }

    /** Walks the messages of a unit: type and size are sums of bytes, of which all but the last are 255. */
    private static boolean hasRecoveryPoint(ByteBuffer bytes, int from, int to) {
        int type = 0;
        int size = 0;
        int left = 0;
        int zeros = 0;
        boolean typeRead = false;
        for (int at = from; at < to; at++) {
            int next = bytes.get(at) & 0xff;
            if (zeros >= 2 && next == 3) {
                // put in by the encoder, so that a unit does not look like the beginning of another
                zeros = 0;
                continue;
            }
            zeros = next == 0 ? zeros + 1 : 0;
            if (left > 0) {
                left--;
            } else if (!typeRead) {
                type += next;
                typeRead = next != 0xff;
            } else {
                size += next;
                if (next != 0xff) {
                    if (type == RECOVERY_POINT) {
                        return true;
                    }
                    left = size;
                    type = 0;
                    size = 0;
                    typeRead = false;
                }
            }
        }
        return false;
    }
}
