package io.iocp4j.websocket;

import io.iocp4j.core.BufferPool;
import io.iocp4j.websocket.frame.Opcode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A whole message: a plain value, as {@code receive} returns it, or a {@link SharedMessage}, which is framed once for
 * any number of receivers. Immutable, for any thread.
 */
public sealed interface Message permits PlainMessage, SharedMessage {
    /**
     * Tells whether this is text.
     *
     * @return false for binary data
     */
    boolean isText();

    /**
     * The message as text.
     *
     * @return for binary data its bytes read as UTF-8, with U+FFFD for malformed ones
     */
    String text();

    /**
     * The message as bytes, text as UTF-8.
     *
     * @return a read-only buffer of the caller's own
     */
    ByteBuffer data();

    /**
     * Whether it may be compressed if that was agreed on.
     *
     * @return true unless it is {@link #uncompressed()}
     */
    boolean isCompressible();

    /**
     * The same message, to be sent without compression. Use it for data that is compressed already, such as pictures.
     * Use it also for a message with both a secret and text of an attacker: its compressed length would show whether
     * the attacker has guessed a part of the secret.
     *
     * @return a message that is not {@link #isCompressible()}
     */
    Message uncompressed();

    /**
     * Makes a text message.
     *
     * @param text is sent as UTF-8; unpaired surrogates become '?'
     * @return a value
     */
    static Message text(String text) {
        return new PlainMessage(Objects.requireNonNull(text), null);
    }

    /**
     * Makes a binary message.
     *
     * @param data copied between position and limit; its position stays
     * @return a value
     */
    static Message binary(ByteBuffer data) {
        return new PlainMessage(null, ByteBuffer.allocate(data.remaining()).put(data.duplicate()).flip());
    }

    /**
     * Makes a binary message.
     *
     * @param data copied
     * @return a value
     */
    static Message binary(byte[] data) {
        return binary(ByteBuffer.wrap(data));
    }

    /**
     * Frames text once for many receivers.
     *
     * @param pool where the memory comes from, usually that of the port
     * @param text as {@link #text(String)}
     * @return with one reference, which the caller must release
     */
    static SharedMessage shared(BufferPool pool, String text) {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        return SharedMessage.of(pool, Opcode.TEXT, bytes, ByteBuffer.allocate(0));
    }

    /**
     * Frames binary data once for many receivers.
     *
     * @param pool where the memory comes from, usually that of the port
     * @param data copied; keeps its position
     * @return with one reference, which the caller must release
     */
    static SharedMessage shared(BufferPool pool, ByteBuffer data) {
        return shared(pool, ByteBuffer.allocate(0), data);
    }

    /**
     * Frames binary data in two pieces once for many receivers.
     *
     * @param pool where the memory comes from, usually that of the port
     * @param head copied first
     * @param body copied after it; both keep their positions
     * @return with one reference, which the caller must release
     */
    static SharedMessage shared(BufferPool pool, ByteBuffer head, ByteBuffer body) {
        return SharedMessage.of(pool, Opcode.BINARY, head, body);
    }
}
