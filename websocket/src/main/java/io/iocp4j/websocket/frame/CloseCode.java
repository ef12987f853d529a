package io.iocp4j.websocket.frame;

/** Why a connection ends: the numbers of RFC 6455 section 7.4.1 and of the IANA registry it founded. */
public final class CloseCode {
    /** The purpose of the connection is fulfilled. */
    public static final int NORMAL = 1000;
    /** A server goes down or a browser leaves the page. */
    public static final int GOING_AWAY = 1001;
    /** The peer broke the rules of framing. */
    public static final int PROTOCOL_ERROR = 1002;
    /** The peer sent a kind of data that this end does not take. */
    public static final int UNSUPPORTED_DATA = 1003;
    /** Stands for a Close frame without a code; never sent. */
    public static final int NO_STATUS = 1005;
    /** Stands for a connection that ended without a Close frame; never sent. */
    public static final int ABNORMAL = 1006;
    /** The bytes of a message do not fit its type: text that is not UTF-8. */
    public static final int INVALID_PAYLOAD = 1007;
    /** A rule of this end was broken for which there is no better code. */
    public static final int POLICY_VIOLATION = 1008;
    /** A frame or message is larger than this end takes. */
    public static final int MESSAGE_TOO_BIG = 1009;
    /** The client needs an extension that the server did not accept. */
    public static final int MANDATORY_EXTENSION = 1010;
    /** Something unexpected at this end. */
    public static final int INTERNAL_ERROR = 1011;
    /** The server restarts; the client may come back after a random delay. */
    public static final int SERVICE_RESTART = 1012;
    /** The server is overloaded; the client may come back later. */
    public static final int TRY_AGAIN_LATER = 1013;
    /** A gateway got an invalid answer from the server behind it. */
    public static final int BAD_GATEWAY = 1014;
    /** Stands for a TLS handshake that failed; never sent. */
    public static final int TLS_FAILURE = 1015;

    private CloseCode() {
    }

    /**
     * Says whether a Close frame may carry the code: 1000-1003, 1007-1014 and 3000-4999. All others are reserved,
     * belong to nobody, or only describe an end that no frame announced (sections 7.4.1 and 7.4.2).
     *
     * @param code any number
     * @return true when the code is legal on the wire
     */
    public static boolean mayBeSent(int code) {
        return code >= NORMAL && code <= UNSUPPORTED_DATA
            || code >= INVALID_PAYLOAD && code <= BAD_GATEWAY
            || code >= 3000 && code <= 4999;
    }
}
