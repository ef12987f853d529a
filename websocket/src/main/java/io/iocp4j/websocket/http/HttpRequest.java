package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.Authority;
import io.iocp4j.websocket.http.grammar.PercentDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * The head of an HTTP/1.x request. Immutable. Any thread.
 *
 * <p>{@link HttpRequestReader} and {@link #of} check the target, Host and the fields that frame the body. In a query
 * they only check for printable ASCII. The constructor checks only for null.
 *
 * @param method the token as sent; methods are case-sensitive (RFC 9110 section 9.1)
 * @param target the request target as sent
 * @param path decoded, starts with a slash, without dot segments and backslashes; {@code *} for {@code OPTIONS *}
 * @param query the text after the first question mark, as sent; null if there is none
 * @param headers the fields
 * @param http11 true for HTTP/1.1, false for HTTP/1.0
 */
public record HttpRequest(String method, String target, String path, String query, HttpHeaders headers,
        boolean http11) {
    /** The most characters of a target that {@link #toString} shows. */
    private static final int SHOWN_MAX = 200;
    private static final List<String> SCHEMES = List.of("http", "https", "ws", "wss");

    /**
     * Checks for null; only the query may be null.
     */
    public HttpRequest {
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(headers, "headers");
    }

    /**
     * Makes a request of its parts and checks them. The target must be in origin-form, absolute-form or (OPTIONS only)
     * asterisk-form (RFC 9112 section 3.2). HTTP/1.1 requires exactly one valid Host (same section). The body length
     * must be unambiguous (section 6). The query stays as it is. A Content-Length that is repeated with the same digits
     * is tolerated.
     *
     * @param method a token
     * @param target as sent
     * @param headers the fields
     * @param http11 true for HTTP/1.1, false for HTTP/1.0
     * @return the request
     * @throws HttpException 400 for anything malformed or ambiguous, 501 for a transfer coding other than chunked
     */
    public static HttpRequest of(String method, String target, HttpHeaders headers, boolean http11)
            throws HttpException {
        requireTargetCharacters(target);
        int pathStart = pathStart(method, target);
        int mark = target.indexOf('?', pathStart);
        String rawPath = mark < 0 ? target.substring(pathStart) : target.substring(pathStart, mark);
        String query = mark < 0 ? null : target.substring(mark + 1);
        requireHost(headers, http11);
        requireFraming(headers, http11);
        return new HttpRequest(method, target, decodePath(rawPath), query, headers, http11);
    }

    /**
     * Returns a parameter of the query. The query is read like an HTML form: ampersands separate pairs, plus means
     * space, and the text is UTF-8. A pair that breaks these rules is skipped, because an application may encode a
     * query in another way (RFC 3986 section 2.1).
     *
     * @param name the decoded name, in exactly this case
     * @return the decoded value of the first pair with this name, empty if it has no equals sign; null if there is no
     *         such pair
     */
    public String parameter(String name) {
        int start = 0;
        while (query != null && start <= query.length()) {
            int ampersand = query.indexOf('&', start);
            int end = ampersand < 0 ? query.length() : ampersand;
            int equals = query.indexOf('=', start);
            int nameEnd = equals < 0 || equals > end ? end : equals;
            if (nameEnd > start && name.equals(PercentDecoder.decodeQuery(query.substring(start, nameEnd)))) {
                String value = PercentDecoder.decodeQuery(query.substring(Math.min(nameEnd + 1, end), end));
                if (value != null) {
                    return value;
                }
            }
            start = end + 1;
        }
        return null;
    }

    /**
     * Returns a cookie (RFC 6265 section 4.2).
     *
     * @param name in exactly this case
     * @return the value of the first cookie of this name, as it was sent, with its quotes if it has any; null if there
     *         is none. A browser sends the one with the longest path first
     */
    public String cookie(String name) {
        for (String line : headers.all("Cookie")) {
            int start = 0;
            while (start < line.length()) {
                int semicolon = line.indexOf(';', start);
                int end = semicolon < 0 ? line.length() : semicolon;
                int equals = line.indexOf('=', start);
                if (equals >= 0 && equals < end && line.substring(start, equals).strip().equals(name)) {
                    return line.substring(equals + 1, end).strip();
                }
                start = end + 1;
            }
        }
        return null;
    }

    /**
     * Returns the id of the last event that the client received before it reconnected, see
     * {@link EventStream#send(String, String, String)}.
     *
     * @return null if the client sent none
     */
    public String lastEventId() {
        String id = headers.first("Last-Event-ID");
        return id == null ? null : new String(id.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /**
     * Returns the host and port that the client asked for. They come from the Host field, or from an absolute target,
     * which replaces that field (RFC 9112 section 3.2.2).
     *
     * @return null if HTTP/1.0 was used without Host
     */
    public String authority() {
        int slashes = target.startsWith("/") ? -1 : target.indexOf("://");
        return slashes < 0 ? headers.first("Host") : target.substring(slashes + 3, authorityEnd(target, slashes + 3));
    }

    /**
     * Tells whether the client wants to keep the connection after the response (RFC 9112 section 9.3).
     *
     * @return true if it does; the server may still close
     */
    public boolean keepAlive() {
        return !headers.hasToken("Connection", "close") && (http11 || headers.hasToken("Connection", "keep-alive"));
    }

    /**
     * Returns the declared length of the body. Do not allocate memory by it, because the peer may declare any length.
     *
     * @return bytes, 0 or more; -1 if there is no Content-Length
     */
    public long contentLength() {
        return contentLength(headers);
    }

    /** Returns the declared length for any head. */
    static long contentLength(HttpHeaders headers) {
        String length = headers.first("Content-Length");
        return length == null ? -1 : parseLength(length);
    }

    /**
     * Tells whether the body is sent in chunks (RFC 9112 section 7.1).
     *
     * @return true if there is a Transfer-Encoding, because only chunked is accepted
     */
    public boolean chunked() {
        return headers.first("Transfer-Encoding") != null;
    }

    /**
     * Tells whether the client waits for 100 (Continue) before it sends the body. Always false for HTTP/1.0 (RFC 9110
     * section 10.1.1).
     *
     * @return true if the server should answer 100 or a final status now
     */
    public boolean expectsContinue() {
        return http11 && headers.hasToken("Expect", "100-continue");
    }

    /**
     * Returns the method and the beginning of the target, without query and fields, because these may hold credentials.
     * The target stays as it was sent, because a decoded path may hold terminal control characters.
     *
     * @return text for logs
     */
    @Override
    public String toString() {
        int mark = target.indexOf('?');
        int end = mark < 0 ? target.length() : mark;
        String shown = target.substring(0, Math.min(end, SHOWN_MAX)) + (end > SHOWN_MAX ? "..." : "");
        return "HttpRequest[" + method + " " + shown + "]";
    }

    /** Allows printable ASCII. RFC 3986 is stricter, but browsers leave a few characters unescaped. */
    private static void requireTargetCharacters(String target) throws HttpException {
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c <= ' ' || c > 0x7E || c == '#') {
                throw HttpException.badRequest("the request target has a character that must be escaped");
            }
        }
    }

    /** Returns the index where the path starts. In an absolute target without a path, the host and port end there. */
    private static int pathStart(String method, String target) throws HttpException {
        if (target.startsWith("/") || target.equals("*") && method.equals("OPTIONS")) {
            return 0;
        }
        int slashes = target.indexOf("://");
        if (slashes < 0 || !isScheme(target.substring(0, slashes))) {
            throw HttpException.badRequest("the request target must be a path or an http URL");
        }
        int end = authorityEnd(target, slashes + 3);
        Authority authority = Authority.parse(target.substring(slashes + 3, end));
        if (authority == null || authority.host().isEmpty()) {
            throw HttpException.badRequest("the request target names no valid host");
        }
        return end;
    }

    private static boolean isScheme(String text) {
        return SCHEMES.stream().anyMatch(text::equalsIgnoreCase);
    }

    private static int authorityEnd(String target, int start) {
        int end = start;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        return end;
    }

    private static void requireHost(HttpHeaders headers, boolean http11) throws HttpException {
        List<String> hosts = headers.all("Host");
        if (hosts.size() > 1 || http11 && hosts.isEmpty()) {
            throw HttpException.badRequest("HTTP/1.1 needs exactly one Host field");
        }
        if (!hosts.isEmpty() && Authority.parse(hosts.getFirst()) == null) {
            throw HttpException.badRequest("malformed Host field");
        }
    }

    /** Refuses every body that another server could frame differently (RFC 9112 sections 6.1 and 6.3). */
    static void requireFraming(HttpHeaders headers, boolean http11) throws HttpException {
        boolean coded = headers.first("Transfer-Encoding") != null;
        List<String> lengths = headers.all("Content-Length");
        if (coded && (!lengths.isEmpty() || !http11)) {
            throw HttpException.badRequest("Transfer-Encoding with Content-Length or with HTTP/1.0");
        }
        if (coded && !headers.isOnly("Transfer-Encoding", "chunked")) {
            throw new HttpException(501, "the only transfer coding here is chunked");
        }
        for (String length : lengths) {
            if (parseLength(length) < 0 || !length.equals(lengths.getFirst())) {
                throw HttpException.badRequest("malformed or contradictory Content-Length");
            }
        }
    }

    /**
     * Parses digits only; Long.parseLong would also accept a sign. Returns -1 if malformed or above the range of long.
     */
    private static long parseLength(String text) {
        long length = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || length > (Long.MAX_VALUE - digit) / 10) {
                return -1;
            }
            length = length * 10 + digit;
        }
        return text.isEmpty() ? -1 : length;
    }

    private static String decodePath(String rawPath) throws HttpException {
        if (rawPath.isEmpty()) {
            return "/";
        }
        String path = PercentDecoder.decodePath(rawPath);
        if (path == null) {
            throw HttpException.badRequest("malformed or ambiguous escape in the path");
        }
        int start = 0;
        while (start <= path.length()) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            String segment = path.substring(start, end);
            if (segment.equals(".") || segment.equals("..")) {
                throw HttpException.badRequest("dot segments in the path");
            }
            start = end + 1;
        }
        return path;
    }
}
