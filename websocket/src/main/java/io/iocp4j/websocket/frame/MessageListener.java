package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * Whole messages and control frames, as {@link MessageAssembler} finds them. Runs on the thread that decodes. Buffers
 * hold their bytes from position to limit and are lent for the call: who needs them later copies them.
 */
public interface MessageListener {
    /**
     * A text message is complete.
     *
     * @param text the message, which was valid UTF-8
     * @throws ProtocolException to fail the connection
     */
    void onText(String text) throws ProtocolException;

    /**
     * A binary message is complete.
     *
     * @param data the message, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onBinary(ByteBuffer data) throws ProtocolException;

    /**
     * A part of a message has arrived, where the assembler was told to hand on parts.
     *
     * @param text whether the message is text; its parts are UTF-8, which may be cut inside a character
     * @param part perhaps empty, lent for the call
     * @param last whether the message ends here
     * @throws ProtocolException to fail the connection
     */
    default void onPart(boolean text, ByteBuffer part, boolean last) throws ProtocolException {
        throw new IllegalStateException("this listener takes whole messages");
    }

    /**
     * A piece of a compressed message was inflated, of 8 KiB at the most, and gathered or handed on. The place for who wants to
     * know how long that takes, and to end it with {@link MessageAssembler#suspend()}.
     */
    default void onInflated() {
    }

    /**
     * The peer wants a Pong with the same payload (RFC 6455 section 5.5.2).
     *
     * @param payload 0 to 125 bytes, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onPing(ByteBuffer payload) throws ProtocolException;

    /**
     * A Pong arrived, asked for or not (section 5.5.3).
     *
     * @param payload 0 to 125 bytes, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onPong(ByteBuffer payload) throws ProtocolException;

    /**
     * The peer closes. This is the last call; whoever owns the decoder stops it with {@link FrameDecoder#stop()}.
     *
     * @param code the code of the peer, or {@link CloseCode#NO_STATUS} when its Close frame was empty
     * @param reason the reason of the peer, at most 123 bytes of UTF-8, often empty
     * @throws ProtocolException to fail the connection
     */
    void onCloseFrame(int code, String reason) throws ProtocolException;
}
