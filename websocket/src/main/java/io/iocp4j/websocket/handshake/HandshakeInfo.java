package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import java.util.List;
import java.util.Objects;

/**
 * How a WebSocket was opened (RFC 6455 section 4): what the client asked and what both agreed on.
 *
 * @param request as the client sent it
 * @param response the fields of the server's 101
 * @param subprotocol what was agreed on, or null
 * @param deflate how messages may be compressed, or null if they may not
 */
public record HandshakeInfo(HttpRequest request, HttpHeaders response, String subprotocol, DeflateAgreement deflate) {
    /** Checks for null; only the subprotocol and the agreement may be null. */
    public HandshakeInfo {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(response, "response");
    }

    /**
     * The extensions in use.
     *
     * @return as the server wrote them, one element each; permessage-deflate is the only one that is spoken
     */
    public List<String> extensions() {
        return deflate == null ? List.of() : List.of(deflate.extension());
    }
}
