package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;

/**
 * Receives the messages and control frames that a {@link MessageAssembler} finds. Runs on the thread that decodes.
 * Buffers hold their bytes from position to limit. They are lent for the call: copy the bytes to use them later.
 */
public interface MessageListener {
    /**
     * Called when a text message is complete.
     *
     * @param text the message, which was valid UTF-8
     * @throws ProtocolException to fail the connection
     */
    void onText(String text) throws ProtocolException;

    /**
     * Called when a binary message is complete.
     *
     * @param data the message, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onBinary(ByteBuffer data) throws ProtocolException;

    /**
     * Called when a part of a message has arrived, if the assembler was created to deliver parts.
     *
     * @param text whether the message is text; its parts are UTF-8 and may be cut inside a character
     * @param part may be empty, lent for the call
     * @param last whether the message ends here
     * @throws ProtocolException to fail the connection
     */
    default void onPart(boolean text, ByteBuffer part, boolean last) throws ProtocolException {
        throw new IllegalStateException("this listener takes whole messages");
    }

    /**
     * Called after a piece of a compressed message, at most 8 KiB, was inflated and then gathered or delivered. The
     * listener can measure here how long inflating takes, and interrupt it with {@link MessageAssembler#suspend()}.
     */
    default void onInflated() {
    }

    /**
     * Called for a Ping: the peer wants a Pong with the same payload (RFC 6455 section 5.5.2).
     *
     * @param payload 0 to 125 bytes, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onPing(ByteBuffer payload) throws ProtocolException;

    /**
     * Called for a Pong, solicited or not (section 5.5.3).
     *
     * @param payload 0 to 125 bytes, lent for the call
     * @throws ProtocolException to fail the connection
     */
    void onPong(ByteBuffer payload) throws ProtocolException;

    /**
     * Called for a Close frame, as the last call. The owner of the decoder stops it with {@link FrameDecoder#stop()}.
     *
     * @param code the code of the peer, or {@link CloseCode#NO_STATUS} if its Close frame was empty
     * @param reason the reason of the peer, at most 123 bytes of UTF-8, often empty
     * @throws ProtocolException to fail the connection
     */
    void onCloseFrame(int code, String reason) throws ProtocolException;
}
