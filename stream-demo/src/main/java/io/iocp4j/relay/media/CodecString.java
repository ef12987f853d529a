package io.iocp4j.relay.media;

import java.util.Locale;

/**
 * The codec of a sample entry as a string for a browser (RFC 6381). The cursor of the entry must be at its child boxes
 * for {@link #video(Box)}, and at its beginning for {@link #audio(Box)}.
 */
final class CodecString {
    private static final int AUDIO_ENTRY_BYTES = 28;
    private static final int ES_DESCRIPTOR = 3;
    private static final int DECODER_CONFIG_DESCRIPTOR = 4;
    private static final int DECODER_SPECIFIC_INFO = 5;
    private static final int OBJECT_TYPE_MPEG4_AUDIO = 0x40;

    private CodecString() {
    }

    static String video(Box entry) throws MediaException {
        return switch (entry.type()) {
            case "avc1", "avc3" -> avc(entry.type(), entry.requireChild("avcC"));
            case "hvc1", "hev1" -> hevc(entry.type(), entry.requireChild("hvcC"));
            case "vp09" -> vp9(entry.requireChild("vpcC"));
            case "av01" -> av1(entry.requireChild("av1C"));
            default -> throw entry.error("the video codec '" + Box.printable(entry.type()) + "' cannot be relayed");
        };
    }

    /** Returns null for a codec that browsers do not play. */
    static String audio(Box entry) throws MediaException {
        entry.skip(AUDIO_ENTRY_BYTES);
        return switch (entry.type()) {
            case "mp4a" -> mp4a(entry.requireChild("esds"));
            case "Opus" -> "opus";
            case "fLaC" -> "flac";
            default -> null;
        };
    }

    /** H.264 (ISO/IEC 14496-15, 5.3.3.1.2): profile, constraints and level, each as two hexadecimal digits. */
    private static String avc(String type, Box avcC) throws MediaException {
        avcC.skip(1);
        return String.format(Locale.ROOT, "%s.%02x%02x%02x", type, avcC.u8(), avcC.u8(), avcC.u8());
    }

    /**
     * H.265 (ISO/IEC 14496-15, 8.3.3.1.2 and annex E): profile space and number, compatibility flags in reverse bit
     * order, tier and level, and the six constraint bytes without trailing zeros.
     */
    private static String hevc(String type, Box hvcC) throws MediaException {
        hvcC.skip(1);
        int profile = hvcC.u8();
        int compatibility = Integer.reverse(hvcC.i32());
        int[] constraints = new int[6];
        int used = 0;
        for (int i = 0; i < constraints.length; i++) {
            constraints[i] = hvcC.u8();
            if (constraints[i] != 0) {
                used = i + 1;
            }
        }
        int space = profile >>> 6;
        StringBuilder codec = new StringBuilder(type).append('.');
        if (space > 0) {
            codec.append((char) ('A' + space - 1));
        }
        codec.append(profile & 0x1f).append('.').append(hex(compatibility)).append('.');
        codec.append((profile & 0x20) == 0 ? 'L' : 'H').append(hvcC.u8());
        for (int i = 0; i < used; i++) {
            codec.append('.').append(hex(constraints[i]));
        }
        return codec.toString();
    }

    private static String hex(int value) {
        return Integer.toHexString(value).toUpperCase(Locale.ROOT);
    }

    /** VP9 (VP codec ISO media file format binding): profile, level and bit depth. */
    private static String vp9(Box vpcC) throws MediaException {
        vpcC.skip(4);
        return String.format(Locale.ROOT, "vp09.%02d.%02d.%02d", vpcC.u8(), vpcC.u8(), vpcC.u8() >>> 4);
    }

    /** AV1 (AV1 codec ISO media file format binding, section 5): profile, level with tier, bit depth. */
    private static String av1(Box av1C) throws MediaException {
        av1C.skip(1);
        int profileAndLevel = av1C.u8();
        int flags = av1C.u8();
        int profile = profileAndLevel >>> 5;
        boolean high = (flags & 0x40) != 0;
        int depth = !high ? 8 : profile == 2 && (flags & 0x20) != 0 ? 12 : 10;
        return String.format(Locale.ROOT, "av01.%d.%02d%c.%02d", profile, profileAndLevel & 0x1f,
                (flags & 0x80) == 0 ? 'M' : 'H', depth);
    }

    /** MPEG-4 audio (ISO/IEC 14496-1, 7.2.6): nested descriptors, down to the audio object type of 14496-3, 1.6.2.1. */
    private static String mp4a(Box esds) throws MediaException {
        esds.skip(4);
        enterDescriptor(esds, ES_DESCRIPTOR);
        esds.skip(2);
        int flags = esds.u8();
        if ((flags & 0x80) != 0) {
            esds.skip(2);
        }
        if ((flags & 0x40) != 0) {
            esds.skip(esds.u8());
        }
        if ((flags & 0x20) != 0) {
            esds.skip(2);
        }
        enterDescriptor(esds, DECODER_CONFIG_DESCRIPTOR);
        int objectType = esds.u8();
        if (objectType != OBJECT_TYPE_MPEG4_AUDIO) {
            return String.format(Locale.ROOT, "mp4a.%02X", objectType);
        }
        esds.skip(12);
        enterDescriptor(esds, DECODER_SPECIFIC_INFO);
        int first = esds.u8();
        int audioObjectType = first >>> 3;
        if (audioObjectType == 31) {
            audioObjectType = 32 + ((first & 7) << 3 | esds.u8() >>> 5);
        }
        return "mp4a.40." + audioObjectType;
    }

    /** Reads the tag and the length of a descriptor. The length has up to four bytes, with seven bits in each. */
    private static void enterDescriptor(Box esds, int tag) throws MediaException {
        int found = esds.u8();
        if (found != tag) {
            throw esds.error("descriptor " + tag + " expected, " + found + " found");
        }
        int length = 0;
        for (int i = 0, next = 0x80; (next & 0x80) != 0; i++) {
            if (i == 4) {
                throw esds.error("the length of descriptor " + tag + " has more than 4 bytes");
            }
            next = esds.u8();
            length = length << 7 | next & 0x7f;
        }
        if (length > esds.remaining()) {
            throw esds.error("descriptor " + tag + " declares " + length + " bytes, " + esds.remaining() + " left");
        }
    }
}
