package io.iocp4j.websocket.frame;

/** The close codes, which say why a connection ends: RFC 6455 section 7.4.1 and the IANA registry for them. */
public final class CloseCode {
    /** The connection has served its purpose. */
    public static final int NORMAL = 1000;
    /** A server shuts down, or a browser leaves the page. */
    public static final int GOING_AWAY = 1001;
    /** The peer violated the protocol. */
    public static final int PROTOCOL_ERROR = 1002;
    /** The peer sent a type of data that this end does not accept. */
    public static final int UNSUPPORTED_DATA = 1003;
    /** Reported for a Close frame without a code. Never sent. */
    public static final int NO_STATUS = 1005;
    /** Reported for a connection that ended without a Close frame. Never sent. */
    public static final int ABNORMAL = 1006;
    /** The payload of a message does not match its type: text that is not UTF-8. */
    public static final int INVALID_PAYLOAD = 1007;
    /** The peer violated a rule of this end, and no other code fits. */
    public static final int POLICY_VIOLATION = 1008;
    /** A frame or message is larger than this end accepts. */
    public static final int MESSAGE_TOO_BIG = 1009;
    /** The client needs an extension that the server did not accept. */
    public static final int MANDATORY_EXTENSION = 1010;
    /** This end met an unexpected condition. */
    public static final int INTERNAL_ERROR = 1011;
    /** The server restarts. The client may reconnect after a random delay. */
    public static final int SERVICE_RESTART = 1012;
    /** The server is overloaded. The client may reconnect later. */
    public static final int TRY_AGAIN_LATER = 1013;
    /** A gateway received an invalid response from the server behind it. */
    public static final int BAD_GATEWAY = 1014;
    /** Reported for a TLS handshake that failed. Never sent. */
    public static final int TLS_FAILURE = 1015;

    private CloseCode() {
    }

    /**
     * Tells whether a Close frame may carry the code: 1000-1003, 1007-1014 and 3000-4999. All other codes are reserved
     * or unassigned, or they only describe an end that no Close frame announced (sections 7.4.1 and 7.4.2).
     *
     * @param code any number
     * @return true if the code is legal on the wire
     */
    public static boolean mayBeSent(int code) {
        return code >= NORMAL && code <= UNSUPPORTED_DATA
            || code >= INVALID_PAYLOAD && code <= BAD_GATEWAY
            || code >= 3000 && code <= 4999;
    }
}
