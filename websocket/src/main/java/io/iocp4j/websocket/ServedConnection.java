package io.iocp4j.websocket;

/** A connection as its server sees it: HTTP at first, and perhaps a WebSocket later. */
interface ServedConnection {
    /** The server that counts its connections, or the maker of a pair. */
    interface Owner {
        /** It is open. */
        default void added(HttpConnection connection) {
        }

        /** It carries a WebSocket from now on, which takes its place. */
        default void upgraded(HttpConnection connection, WebSocketConnection webSocket) {
        }

        /** It is gone, without an upgrade. */
        default void removed(HttpConnection connection) {
        }

        /** The WebSocket is gone that has taken its place. */
        default void removed(WebSocketConnection webSocket) {
        }
    }

    /** Ends it gracefully, because the server stops. A second call does nothing. Any thread. */
    void stop();
}
