package io.iocp4j.websocket.frame;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes frame headers (RFC 6455 section 5.2), with the payload length in its shortest form. The caller sends the
 * payload behind the header; a client masks it first, with {@link Masker#mask}. Stateless. Any thread.
 */
public final class FrameEncoder {
    /** The longest payload of a control frame in bytes (section 5.5), and of any frame with a 7-bit length. */
    private static final int SHORT_MAX = 125;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int CLOSE_CODE_BYTES = 2;
    private static final int REASON_MAX = SHORT_MAX - CLOSE_CODE_BYTES;

    private FrameEncoder() {
    }

    /**
     * Returns the number of bytes that {@code putHeader} will write.
     *
     * @param payloadLength bytes of payload
     * @param masked whether the header has a masking key, as it must at a client
     * @return 2 to 14
     * @throws IllegalArgumentException if the length is negative
     */
    public static int headerLength(long payloadLength, boolean masked) {
        if (payloadLength < 0) {
            throw new IllegalArgumentException("negative payload length: " + payloadLength);
        }
        int lengthBytes = payloadLength <= SHORT_MAX ? 0 : payloadLength <= 0xFFFF ? Short.BYTES : Long.BYTES;
        return 2 + lengthBytes + (masked ? Integer.BYTES : 0);
    }

    /**
     * Writes the header of an unmasked frame. A server sends such frames.
     *
     * @param out receives the header at its position, in network byte order whatever the order of the buffer is
     * @param fin whether this is the last frame of the message
     * @param rsv1 whether the message is compressed; only on the first frame of a message (RFC 7692 section 6)
     * @param opcode the type of the frame
     * @param payloadLength bytes of payload that will follow
     * @throws IllegalArgumentException if the frame would violate the protocol: a control frame that is fragmented or
     *     longer than 125 bytes, RSV1 on a control or continuation frame, a negative length
     * @throws BufferOverflowException if {@code out} has too little room; then nothing was written
     */
    public static void putHeader(ByteBuffer out, boolean fin, boolean rsv1, Opcode opcode, long payloadLength) {
        putStart(out, fin, rsv1, opcode, payloadLength, false);
    }

    /**
     * Writes the header of a masked frame. A client sends such frames.
     *
     * @param out receives the header at its position, in network byte order whatever the order of the buffer is
     * @param fin whether this is the last frame of the message
     * @param rsv1 whether the message is compressed; only on the first frame of a message (RFC 7692 section 6)
     * @param opcode the type of the frame
     * @param payloadLength bytes of payload that will follow
     * @param maskKey the masking key, fresh and unpredictable for each frame (section 5.3); the same key goes to
     *     {@link Masker#mask}
     * @throws IllegalArgumentException if the frame would violate the protocol: a control frame that is fragmented or
     *     longer than 125 bytes, RSV1 on a control or continuation frame, a negative length
     * @throws BufferOverflowException if {@code out} has too little room; then nothing was written
     */
    public static void putHeader(ByteBuffer out, boolean fin, boolean rsv1, Opcode opcode, long payloadLength,
                                 int maskKey) {
        putStart(out, fin, rsv1, opcode, payloadLength, true);
        putBigEndian(out, maskKey, Integer.BYTES);
    }

    /**
     * Builds the payload of a Close frame (section 5.5.1). A Close frame without a code has an empty payload instead.
     *
     * @param code a code that {@link CloseCode#mayBeSent may be sent}
     * @param reason at most 123 bytes of UTF-8; an unpaired surrogate becomes a question mark
     * @return a new heap buffer, ready to be read
     * @throws IllegalArgumentException if the code may not be sent or the reason is too long
     */
    public static ByteBuffer closePayload(int code, String reason) {
        if (!CloseCode.mayBeSent(code)) {
            throw new IllegalArgumentException("close code that may not be sent: " + code);
        }
        // every character takes at least one byte, so a long reason is refused before it is encoded
        if (reason.length() > REASON_MAX) {
            throw new IllegalArgumentException(
                    "close reason has " + reason.length() + " characters, at most " + REASON_MAX + " bytes");
        }
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        if (text.length > REASON_MAX) {
            throw new IllegalArgumentException("close reason has " + text.length + " bytes, at most " + REASON_MAX);
        }
        ByteBuffer payload = ByteBuffer.allocate(CLOSE_CODE_BYTES + text.length);
        putBigEndian(payload, code, CLOSE_CODE_BYTES);
        return payload.put(text).flip();
    }

    private static void putStart(ByteBuffer out, boolean fin, boolean rsv1, Opcode opcode, long payloadLength,
                                 boolean masked) {
        int headerLength = headerLength(payloadLength, masked);
        if (opcode.isControl() && payloadLength > SHORT_MAX) {
            throw new IllegalArgumentException(
                    opcode + " frame has " + payloadLength + " bytes, at most " + SHORT_MAX);
        }
        if (opcode.isControl() && !fin) {
            throw new IllegalArgumentException(opcode + " frame must not be a fragment");
        }
        if (rsv1 && (opcode.isControl() || opcode == Opcode.CONTINUATION)) {
            throw new IllegalArgumentException("RSV1 on a " + opcode + " frame");
        }
        if (out.remaining() < headerLength) {
            throw new BufferOverflowException();
        }
        out.put((byte) ((fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode.code()));
        int maskBit = masked ? 0x80 : 0;
        if (payloadLength <= SHORT_MAX) {
            out.put((byte) (maskBit | (int) payloadLength));
        } else if (payloadLength <= 0xFFFF) {
            out.put((byte) (maskBit | LENGTH_16));
            putBigEndian(out, payloadLength, Short.BYTES);
        } else {
            out.put((byte) (maskBit | LENGTH_64));
            putBigEndian(out, payloadLength, Long.BYTES);
        }
    }

    private static void putBigEndian(ByteBuffer out, long value, int bytes) {
        for (int shift = (bytes - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            out.put((byte) (value >>> shift));
        }
    }
}
