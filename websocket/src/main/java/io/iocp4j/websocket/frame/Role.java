package io.iocp4j.websocket.frame;

/** The end of a WebSocket. Only masking and the order of the TCP close tell the two apart (RFC 6455 sections 5.1, 7.1.1). */
public enum Role {
    /** Sends unmasked frames, takes masked ones only, and ends the TCP connection first. */
    SERVER,
    /** Sends masked frames, takes unmasked ones only, and leaves the end of the TCP connection to the server for its time. */
    CLIENT
}
