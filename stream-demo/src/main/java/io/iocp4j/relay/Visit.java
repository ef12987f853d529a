package io.iocp4j.relay;

import io.iocp4j.websocket.http.HttpRequest;
import java.net.InetAddress;

/**
 * A request or handshake that has passed the doors. Immutable, except for its pass. Any thread.
 *
 * @param request the head as it arrived
 * @param path the decoded path, without the base path
 * @param client the address of the client; not that of a proxy which is trusted
 * @param pass the permission of the client
 */
record Visit(HttpRequest request, String path, InetAddress client, Pass pass) {
    /** Returns the address for the log and the API, without a host name. */
    String from() {
        return client.getHostAddress();
    }
}
