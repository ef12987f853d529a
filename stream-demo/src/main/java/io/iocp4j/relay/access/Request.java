package io.iocp4j.relay.access;

import io.iocp4j.websocket.http.HttpRequest;
import java.net.InetAddress;

/**
 * A question for {@link Login}. Immutable. Any thread.
 *
 * @param action what somebody wants to do
 * @param path the stream, without a slash at its beginning; empty where there is none
 * @param client the address of the client
 * @param protocol "http" or "websocket"
 * @param credentials what the request carries; null for none
 * @param query of the request, as sent; may be empty
 * @param userAgent of the request; may be empty
 */
public record Request(Action action, String path, InetAddress client, String protocol, Credentials credentials,
        String query, String userAgent) {
    /**
     * Makes a question of a request.
     *
     * @param action what somebody wants to do
     * @param path the stream, or empty
     * @param client the address of the client
     * @param websocket whether the request opens a WebSocket
     * @param http the request
     * @return the question
     */
    public static Request of(Action action, String path, InetAddress client, boolean websocket, HttpRequest http) {
        String agent = http.headers().first("User-Agent");
        return new Request(action, path, client, websocket ? "websocket" : "http", Credentials.of(http),
                http.query() == null ? "" : http.query(), agent == null ? "" : agent);
    }

    /** Describes it without credentials. */
    @Override
    public String toString() {
        return action.word() + (path.isEmpty() ? "" : " of " + path) + " from " + client.getHostAddress();
    }
}
