package io.iocp4j.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A message on the heap. Exactly one of {@code characters} and {@code bytes} is set. */
record PlainMessage(String characters, ByteBuffer bytes, boolean isCompressible) implements Message {
    PlainMessage(String characters, ByteBuffer bytes) {
        this(characters, bytes, true);
    }

    @Override
    public Message uncompressed() {
        return new PlainMessage(characters, bytes, false);
    }

    @Override
    public boolean isText() {
        return characters != null;
    }

    @Override
    public String text() {
        return isText() ? characters : StandardCharsets.UTF_8.decode(data()).toString();
    }

    @Override
    public ByteBuffer data() {
        return isText() ? ByteBuffer.wrap(characters.getBytes(StandardCharsets.UTF_8)) : bytes.asReadOnlyBuffer();
    }

    @Override
    public String toString() {
        return isText() ? "Message[text, " + characters.length() + " characters]"
                : "Message[binary, " + bytes.remaining() + " bytes]";
    }
}
