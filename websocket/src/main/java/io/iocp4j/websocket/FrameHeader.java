package io.iocp4j.websocket;

/**
 * The header of one frame, RFC 6455 section 5.2. A plain value; {@link FrameDecoder} hands on only headers that keep
 * the rules.
 *
 * @param fin whether this is the last frame of its message
 * @param rsv1 the first reserved bit: the message that begins here is compressed (RFC 7692 section 6)
 * @param rsv2 the second reserved bit
 * @param rsv3 the third reserved bit
 * @param opcode what the frame is
 * @param masked whether the payload is masked on the wire, as every frame of a client is
 * @param maskKey the masking key, first octet in the highest byte; 0 when not masked
 * @param payloadLength the declared length of the payload in bytes, 0 to 2^63-1
 */
public record FrameHeader(boolean fin, boolean rsv1, boolean rsv2, boolean rsv3, Opcode opcode, boolean masked,
                          int maskKey, long payloadLength) {
}
