/**
 * The live video relay: publishers over HTTP and viewers in browsers over WebSocket, on one port.
 * Start with the description of {@link io.iocp4j.relay}.
 */
module io.iocp4j.relay {
    requires transitive io.iocp4j.websocket;
    // JPEG for the built-in test picture
    requires java.desktop;
    // the backend of System.Logger
    requires java.logging;
    // asks the service that decides about logins
    requires java.net.http;

    exports io.iocp4j.relay;
    exports io.iocp4j.relay.config;
    exports io.iocp4j.relay.media;
}
