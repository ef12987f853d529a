package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The elements of EBML (RFC 8794) inside of a whole element, in order. */
final class Ebml {
    /** The most children that are read of one element. */
    private static final int ELEMENTS_MAX = 4_096;
    /** A size that is not known. */
    static final long UNKNOWN = -1;

    private final String name;
    private final ByteBuffer in;
    private int elements;
    private int id;
    private ByteBuffer content;

    Ebml(String name, ByteBuffer in) {
        this.name = name;
        this.in = in.slice();
    }

    /** Returns the bytes of the identifier that begins with this byte, 1 to 4; 0 if there is none. */
    static int idBytes(int first) {
        int zeros = Integer.numberOfLeadingZeros(first & 0xff) - 24;
        return zeros > 3 ? 0 : zeros + 1;
    }

    /** Returns the bytes of the size that begins with this byte, 1 to 8; 0 if there is none. */
    static int sizeBytes(int first) {
        int zeros = Integer.numberOfLeadingZeros(first & 0xff) - 24;
        return zeros > 7 ? 0 : zeros + 1;
    }

    /** Reads an unsigned number with its length marker left in, for identifiers. All bytes must be there. */
    static int id(ByteBuffer in, int at, int bytes) {
        int value = 0;
        for (int i = 0; i < bytes; i++) {
            value = value << 8 | in.get(at + i) & 0xff;
        }
        return value;
    }

    /** Reads a size without its length marker; {@link #UNKNOWN} if all of its bits are set. */
    static long size(ByteBuffer in, int at, int bytes) {
        long value = in.get(at) & (0xff >> bytes);
        for (int i = 1; i < bytes; i++) {
            value = value << 8 | in.get(at + i) & 0xff;
        }
        return value == (1L << 7 * bytes) - 1 ? UNKNOWN : value;
    }

    /** Goes to the next element; false at the end. */
    boolean next() throws MediaException {
        if (!in.hasRemaining()) {
            return false;
        }
        if (++elements > ELEMENTS_MAX) {
            throw error("has more than " + ELEMENTS_MAX + " elements");
        }
        int at = in.position();
        int idBytes = idBytes(in.get(at));
        if (idBytes == 0 || in.remaining() <= idBytes) {
            throw error("has no valid element at byte " + at);
        }
        id = id(in, at, idBytes);
        int sizeBytes = sizeBytes(in.get(at + idBytes));
        if (sizeBytes == 0 || in.remaining() < idBytes + sizeBytes) {
            throw error("has an element without a size at byte " + at);
        }
        long size = size(in, at + idBytes, sizeBytes);
        int begin = at + idBytes + sizeBytes;
        if (size == UNKNOWN || size > in.limit() - begin) {
            throw error("has an element that is longer than it is at byte " + at);
        }
        content = in.slice(begin, (int) size);
        in.position(begin + (int) size);
        return true;
    }

    int id() {
        return id;
    }

    ByteBuffer content() {
        return content.duplicate();
    }

    Ebml children(String childName) {
        return new Ebml(childName, content);
    }

    long number() throws MediaException {
        return number(content);
    }

    /** Reads an unsigned number of up to 8 bytes. */
    private long number(ByteBuffer bytes) throws MediaException {
        if (bytes.remaining() > 8) {
            throw error("has a number of " + bytes.remaining() + " bytes");
        }
        long value = 0;
        for (int i = bytes.position(); i < bytes.limit(); i++) {
            value = value << 8 | bytes.get(i) & 0xff;
        }
        return value;
    }

    /** Reads a floating-point number of 4 or 8 bytes; 0 if it is empty. */
    double real() throws MediaException {
        return switch (content.remaining()) {
            case 0 -> 0;
            case 4 -> content.getFloat(content.position());
            case 8 -> content.getDouble(content.position());
            default -> throw error("has a real number of " + content.remaining() + " bytes");
        };
    }

    String text() {
        byte[] bytes = new byte[Math.min(content.remaining(), 64)];
        content.duplicate().get(bytes);
        return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", "");
    }

    private MediaException error(String what) {
        return new MediaException("WebM: the element '" + name + "' " + what);
    }
}
