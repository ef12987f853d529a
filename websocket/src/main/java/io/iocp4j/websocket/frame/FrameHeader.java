package io.iocp4j.websocket.frame;

/**
 * The header of one frame (RFC 6455 section 5.2). {@link FrameDecoder} reports valid headers only, so RSV2 and RSV3 are
 * 0 and have no component here. It also unmasks the payload, so the masking key has none either. Immutable. Any thread.
 *
 * @param fin whether this is the last frame of its message
 * @param rsv1 the first reserved bit: the message that begins here is compressed (RFC 7692 section 6)
 * @param opcode the type of the frame
 * @param payloadLength the declared length of the payload in bytes, 0 to 2^63-1
 */
public record FrameHeader(boolean fin, boolean rsv1, Opcode opcode, long payloadLength) {
}
