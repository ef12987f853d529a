package io.iocp4j.websocket;

/** A connection as its server sees it: HTTP at first, and perhaps a WebSocket later. */
interface ServedConnection {
    /** The owner of a connection: the server, which counts them, or the maker of a pair. */
    interface Owner {
        /** The connection is open. */
        default void added(HttpConnection connection) {
        }

        /** A WebSocket has replaced the HTTP connection. */
        default void upgraded(HttpConnection connection, WebSocketConnection webSocket) {
        }

        /** The connection has ended without an upgrade. */
        default void removed(HttpConnection connection) {
        }

        /** The WebSocket that replaced the HTTP connection has ended. */
        default void removed(WebSocketConnection webSocket) {
        }
    }

    /** Ends the connection gracefully, because the server stops. A second call does nothing. Any thread. */
    void stop();
}
