package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes boxes of ISO/IEC 14496-12 (section 4.2) into a {@link ByteCollector}. The size of a box is filled in when it
 * ends. What exceeds the limit of the collector is a {@link MediaException} before memory is allocated for it.
 */
final class BoxWriter {
    private final ByteCollector out;
    private final String limitName;
    private final ByteBuffer scratch = ByteBuffer.allocate(8);

    /**
     * Creates a writer that appends.
     *
     * @param limitName the name of the collector's limit, for the message when it is exceeded
     */
    BoxWriter(ByteCollector out, String limitName) {
        this.out = out;
        this.limitName = limitName;
    }

    /** Begins a box and returns its position, which {@link #end(int)} needs. */
    int begin(String type) throws MediaException {
        int at = out.size();
        u32(0);
        text(type);
        return at;
    }

    /** Begins a box with version and flags. */
    int beginFull(String type, int version, int flags) throws MediaException {
        int at = begin(type);
        u32(version << 24 | flags);
        return at;
    }

    void end(int box) {
        out.setInt(box, out.size() - box);
    }

    int size() {
        return out.size();
    }

    BoxWriter u8(int value) throws MediaException {
        return put(scratch.clear().put((byte) value));
    }

    BoxWriter u16(int value) throws MediaException {
        return put(scratch.clear().putShort((short) value));
    }

    BoxWriter u32(int value) throws MediaException {
        return put(scratch.clear().putInt(value));
    }

    BoxWriter u64(long value) throws MediaException {
        return put(scratch.clear().putLong(value));
    }

    BoxWriter text(String text) throws MediaException {
        return bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    BoxWriter zeros(int count) throws MediaException {
        return bytes(new byte[count]);
    }

    BoxWriter bytes(byte... bytes) throws MediaException {
        return bytes(ByteBuffer.wrap(bytes));
    }

    /** Appends the bytes from position to limit, and leaves both unchanged. */
    BoxWriter bytes(ByteBuffer bytes) throws MediaException {
        if (bytes.remaining() > out.room()) {
            throw new MediaException("more than the allowed bytes in one piece (" + limitName + ")");
        }
        out.append(bytes.duplicate(), bytes.remaining());
        return this;
    }

    private BoxWriter put(ByteBuffer written) throws MediaException {
        return bytes(written.flip());
    }
}
