package io.iocp4j.websocket.frame;

/** The type of a frame (RFC 6455 section 5.2). */
public enum Opcode {
    /** A further fragment of the message that a TEXT or BINARY frame without FIN began. */
    CONTINUATION(0x0),
    /** The first or only frame of a message whose bytes are UTF-8. */
    TEXT(0x1),
    /** The first or only frame of a message of plain bytes. */
    BINARY(0x2),
    /** The closing handshake, section 5.5.1. */
    CLOSE(0x8),
    /** A request for a PONG with the same payload, section 5.5.2. */
    PING(0x9),
    /** The reply to a PING, or an unsolicited heartbeat, section 5.5.3. */
    PONG(0xA);

    private final int code;

    Opcode(int code) {
        this.code = code;
    }

    /**
     * Returns the opcode with the given number.
     *
     * @param code the low four bits of the first octet of a frame
     * @return the opcode, or null if RFC 6455 does not define the number (3-7 and 11-15 are reserved)
     */
    public static Opcode of(int code) {
        return switch (code) {
            case 0x0 -> CONTINUATION;
            case 0x1 -> TEXT;
            case 0x2 -> BINARY;
            case 0x8 -> CLOSE;
            case 0x9 -> PING;
            case 0xA -> PONG;
            default -> null;
        };
    }

    /**
     * Returns the number on the wire.
     *
     * @return 0 to 15
     */
    public int code() {
        return code;
    }

    /**
     * Tells whether this is the opcode of a control frame. Control frames are never fragmented, carry at most 125 bytes
     * and may stand between the fragments of a message (section 5.5).
     *
     * @return true for CLOSE, PING and PONG
     */
    public boolean isControl() {
        return code >= 0x8;
    }
}
