package io.iocp4j.websocket;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.websocket.frame.CloseCode;

/**
 * The end of a WebSocket (RFC 6455 sections 7.1.5 and 7.1.6): code, reason, and the side that began it.
 *
 * @param code of the Close frame that began the end; {@link CloseCode#NO_STATUS} if it had none,
 *     {@link CloseCode#ABNORMAL} if the connection ended without one
 * @param reason of that frame; without a frame, the event that ended the connection, in words
 * @param initiator the side that sent the frame, or ended the connection
 * @param clean whether both sides have sent a Close frame
 */
public record CloseStatus(int code, String reason, Initiator initiator, boolean clean) {
}
