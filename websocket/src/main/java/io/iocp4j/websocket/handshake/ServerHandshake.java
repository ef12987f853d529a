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
 * The server's half of the opening handshake (RFC 6455 section 4.2). {@link ClientHandshake} is the client's half, and
 * {@link DeflateAgreement} handles {@code Sec-WebSocket-Extensions}. Pure functions. Any thread.
 */
public final class ServerHandshake {
    /** The GUID of RFC 6455 section 1.3. */
    private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static final String VERSION = "13";
    private static final String SUBPROTOCOLS = "Sec-WebSocket-Protocol";
    /** Base64 of 16 bytes has 22 digits, then two padding characters. */
    private static final int KEY_DIGITS = 22;

    private ServerHandshake() {
    }

    /**
     * Tells whether a request asks for WebSocket, so that a server can distinguish it from plain HTTP on the same path.
     * {@link #check} finds everything else that may be wrong with it.
     *
     * @param request a valid HTTP request
     * @return true if it does; always false for HTTP/1.0, whose Upgrade field must be ignored (RFC 9110 section 7.8)
     */
    public static boolean isUpgrade(HttpRequest request) {
        return request.http11() && request.headers().hasToken("Upgrade", "websocket");
    }

    /**
     * Refuses every request that is not a valid opening request.
     *
     * @param request a valid HTTP request
     * @param origins which pages may connect
     * @throws HttpException 405 with Allow if the method is not GET; 426 with Upgrade and Sec-WebSocket-Version if the
     *     request is not an upgrade or its version is not 13; 400 if it has a body or not exactly one key of 16 bytes;
     *     403 if the origin may not connect
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
        // check the version before the key: clients of old drafts send no key, and they should learn the right version
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
     * Chooses a subprotocol (RFC 6455 section 4.2.2): the server's first one that the client offers.
     *
     * @param request the opening request
     * @param supported the server's subprotocols, the preferred one first; comparison is case-sensitive
     * @return the choice; null if there is none in common, and then the connection opens without a subprotocol
     * @throws HttpException 400 if the field is present but empty, or if an element is not a token or occurs twice
     */
    public static String subprotocol(HttpRequest request, List<String> supported) throws HttpException {
        List<String> offered = offeredSubprotocols(request);
        for (String candidate : supported) {
            if (offered.contains(candidate)) {
                return candidate;
            }
        }
        return null;
    }

    /**
     * Returns the subprotocols that a client offers.
     *
     * @param request the opening request
     * @return in the order of the client's preference; may be empty
     * @throws HttpException 400 if the field is present but empty, or if an element is not a token or occurs twice
     */
    public static List<String> offeredSubprotocols(HttpRequest request) throws HttpException {
        Set<String> offered = tokens(request);
        if (offered == null) {
            throw HttpException.badRequest("malformed Sec-WebSocket-Protocol");
        }
        return List.copyOf(offered);
    }

    /**
     * Makes the response that opens the connection. Frames follow it. Encode it with {@code encode(false, true)}.
     *
     * @param request a request that passed {@link #check}
     * @param subprotocol the choice of {@link #subprotocol}, or null
     * @param deflate the choice of {@link DeflateAgreement#accept}, or null
     * @return a response 101
     * @throws IllegalArgumentException if the client did not offer the subprotocol, because it would have to fail the
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
        Set<String> offered = tokens(request);
        if (offered == null || !offered.contains(subprotocol)) {
            throw new IllegalArgumentException("the client did not offer the subprotocol " + subprotocol);
        }
        return response.withHeader(SUBPROTOCOLS, subprotocol);
    }

    /**
     * Returns the proof for the client that the server understood its handshake (RFC 6455 section 1.3).
     *
     * @param key the Sec-WebSocket-Key as sent
     * @return the value of Sec-WebSocket-Accept
     */
    public static String accept(String key) {
        try {
            // SHA-1 protects no secret here: it only keeps servers that do not know WebSocket from accepting by chance
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            byte[] digest = sha1.digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.ISO_8859_1));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-1", impossible);
        }
    }

    /** Adds Upgrade, which every 426 must have (RFC 9110 section 15.5.22), and the version (RFC 6455 section 4.4). */
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
     * Returns the elements of all lines, or null if they are malformed. RFC 6455 section 4.1 demands tokens, each only
     * once, and at least one if the field is present. Empty elements are skipped: merged lists leave them behind (RFC
     * 9110 section 5.6.1.2).
     */
    private static Set<String> tokens(HttpRequest request) {
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
