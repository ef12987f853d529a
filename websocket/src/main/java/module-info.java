/**
 * WebSocket (RFC 6455) and as much HTTP/1.1 as its server needs, on the completion port of {@code io.iocp4j.core}.
 * Start with the description of {@link io.iocp4j.websocket}.
 */
module io.iocp4j.websocket {
    requires transitive io.iocp4j.core;
    requires jdk.jfr;

    exports io.iocp4j.websocket;
    exports io.iocp4j.websocket.frame;
    exports io.iocp4j.websocket.handshake;
    exports io.iocp4j.websocket.http;
}
