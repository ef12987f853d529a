package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import io.iocp4j.websocket.http.grammar.HttpToken;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The server's half of the opening handshake (RFC 6455 section 4.2); the client's is a class of its own. Pure
 * functions, for any thread.
 *
 * <p>What is to be said about {@code Sec-WebSocket-Extensions} stands in {@link DeflateAgreement}.
 */
public final class ServerHandshake {
    /** RFC 6455 section 1.3. */
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static final String VERSION = "13";
    private static final String SUBPROTOCOLS = "Sec-WebSocket-Protocol";
    /** Base64 of 16 bytes: 22 digits and two signs of padding. */
    private static final int KEY_DIGITS = 22;

    private ServerHandshake() {
    }

    /**
     * Whether a request asks for WebSocket, so that a server can tell it from plain HTTP on the same path. What else
     * is wrong with it is the matter of {@link #check}.
     *
     * @param request a checked request
     * @return always false for HTTP/1.0, whose Upgrade field must be ignored (RFC 9110 section 7.8)
     */
    public static boolean isUpgrade(HttpRequest request) {
        return request.http11() && request.headers().hasToken("Upgrade", "websocket");
    }

    /**
     * Refuses whatever is no valid opening request.
     *
     * @param request a checked request
     * @param origins which pages may connect
     * @throws HttpException 405 with Allow if the method is not GET; 426 with Upgrade and Sec-WebSocket-Version if it
     *     is no upgrade or of another version than 13; 400 for a body or anything but one key of 16 bytes; 403 for
     *     the origin
     */
    public static void check(HttpRequest request, Origins origins) throws HttpException {
        if (!request.method().equals("GET")) {
            HttpHeaders allow = HttpHeaders.builder().add("Allow", "GET").build();
            throw new HttpException(405, "a WebSocket is opened with GET", allow);
        }
        if (!isUpgrade(request) || !request.headers().hasToken("Connection", "Upgrade")) {
            throw upgradeRequired("this is a WebSocket endpoint");
        }
        if (request.chunked() || request.contentLength() > 0) {
            throw HttpException.badRequest("an opening request has no body");
        }
        // before the key, which clients of old drafts do not send: they learn the version they need
        if (!request.headers().all("Sec-WebSocket-Version").equals(List.of(VERSION))) {
            throw upgradeRequired("only WebSocket version 13 is spoken here");
        }
        List<String> keys = request.headers().all("Sec-WebSocket-Key");
        if (keys.size() != 1 || !isKey(keys.getFirst())) {
            throw HttpException.badRequest("exactly one Sec-WebSocket-Key of 16 bytes in Base64 is needed");
        }
        if (!origins.allows(request)) {
            throw new HttpException(403, "this origin may not connect");
        }
    }

    /**
     * Chooses a subprotocol (RFC 6455 section 4.2.2): the first of the server's that the client offers.
     *
     * @param request the opening request
     * @param supported in the order the server prefers them; names are compared in exactly their case
     * @return null if there is none in common; the connection then opens without
     * @throws HttpException 400 if the field is there without an element, or has one that is no token, or one twice
     */
    public static String subprotocol(HttpRequest request, List<String> supported) throws HttpException {
        Set<String> offered = offeredSubprotocols(request);
        if (offered == null) {
            throw HttpException.badRequest("malformed Sec-WebSocket-Protocol");
        }
        for (String candidate : supported) {
            if (offered.contains(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /**
     * The response that opens the connection; frames follow it. Encode it with {@code encode(false, true)}.
     *
     * @param request a request that passed {@link #check}
     * @param subprotocol the choice of {@link #subprotocol}, or null
     * @param deflate the choice of {@link DeflateAgreement#accept}, or null
     * @return a response 101
     * @throws IllegalArgumentException if the client did not offer the subprotocol: it would have to fail the
     *     connection
     */
    public static HttpResponse switching(HttpRequest request, String subprotocol, DeflateAgreement deflate) {
        HttpResponse response = HttpResponse.of(101)
                .withHeader("Upgrade", "websocket")
                .withHeader("Sec-WebSocket-Accept", accept(request.headers().first("Sec-WebSocket-Key")));
        if (deflate != null) {
            response = response.withHeader(Extension.FIELD, deflate.extension());
        }
        if (subprotocol == null) {
            return response;
        }
        Set<String> offered = offeredSubprotocols(request);
        if (offered == null || !offered.contains(subprotocol)) {
            throw new IllegalArgumentException("the client did not offer the subprotocol " + subprotocol);
        }
        return response.withHeader(SUBPROTOCOLS, subprotocol);
    }

    /**
     * What proves to the client that its handshake was understood (RFC 6455 section 1.3).
     *
     * @param key the Sec-WebSocket-Key as sent
     * @return the value of Sec-WebSocket-Accept
     */
    public static String accept(String key) {
        try {
            // no secrecy hangs on SHA-1 here: it only keeps servers that do not know WebSocket from answering by chance
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            byte[] digest = sha1.digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-1", impossible);
        }
    }

    /** Both fields: Upgrade belongs to every 426 (RFC 9110 section 15.5.22), the version to RFC 6455 section 4.4. */
    private static HttpException upgradeRequired(String message) {
        HttpHeaders headers = HttpHeaders.builder()
                .add("Upgrade", "websocket")
                .add("Sec-WebSocket-Version", VERSION)
                .build();
        return new HttpException(426, message, headers);
    }

    private static boolean isKey(String key) {
        if (key.length() != KEY_DIGITS + 2 || !key.endsWith("==")) {
            return false;
        }
        for (int i = 0; i < KEY_DIGITS; i++) {
            char c = key.charAt(i);
            boolean alphanumeric = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!alphanumeric && c != '+' && c != '/') {
                return false;
            }
        }
        return true;
    }

    /**
     * The elements of all lines; null if malformed: RFC 6455 section 4.1 wants tokens, each once, and a field that is there has one.
     * Empty elements are left where lists are put together, and passed over (RFC 9110 section 5.6.1.2).
     */
    private static Set<String> offeredSubprotocols(HttpRequest request) {
        List<String> elements = request.headers().elements(SUBPROTOCOLS);
        if (elements.isEmpty() && request.headers().first(SUBPROTOCOLS) != null) {
            return null;
        }
        Set<String> offered = new LinkedHashSet<>();
        for (String element : elements) {
            if (!HttpToken.isToken(element) || !offered.add(element)) {
                return null;
            }
        }
        return offered;
    }
}
