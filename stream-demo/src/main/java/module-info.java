/**
 * The live video relay: a publisher, viewers in browsers, both over HTTP and WebSocket on one port.
 * Start with the description of {@link io.iocp4j.relay}.
 */
module io.iocp4j.relay {
    requires transitive io.iocp4j.websocket;
    // JPEG for the built-in test picture
    requires java.desktop;
    // what System.Logger writes to
    requires java.logging;

    exports io.iocp4j.relay;
    exports io.iocp4j.relay.media;
}
