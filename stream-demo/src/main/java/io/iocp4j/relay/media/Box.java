package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One box of ISO/IEC 14496-12 (section 4.2) with a cursor in its body. All of its bytes are in memory. Every read is
 * checked against the end of the box, so that malformed input ends in a {@link MediaException} that names the place.
 * Reading a child moves the cursor of its parent past the child. Children are read in order, and each loop makes
 * progress.
 */
final class Box {
    /** A header with size and type. */
    static final int HEADER_BYTES = 8;
    /** A header with the size 1, the type and a size of 64 bits. */
    static final int LONG_HEADER_BYTES = 16;

    private final String type;
    private final Box parent;
    private final int depth;
    private final int maxDepth;
    private final ByteBuffer body;
    private final long bodyOffset;

    private Box(String type, Box parent, int maxDepth, ByteBuffer body, long bodyOffset) throws MediaException {
        this.type = type;
        this.parent = parent;
        this.depth = parent == null ? 1 : parent.depth + 1;
        this.maxDepth = maxDepth;
        this.body = body;
        this.bodyOffset = bodyOffset;
        if (depth > maxDepth) {
            throw error("nested deeper than " + maxDepth + " levels");
        }
    }

    /**
     * Creates an outermost box.
     *
     * @param type       its type
     * @param body       its body without the header
     * @param bodyOffset the offset of its body in the stream
     * @param maxDepth   the limit of nesting
     */
    static Box outermost(String type, ByteBuffer body, long bodyOffset, int maxDepth) throws MediaException {
        return new Box(type, null, maxDepth, body.slice(), bodyOffset);
    }

    /** Returns the same box with its cursor at the beginning of its body. */
    Box again() throws MediaException {
        return new Box(type, parent, maxDepth, body.duplicate().clear(), bodyOffset);
    }

    /** Returns the same box with another type. */
    Box renamed(String newType) throws MediaException {
        return new Box(newType, parent, maxDepth, body.duplicate().clear(), bodyOffset);
    }

    /** Returns the type as text, with a dot for each byte that cannot be printed. */
    static String printable(String type) {
        StringBuilder text = new StringBuilder(4);
        type.chars().forEach(c -> text.append(c >= 0x20 && c < 0x7f ? (char) c : '.'));
        return text.toString();
    }

    static String typeOf(int fourcc) {
        byte[] bytes = {(byte) (fourcc >>> 24), (byte) (fourcc >>> 16), (byte) (fourcc >>> 8), (byte) fourcc};
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    String type() {
        return type;
    }

    /** Returns the offset of the body in the stream. */
    long bodyOffset() {
        return bodyOffset;
    }

    /** Returns a copy of the whole box, with a header of 8 bytes. */
    byte[] copy() {
        ByteBuffer whole = body.duplicate().clear();
        return ByteBuffer.allocate(HEADER_BYTES + whole.remaining()).putInt(HEADER_BYTES + whole.remaining())
                .put(type.getBytes(StandardCharsets.ISO_8859_1)).put(whole).array();
    }

    /** Returns the next child, or null at the end of this box. */
    Box nextChild() throws MediaException {
        if (!body.hasRemaining()) {
            return null;
        }
        int start = body.position();
        long size = u32();
        String childType = typeOf(i32());
        if (size == 1) {
            size = i64();
        }
        int header = body.position() - start;
        // A size of 0 means "to the end of the file" and is allowed in outermost boxes only. A size of 64 bits with the
        // top bit set is negative here, and the same check refuses it.
        if (size < header) {
            throw errorAt(start, "child '" + printable(childType) + "' declares " + Long.toUnsignedString(size)
                    + " bytes, less than its header");
        }
        if (size - header > body.remaining()) {
            throw errorAt(start, "child '" + printable(childType) + "' declares " + size + " bytes, its parent has "
                    + (body.remaining() + header));
        }
        int bodyBytes = (int) (size - header);
        Box child = new Box(childType, this, maxDepth, body.slice(body.position(), bodyBytes),
                bodyOffset + body.position());
        body.position(body.position() + bodyBytes);
        return child;
    }

    /** Returns the first child of a type from the cursor on, or null. The cursor moves past it. */
    Box findChild(String wanted) throws MediaException {
        for (Box child = nextChild(); child != null; child = nextChild()) {
            if (child.type.equals(wanted)) {
                return child;
            }
        }
        return null;
    }

    /** Returns a child as {@link #findChild(String)} does, and throws if there is none. */
    Box requireChild(String wanted) throws MediaException {
        Box child = findChild(wanted);
        if (child == null) {
            throw missing(wanted);
        }
        return child;
    }

    int remaining() {
        return body.remaining();
    }

    int u8() throws MediaException {
        need(1);
        return body.get() & 0xff;
    }

    int u16() throws MediaException {
        need(2);
        return body.getShort() & 0xffff;
    }

    int i32() throws MediaException {
        need(4);
        return body.getInt();
    }

    long u32() throws MediaException {
        return i32() & 0xffff_ffffL;
    }

    long i64() throws MediaException {
        need(8);
        return body.getLong();
    }

    void skip(int bytes) throws MediaException {
        need(bytes);
        body.position(body.position() + bytes);
    }

    /** Returns an exception that names this box and the position of the cursor. */
    MediaException error(String what) {
        return errorAt(body.position(), what);
    }

    /** Returns an exception that names this box, its beginning and a child that it does not have. */
    MediaException missing(String wanted) {
        return errorAt(0, "has no '" + wanted + "' box");
    }

    private void need(int bytes) throws MediaException {
        if (bytes > body.remaining()) {
            throw error("is truncated: " + bytes + " more bytes needed, " + body.remaining() + " left");
        }
    }

    private MediaException errorAt(int position, String what) {
        return new MediaException(path() + " at byte " + (bodyOffset + position) + ": " + what);
    }

    private String path() {
        String name = printable(type);
        return parent == null ? name : parent.path() + "/" + name;
    }
}
