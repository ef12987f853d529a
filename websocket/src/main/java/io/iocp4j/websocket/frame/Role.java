package io.iocp4j.websocket.frame;

/**
 * The role of one end of a WebSocket. After the handshake, RFC 6455 distinguishes the two only in masking (section 5.1)
 * and in which of them closes the TCP connection first (section 7.1.1).
 */
public enum Role {
    /** Sends unmasked frames, accepts masked frames only, and closes the TCP connection first. */
    SERVER,
    /** Sends masked frames, accepts unmasked frames only, and waits a limited time for the server to close TCP. */
    CLIENT
}
