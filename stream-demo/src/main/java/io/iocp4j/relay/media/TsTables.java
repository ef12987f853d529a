package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The tables of an MPEG transport stream (ISO/IEC 13818-1, 2.4.4) that name its tracks: the association table, and the
 * map of its first program. A table with a wrong check sum is ignored, because it comes again.
 */
final class TsTables {
    /** No identifier of a packet. */
    static final int NONE = -1;
    private static final int SECTION_BYTES_MAX = 1_024;
    private static final int ASSOCIATION = 0;
    private static final int MAP = 2;
    private static final int REGISTRATION = 5;
    private static final int EXTENSION = 0x7f;
    private static final int OPUS = 0x4f707573;

    /** The codec of an elementary stream. */
    enum Kind { H264, HEVC, AAC, OPUS, MP3 }

    /**
     * An elementary stream that can be relayed.
     *
     * @param channels the channels of Opus; 0 for the others
     */
    record Elementary(int pid, Kind kind, int channels) {
    }

    private final byte[] section = new byte[SECTION_BYTES_MAX];
    private int sectionBytes;
    private int sectionPid = NONE;
    private int mapPid = NONE;
    private Elementary video;
    private Elementary audio;
    private List<String> leftOut = List.of();
    private byte[] lastMap = {};
    private boolean changed;

    boolean isTable(int pid) {
        return pid == 0 || pid == mapPid;
    }

    Elementary video() {
        return video;
    }

    Elementary audio() {
        return audio;
    }

    List<String> leftOut() {
        return leftOut;
    }

    /** Tells once whether the tracks have changed. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** Takes the payload of a packet with a table. */
    void packet(int pid, boolean begins, ByteBuffer payload) throws MediaException {
        if (begins) {
            int pointer = payload.hasRemaining() ? payload.get() & 0xff : 0;
            if (pointer > payload.remaining()) {
                return;
            }
            payload.position(payload.position() + pointer);
            sectionPid = pid;
            sectionBytes = 0;
        } else if (pid != sectionPid) {
            return;
        }
        int count = Math.min(payload.remaining(), section.length - sectionBytes);
        payload.get(section, sectionBytes, count);
        sectionBytes += count;
        if (sectionBytes < 3) {
            return;
        }
        int length = 3 + ((section[1] & 0xf) << 8 | section[2] & 0xff);
        if (length > section.length) {
            sectionPid = NONE;
        } else if (sectionBytes >= length) {
            sectionPid = NONE;
            read(pid, ByteBuffer.wrap(section, 0, length));
        }
    }

    private void read(int pid, ByteBuffer table) throws MediaException {
        int length = table.limit();
        // bytes 5 and 6: the table is in force, and its first section
        if (length < 12 || crc(table) != 0 || (table.get(5) & 1) == 0 || table.get(6) != 0) {
            return;
        }
        int id = table.get(0);
        table.position(8).limit(length - 4);
        if (pid == 0 && id == ASSOCIATION) {
            readAssociation(table);
        } else if (pid != 0 && id == MAP) {
            readMap(table);
        }
    }

    private void readAssociation(ByteBuffer table) {
        while (table.remaining() >= 4) {
            int program = table.getShort();
            int pid = table.getShort() & 0x1fff;
            // program 0 is information about the network
            if (program != 0) {
                mapPid = pid;
                return;
            }
        }
    }

    private void readMap(ByteBuffer table) throws MediaException {
        byte[] bytes = new byte[table.remaining()];
        table.duplicate().get(bytes);
        if (Arrays.equals(bytes, lastMap)) {
            return;
        }
        lastMap = bytes;
        video = null;
        audio = null;
        leftOut = new ArrayList<>();
        changed = true;
        skip(table, 2);
        skipSized(table);
        while (table.remaining() >= 5) {
            int type = table.get() & 0xff;
            int pid = table.getShort() & 0x1fff;
            int information = Math.min(table.getShort() & 0xfff, table.remaining());
            add(type, pid, table.slice(table.position(), information));
            table.position(table.position() + information);
        }
        if (video == null) {
            throw new MediaException("the MPEG-TS stream has no picture that can be relayed (H.264 or HEVC)"
                    + (leftOut.isEmpty() ? "" : ": " + String.join("; ", leftOut)));
        }
    }

    private static void skip(ByteBuffer table, int count) {
        table.position(table.position() + Math.min(count, table.remaining()));
    }

    private static void skipSized(ByteBuffer table) {
        if (table.remaining() >= 2) {
            skip(table, table.getShort() & 0xfff);
        }
    }

    private void add(int type, int pid, ByteBuffer descriptors) {
        Kind kind = switch (type) {
            case 0x1b -> Kind.H264;
            case 0x24 -> Kind.HEVC;
            case 0x0f -> Kind.AAC;
            case 0x03, 0x04 -> Kind.MP3;
            default -> null;
        };
        int channels = 0;
        if (type == 6) {
            channels = opusChannels(descriptors);
            kind = channels > 0 ? Kind.OPUS : null;
        }
        boolean isVideo = kind == Kind.H264 || kind == Kind.HEVC;
        if (kind != null && isVideo && video == null) {
            video = new Elementary(pid, kind, 0);
        } else if (kind != null && !isVideo && audio == null) {
            audio = new Elementary(pid, kind, channels);
        } else {
            leftOut.add(kind != null ? "a second track (" + kind + ") is left out"
                    : "a track of type 0x" + Integer.toHexString(type) + name(type) + " is left out");
        }
    }

    private static String name(int type) {
        return switch (type) {
            case 0x01, 0x02 -> ", MPEG-1 or MPEG-2 video,";
            case 0x10 -> ", MPEG-4 Visual,";
            case 0x11 -> ", AAC in LATM,";
            case 0x06 -> ", private data,";
            case 0x81 -> ", AC-3,";
            case 0x87 -> ", E-AC-3,";
            default -> "";
        };
    }

    /** Returns the channels from the descriptors of Opus (ETSI TS 101 154, and opus-codec.org for MPEG-TS); or 0. */
    private static int opusChannels(ByteBuffer descriptors) {
        boolean opus = false;
        int channels = 2;
        while (descriptors.remaining() >= 2) {
            int tag = descriptors.get() & 0xff;
            int length = Math.min(descriptors.get() & 0xff, descriptors.remaining());
            int at = descriptors.position();
            if (tag == REGISTRATION && length >= 4) {
                opus |= descriptors.getInt(at) == OPUS;
            } else if (tag == EXTENSION && length >= 2 && (descriptors.get(at) & 0xff) == 0x80) {
                channels = descriptors.get(at + 1) & 0xff;
            }
            descriptors.position(at + length);
        }
        return !opus ? 0 : channels == 1 || channels == 2 ? channels : 0;
    }

    /** Computes the check sum of annex A; 0 over a whole section with its check sum. */
    private static int crc(ByteBuffer bytes) {
        int crc = -1;
        for (int i = 0; i < bytes.limit(); i++) {
            crc ^= bytes.get(i) << 24;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc < 0 ? crc << 1 ^ 0x04c11db7 : crc << 1;
            }
        }
        return crc;
    }
}
