package io.iocp4j.websocket;

import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.frame.Role;
import io.iocp4j.websocket.handshake.HandshakeInfo;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The life of a WebSocket, from the opening handshake to the end of its connection, for Java Flight Recorder. */
@Name("io.iocp4j.websocket.WebSocket")
@Label("WebSocket")
@Category("iocp4j")
@Description("A WebSocket that has ended; begins when it was opened")
@StackTrace(false)
final class WebSocketEvent extends Event {
    @Label("Peer")
    String peer;
    @Label("Role")
    String role;
    @Label("Path")
    String path;
    @Label("Close Code")
    int code;
    @Label("Close Reason")
    String reason;
    @Label("Initiator")
    String initiator;
    @Label("Clean")
    boolean clean;
    @Label("Messages Received")
    long messagesReceived;
    @Label("Messages Sent")
    long messagesSent;
    @Label("Bytes Received")
    @Description("Of TCP, with the handshake")
    long bytesReceived;
    @Label("Bytes Sent")
    @Description("Of TCP, with the handshake")
    long bytesSent;

    void closed(TcpConnection tcp, Role end, HandshakeInfo handshake, CloseStatus status, long received, long sent) {
        if (shouldCommit()) {
            peer = String.valueOf(tcp.remote());
            role = end.name();
            path = handshake.request().path();
            code = status.code();
            reason = status.reason();
            initiator = status.initiator().name();
            clean = status.clean();
            messagesReceived = received;
            messagesSent = sent;
            bytesReceived = tcp.bytesRead();
            bytesSent = tcp.bytesWritten();
            commit();
        }
    }
}
