package io.iocp4j.websocket;

import java.util.List;
import java.util.Objects;

/**
 * How a WebSocket was opened (RFC 6455 section 4): what the client asked and what both agreed on.
 *
 * @param request as the client sent it
 * @param response the fields of the server's 101
 * @param subprotocol what was agreed on, or null
 * @param extensions the extensions in use, as the server wrote them, one element each
 */
public record OpeningHandshake(HttpRequest request, HttpHeaders response, String subprotocol, List<String> extensions) {
    /** Checks for null; only the subprotocol may be null. */
    public OpeningHandshake {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(response, "response");
        extensions = List.copyOf(extensions);
    }
}
