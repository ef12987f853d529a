package io.iocp4j.relay;

import io.iocp4j.websocket.JsonTree;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * One message of {@code relay.v1}: a JSON text, or a 16-byte header in network byte order (kind, flags, track, sequence
 * number, time of origin) with its payload.
 */
record WireMessage(Map<String, Object> text, int kind, int flags, long seq, int payloadBytes) {
    static final int HEADER_BYTES = 16;

    private static final int MEDIA = 2;
    private static final int KEY = 1;
    private static final int DISCONT = 2;

    static WireMessage ofText(String text) {
        return new WireMessage(JsonTree.readObject(text), 0, 0, -1, 0);
    }

    static WireMessage ofBinary(ByteBuffer bytes) {
        int kind = bytes.get() & 0xff;
        int flags = bytes.get() & 0xff;
        bytes.getShort();
        long seq = bytes.getInt() & 0xffff_ffffL;
        bytes.getLong();
        return new WireMessage(Map.of(), kind, flags, seq, bytes.remaining());
    }

    boolean isMedia() {
        return kind == MEDIA;
    }

    boolean isKey() {
        return (flags & KEY) != 0;
    }

    boolean isDiscont() {
        return (flags & DISCONT) != 0;
    }

    /** Tells whether this is a control text of a type. */
    boolean isText(String type) {
        return type.equals(text.get("t"));
    }
}
