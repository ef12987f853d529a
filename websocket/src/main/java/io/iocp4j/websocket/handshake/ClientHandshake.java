package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.grammar.HttpToken;
import io.iocp4j.websocket.http.grammar.PercentDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The client's half of one opening handshake (RFC 6455 section 4.1). It makes the request and validates the response.
 * Does no I/O. Immutable. Any thread.
 */
public final class ClientHandshake {
    /** Fields that this class makes, or that have no meaning in an opening request. */
    private static final List<String> RESERVED = List.of("Host", "Upgrade", "Connection", "Content-Length",
            "Transfer-Encoding", "Expect");
    /** The length of a nonce in bytes (section 4.1, item 7). */
    public static final int NONCE_BYTES = 16;
    private static final String INVALID = "not a valid WebSocket handshake: ";
    private static final String RESERVED_PREFIX = "Sec-WebSocket-";

    private final WebSocketUri endpoint;
    private final HttpHeaders headers;
    private final Set<String> subprotocols;
    private final Deflate deflate;
    private final String key;

    /**
     * Creates the handshake with one server.
     *
     * @param endpoint the server and the resource
     * @param headers additional fields, which passed {@link #requireAllowed}
     * @param subprotocols the offered subprotocols, the preferred one first
     * @param deflate whether and how compression is offered
     * @param nonce {@link #NONCE_BYTES} random bytes, fresh for each handshake, so that no cache can answer
     */
    public ClientHandshake(WebSocketUri endpoint, HttpHeaders headers, Set<String> subprotocols, Deflate deflate,
            byte[] nonce) {
        this.endpoint = endpoint;
        this.headers = headers;
        this.subprotocols = subprotocols;
        this.deflate = deflate;
        this.key = Base64.getEncoder().encodeToString(nonce);
    }

    /**
     * Refuses the names of fields that the handshake sets. If such a field stood there twice with different values, two
     * readers could understand the request differently. Fields without meaning in an opening request are refused too.
     *
     * @param name the name of a field
     * @throws IllegalArgumentException if the name is reserved
     */
    public static void requireAllowed(String name) {
        boolean prefixed = name.regionMatches(true, 0, RESERVED_PREFIX, 0, RESERVED_PREFIX.length());
        if (prefixed || RESERVED.stream().anyMatch(name::equalsIgnoreCase)) {
            throw new IllegalArgumentException(name + " is reserved: the handshake sets it, or it means nothing there");
        }
    }

    /**
     * Checks the names of subprotocols to offer.
     *
     * @param names the names, the preferred one first
     * @return the names, in their order
     * @throws IllegalArgumentException if a name is not a token or occurs twice (section 4.1, item 10)
     */
    public static Set<String> requireSubprotocols(String... names) {
        Set<String> checked = new LinkedHashSet<>();
        for (String name : names) {
            if (!HttpToken.isToken(name) || !checked.add(name)) {
                throw new IllegalArgumentException("a subprotocol must be a token, and may be offered only once");
            }
        }
        return Collections.unmodifiableSet(checked);
    }

    /**
     * Returns the opening request. Its path is percent-decoded as a server would do it. A path that a server would
     * refuse stays as it is.
     *
     * @return a request without a body
     */
    public HttpRequest request() {
        String resource = endpoint.resource();
        int mark = resource.indexOf('?');
        String rawPath = mark < 0 ? resource : resource.substring(0, mark);
        String path = PercentDecoder.decodePath(rawPath);
        return new HttpRequest("GET", resource, path == null ? rawPath : path,
                mark < 0 ? null : resource.substring(mark + 1), fields(), true);
    }

    private HttpHeaders fields() {
        HttpHeaders.Builder fields = HttpHeaders.builder()
                .add("Host", endpoint.authority())
                .add("Upgrade", "websocket")
                .add("Connection", "Upgrade")
                .add("Sec-WebSocket-Key", key)
                .add("Sec-WebSocket-Version", ServerHandshake.VERSION);
        if (!subprotocols.isEmpty()) {
            fields.add("Sec-WebSocket-Protocol", String.join(", ", subprotocols));
        }
        String offer = DeflateAgreement.offer(deflate);
        if (offer != null) {
            fields.add(Extension.FIELD, offer);
        }
        headers.forEach(fields::add);
        return fields.build();
    }

    /**
     * Encodes the head of a request without a body.
     *
     * @param method GET or CONNECT
     * @param target the request target as it is sent
     * @param fields all header fields
     * @return a new buffer, ready to be sent
     */
    public static ByteBuffer encode(String method, String target, HttpHeaders fields) {
        StringBuilder head = new StringBuilder(256);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
        fields.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        return ByteBuffer.wrap(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Validates a response 101 (section 4.1, the list at its end).
     *
     * @param response the head that was received
     * @return the result of the handshake; the server may decline an offered subprotocol or offered compression
     * @throws HandshakeException if the connection must not be used
     */
    public HandshakeInfo check(HttpResponseHead response) throws HandshakeException {
        HttpHeaders answer = response.headers();
        require(response.http11(), "the server switches protocols in HTTP/1.0", response);
        require(answer.isOnly("Upgrade", "websocket"), "the server switches to something other than WebSocket",
                response);
        require(answer.hasToken("Connection", "Upgrade"), "Connection without Upgrade", response);
        // ignore Content-Length and Transfer-Encoding: a 1xx response ends at its empty line whatever they say
        // (RFC 9112 section 6.3), and frames follow it
        List<String> accepts = answer.all("Sec-WebSocket-Accept");
        require(accepts.equals(List.of(ServerHandshake.accept(key))), "Sec-WebSocket-Accept does not match the key",
                response);
        List<String> chosen = answer.all("Sec-WebSocket-Protocol");
        require(chosen.isEmpty() || chosen.size() == 1 && subprotocols.contains(chosen.getFirst()),
                "a subprotocol that was not offered, or more than one", response);
        return new HandshakeInfo(request(), answer, chosen.isEmpty() ? null : chosen.getFirst(), agreed(response));
    }

    private DeflateAgreement agreed(HttpResponseHead response) throws HandshakeException {
        try {
            return DeflateAgreement.check(deflate, response.headers());
        } catch (ProtocolException e) {
            throw new HandshakeException(INVALID + e.getMessage(), response);
        }
    }

    private static void require(boolean condition, String fault, HttpResponseHead response) throws HandshakeException {
        if (!condition) {
            throw new HandshakeException(INVALID + fault, response);
        }
    }
}
