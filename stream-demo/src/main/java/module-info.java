/**
 * The live video relay: publishers over HTTP and viewers in browsers over WebSocket, on one port.
 * Start with the description of {@link io.iocp4j.relay}.
 */
module io.iocp4j.relay {
    requires transitive io.iocp4j.websocket;
    // JPEG for the built-in test picture
    requires java.desktop;
    // services of Windows; where it is missing, the relay does without
    requires static io.iocp4j.jna;
    // the backend of System.Logger
    requires java.logging;
    // the numbers of the process and the virtual machine, and how it was started
    requires java.management;
    // webhooks, and the service that decides about logins
    requires java.net.http;
    // events of Flight Recorder
    requires jdk.jfr;
    // processor time and file descriptors
    requires jdk.management;

    exports io.iocp4j.relay;
    exports io.iocp4j.relay.config;
    exports io.iocp4j.relay.media;
    exports io.iocp4j.relay.observe;
}
