package io.iocp4j.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A message on the heap; the text is null in a binary one. */
record PlainMessage(String text, ByteBuffer data) implements Message {
    @Override
    public boolean isText() {
        return text != null;
    }

    @Override
    public String text() {
        return text != null ? text : StandardCharsets.UTF_8.decode(data()).toString();
    }

    @Override
    public ByteBuffer data() {
        return data.asReadOnlyBuffer();
    }

    @Override
    public String toString() {
        return "Message[" + (isText() ? "text, " : "binary, ") + data.remaining() + " bytes]";
    }
}
