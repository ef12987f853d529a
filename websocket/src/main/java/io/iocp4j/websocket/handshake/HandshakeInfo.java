package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import java.util.List;
import java.util.Objects;

/**
 * The result of an opening handshake (RFC 6455 section 4): what the client asked for and what both ends agreed on.
 * Immutable. Any thread.
 *
 * @param request the opening request as the client sent it
 * @param response the header fields of the server's response 101
 * @param subprotocol the agreed subprotocol, or null
 * @param deflate the agreed compression, or null if there is none
 */
public record HandshakeInfo(HttpRequest request, HttpHeaders response, String subprotocol, DeflateAgreement deflate) {
    /** Checks for null. Only the subprotocol and the compression may be null. */
    public HandshakeInfo {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(response, "response");
    }

    /**
     * Returns the extensions in use.
     *
     * @return one element each, as the server wrote it; only permessage-deflate is supported
     */
    public List<String> extensions() {
        return deflate == null ? List.of() : List.of(deflate.extension());
    }
}
