package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * The format in which the pictures of a track are divided into NAL units (ISO/IEC 14496-15). The types of the units
 * tell whether a picture is a key frame. A decoder goes by the picture itself, not by the flags of the container.
 *
 * @param hevc        H.265 instead of H.264
 * @param lengthBytes bytes of the length before each unit, 1 to 4
 */
record NalFormat(boolean hevc, int lengthBytes) {
    /** The largest number of NAL units that are examined. A picture has a few before its first slice. */
    static final int UNITS_MAX = 64;
    /** The largest number of bytes that are examined in one unit of messages (SEI). */
    private static final int MESSAGE_BYTES_MAX = 4096;

    private static final int AVC_SLICE = 1;
    private static final int AVC_IDR = 5;
    private static final int AVC_MESSAGES = 6;
    private static final int HEVC_IRAP_FIRST = 16;
    private static final int HEVC_IRAP_LAST = 23;
    private static final int HEVC_PICTURE_LAST = 31;
    private static final int HEVC_MESSAGES = 39;
    private static final int RECOVERY_POINT = 6;

    /** Tells whether a decoder can start with a picture, according to the picture itself. */
    enum Start {
        /** The picture needs no other picture. */
        KEY,
        /** The picture needs others. */
        NO_KEY,
        /**
         * The flags of the container decide: the NAL units cannot be read here, or they contain a recovery point, at
         * which a decoder can start although the picture needs others.
         */
        UNDECIDED
    }

    /** Returns the format of a sample entry whose cursor is at its child boxes; null if it is not known here. */
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

    /** Reads the picture that begins at this index, up to its first slice. */
    Start start(ByteBuffer bytes, int index) {
        boolean recovery = false;
        int at = index;
        for (int i = 0; i < UNITS_MAX && bytes.limit() - at > lengthBytes; i++) {
            long length = length(bytes, at);
            at += lengthBytes;
            if (length == 0 || length > bytes.limit() - at) {
                return Start.UNDECIDED;
            }
            int type = hevc ? bytes.get(at) >>> 1 & 0x3f : bytes.get(at) & 0x1f;
            if (isSlice(type)) {
                return start(type, recovery);
            }
            if (type == (hevc ? HEVC_MESSAGES : AVC_MESSAGES)) {
                recovery |= hasRecoveryPoint(bytes, at + (hevc ? 2 : 1),
                        at + (int) Math.min(length, MESSAGE_BYTES_MAX));
            }
            at += (int) length;
        }
        return Start.UNDECIDED;
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
        // Some encoders never send a picture that needs no others. A decoder can also start at a recovery point, but
        // its first pictures are not complete.
        return recovery || hevc && type > HEVC_IRAP_LAST ? Start.UNDECIDED : Start.NO_KEY;
    }

    /** Walks the messages of a unit. Type and size are sums of bytes; every byte except the last one is 255. */
    private static boolean hasRecoveryPoint(ByteBuffer bytes, int from, int to) {
        int type = 0;
        int size = 0;
        int left = 0;
        int zeros = 0;
        boolean typeRead = false;
        for (int at = from; at < to; at++) {
            int next = bytes.get(at) & 0xff;
            if (zeros >= 2 && next == 3) {
                // emulation prevention: the encoder inserts this byte, so that no data looks like the start of a unit
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
