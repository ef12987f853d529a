package io.iocp4j.websocket.frame;

/**
 * The header of one frame, RFC 6455 section 5.2. A plain value; {@link FrameDecoder} hands on only headers that keep
 * the rules, so the other two reserved bits are 0, and payload without its mask, so the key is of no use to anybody.
 *
 * @param fin whether this is the last frame of its message
 * @param rsv1 the first reserved bit: the message that begins here is compressed (RFC 7692 section 6)
 * @param opcode what the frame is
 * @param payloadLength the declared length of the payload in bytes, 0 to 2^63-1
 */
public record FrameHeader(boolean fin, boolean rsv1, Opcode opcode, long payloadLength) {
}
