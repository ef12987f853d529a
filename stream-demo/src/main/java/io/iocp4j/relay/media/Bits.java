package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Reads bits, the most significant first. It leaves out the emulation prevention bytes of NAL units (ISO/IEC 14496-10,
 * 7.3.1) if asked to. Reading past the end is a {@link MediaException}.
 */
final class Bits {
    private final ByteBuffer bytes;
    private final boolean nal;
    private final String name;
    private int current;
    private int left;
    private int zeros;

    private Bits(ByteBuffer bytes, boolean nal, String name) {
        this.bytes = bytes;
        this.nal = nal;
        this.name = name;
    }

    /** Reads plain bytes, from position to limit. The name is for messages. */
    static Bits of(ByteBuffer bytes, String name) {
        return new Bits(bytes.duplicate(), false, name);
    }

    /** Reads the bytes of a NAL unit without its emulation prevention bytes. */
    static Bits ofNal(ByteBuffer bytes, String name) {
        return new Bits(bytes.duplicate(), true, name);
    }

    int bit() throws MediaException {
        if (left == 0) {
            current = nextByte();
            left = 8;
        }
        left--;
        return current >>> left & 1;
    }

    boolean flag() throws MediaException {
        return bit() != 0;
    }

    /** Reads up to 32 bits. */
    int bits(int count) throws MediaException {
        int value = 0;
        for (int i = 0; i < count; i++) {
            value = value << 1 | bit();
        }
        return value;
    }

    void skip(int count) throws MediaException {
        for (int i = 0; i < count; i++) {
            bit();
        }
    }

    /** Reads an unsigned Exp-Golomb code (ISO/IEC 14496-10, 9.1) below 2^31. */
    int ue() throws MediaException {
        int zeroBits = 0;
        while (bit() == 0) {
            zeroBits++;
            if (zeroBits > 30) {
                throw new MediaException(name + ": a number of more than 31 bits");
            }
        }
        return (1 << zeroBits) - 1 + bits(zeroBits);
    }

    /** Reads a signed Exp-Golomb code. */
    int se() throws MediaException {
        int code = ue();
        return (code & 1) == 0 ? -(code >>> 1) : (code >>> 1) + 1;
    }

    private int nextByte() throws MediaException {
        int next = rawByte();
        if (nal && zeros >= 2 && next == 3 && bytes.hasRemaining()) {
            zeros = 0;
            next = rawByte();
        }
        zeros = next == 0 ? zeros + 1 : 0;
        return next;
    }

    private int rawByte() throws MediaException {
        if (!bytes.hasRemaining()) {
            throw new MediaException(name + " is truncated");
        }
        return bytes.get() & 0xff;
    }
}
