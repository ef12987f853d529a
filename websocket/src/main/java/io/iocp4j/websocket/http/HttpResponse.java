package io.iocp4j.websocket.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/**
 * An HTTP/1.1 response. Immutable. Any thread. A response with its content in memory can be sent to many clients. An
 * {@link HttpContent} is written while it is sent; it decides whether its response can be sent more than once. Encoding
 * computes {@code Content-Length}, {@code Transfer-Encoding} and {@code Connection}. It adds {@code Date},
 * {@code X-Content-Type-Options: nosniff} and {@code Cache-Control: no-store} unless they are set.
 */
public final class HttpResponse {
    private static final byte[] NO_CONTENT = new byte[0];
    /** Encoding computes these. With a second, different value, two readers could frame the response differently. */
    private static final List<String> COMPUTED = List.of("Content-Length", "Transfer-Encoding", "Connection");

    private final int status;
    private final HttpHeaders headers;
    private final byte[] content;
    /** Null if the content is in memory. */
    private final HttpContent stream;

    private HttpResponse(int status, HttpHeaders headers, byte[] content, HttpContent stream) {
        if (status < 100 || status > 599) {
            throw new IllegalArgumentException("not a status: " + status);
        }
        if ((content.length > 0 || stream != null) && hasNoContent(status)) {
            throw new IllegalArgumentException("a response " + status + " has no content");
        }
        this.status = status;
        this.headers = headers;
        this.content = content;
        this.stream = stream;
    }

    /**
     * Makes a response without content.
     *
     * @param status 100 to 599
     * @return a new response
     */
    public static HttpResponse of(int status) {
        return new HttpResponse(status, HttpHeaders.empty(), NO_CONTENT, null);
    }

    /**
     * Makes a response with plain text in UTF-8.
     *
     * @param status 200 to 599, not 204, 205 or 304, which have no content
     * @param text the content
     * @return a new response
     */
    public static HttpResponse text(int status, String text) {
        return owning(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Makes a response with HTML in UTF-8.
     *
     * @param status 200 to 599, not 204, 205 or 304, which have no content
     * @param html a document in which the caller has escaped all text from outside
     * @return a new response
     */
    public static HttpResponse html(int status, String html) {
        return owning(status, "text/html; charset=utf-8", html.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Makes a response with JSON in UTF-8.
     *
     * @param status 200 to 599, not 204, 205 or 304, which have no content
     * @param json a complete document
     * @return a new response
     */
    public static HttpResponse json(int status, String json) {
        return owning(status, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Makes a response with content of any type.
     *
     * @param status 200 to 599, not 204, 205 or 304, which have no content
     * @param contentType the media type
     * @param content is copied
     * @return a new response
     */
    public static HttpResponse bytes(int status, String contentType, byte[] content) {
        return owning(status, contentType, content.clone());
    }

    /**
     * Makes a response with content that is written while it is sent.
     *
     * @param status 200 to 599, not 204, 205 or 304, which have no content
     * @param contentType the media type
     * @param content is written on a virtual thread for each client, as fast as the client reads
     * @return a new response, for as many clients as the content allows
     */
    public static HttpResponse stream(int status, String contentType, HttpContent content) {
        HttpHeaders headers = HttpHeaders.builder().add("Content-Type", contentType).build();
        return new HttpResponse(status, headers, NO_CONTENT, Objects.requireNonNull(content, "content"));
    }

    /**
     * Makes a response of server-sent events, which browsers read with {@code EventSource}.
     *
     * @param source sends the events, on a virtual thread for each client
     * @return a new response, for any number of clients
     */
    public static HttpResponse events(EventStream.Source source) {
        return stream(200, "text/event-stream", new EventContent(source));
    }

    /**
     * Returns a copy with one field in place of all fields of this name.
     *
     * @param name a token; not Content-Length, Transfer-Encoding or Connection, which are computed
     * @param value no control characters except TAB, nothing above U+00FF
     * @return a new response
     * @throws IllegalArgumentException if name or value is not allowed
     */
    public HttpResponse withHeader(String name, String value) {
        requireNotComputed(name);
        return new HttpResponse(status, headers.toBuilder().set(name, value).build(), content, stream);
    }

    /**
     * Returns a copy with further fields after its own. Names may repeat, as {@code Set-Cookie} requires.
     *
     * @param more the fields
     * @return a new response
     * @throws IllegalArgumentException if one of the names is computed
     */
    public HttpResponse withHeaders(HttpHeaders more) {
        HttpHeaders.Builder all = headers.toBuilder();
        more.forEach((name, value) -> {
            requireNotComputed(name);
            all.add(name, value);
        });
        return new HttpResponse(status, all.build(), content, stream);
    }

    /**
     * The status.
     *
     * @return 100 to 599
     */
    public int status() {
        return status;
    }

    /**
     * The fields that were set, without the ones that encoding adds.
     *
     * @return may be empty
     */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * The content in memory.
     *
     * @return a new read-only view, may be empty
     */
    public ByteBuffer content() {
        return ByteBuffer.wrap(content).asReadOnlyBuffer();
    }

    /**
     * The content that is written while it is sent.
     *
     * @return null if the content is in memory
     */
    public HttpContent stream() {
        return stream;
    }

    /**
     * Encodes a response whose content is in memory.
     *
     * @param headOnly true for the answer to HEAD: it has the length of the content, but not the content
     * @param keepAlive whether {@code Connection} keeps the connection open; ignored for statuses below 200
     * @return a new heap buffer that belongs to the caller, ready to be read
     * @throws IllegalStateException if the content is written while it is sent
     */
    public ByteBuffer encode(boolean headOnly, boolean keepAlive) {
        if (stream != null) {
            throw new IllegalStateException("the content is made while it is sent");
        }
        byte[] head = head(keepAlive, true).getBytes(StandardCharsets.ISO_8859_1);
        int contentLength = headOnly ? 0 : content.length;
        ByteBuffer encoded = ByteBuffer.allocate(Math.addExact(head.length, contentLength));
        return encoded.put(head).put(content, 0, contentLength).flip();
    }

    /**
     * Encodes the head of a response whose content is written while it is sent. The head alone answers HEAD.
     *
     * @param http11 whether the client accepts chunks; if not, content of unknown length needs {@code keepAlive} false
     * @param keepAlive whether {@code Connection} keeps the connection open
     * @return a new heap buffer that belongs to the caller, ready to be read
     */
    public ByteBuffer encodeHead(boolean http11, boolean keepAlive) {
        return ByteBuffer.wrap(head(keepAlive, http11).getBytes(StandardCharsets.ISO_8859_1));
    }

    /**
     * Returns the status and the names of the fields.
     *
     * @return text for logs
     */
    @Override
    public String toString() {
        return "HttpResponse[" + status + " " + headers + ", "
                + (stream == null ? content.length + " bytes]" : "stream]");
    }

    private static HttpResponse owning(int status, String contentType, byte[] content) {
        HttpHeaders headers = HttpHeaders.builder().add("Content-Type", contentType).build();
        return new HttpResponse(status, headers, content, null);
    }

    private static void requireNotComputed(String name) {
        if (COMPUTED.stream().anyMatch(Objects.requireNonNull(name, "name")::equalsIgnoreCase)) {
            throw new IllegalArgumentException(name + " is computed");
        }
    }

    private static boolean hasNoContent(int status) {
        return status < 200 || status == 204 || status == 205 || status == 304;
    }

    private String head(boolean keepAlive, boolean http11) {
        StringBuilder head = new StringBuilder(256);
        head.append("HTTP/1.1 ").append(status).append(' ').append(reason(status)).append("\r\n");
        headers.forEach((name, value) -> appendField(head, name, value));
        if (status >= 200) {
            appendDefault(head, "Date", HttpDate.SYSTEM.now());
            appendDefault(head, "X-Content-Type-Options", "nosniff");
            appendDefault(head, "Cache-Control", "no-store");
            // RFC 9110 section 8.6 forbids the length with 204; with 304 it would have to be the length of the 200
            long length = stream == null ? content.length : stream.length();
            if (length >= 0 && status != 204 && status != 304) {
                appendField(head, "Content-Length", Long.toString(length));
            } else if (length < 0 && http11) {
                appendField(head, "Transfer-Encoding", "chunked");
            }
        }
        appendConnection(head, keepAlive);
        return head.append("\r\n").toString();
    }

    /** Upgrade is a hop-by-hop field, so Connection has to name it: RFC 9110 section 7.8. */
    private void appendConnection(StringBuilder head, boolean keepAlive) {
        boolean upgrade = headers.first("Upgrade") != null;
        if (status >= 200) {
            String persistence = keepAlive ? "keep-alive" : "close";
            appendField(head, "Connection", upgrade ? "Upgrade, " + persistence : persistence);
        } else if (upgrade) {
            appendField(head, "Connection", "Upgrade");
        }
    }

    private void appendDefault(StringBuilder head, String name, String value) {
        if (headers.first(name) == null) {
            appendField(head, name, value);
        }
    }

    private static void appendField(StringBuilder head, String name, String value) {
        head.append(name).append(": ").append(value).append("\r\n");
    }

    /**
     * Returns the reason phrase of RFC 9110 section 15 or RFC 6585. For other statuses it is empty, which RFC 9112
     * section 4 allows.
     */
    private static String reason(int status) {
        return switch (status) {
            case 100 -> "Continue";
            case 101 -> "Switching Protocols";
            case 200 -> "OK";
            case 201 -> "Created";
            case 202 -> "Accepted";
            case 204 -> "No Content";
            case 205 -> "Reset Content";
            case 206 -> "Partial Content";
            case 301 -> "Moved Permanently";
            case 302 -> "Found";
            case 303 -> "See Other";
            case 304 -> "Not Modified";
            case 307 -> "Temporary Redirect";
            case 308 -> "Permanent Redirect";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 406 -> "Not Acceptable";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 410 -> "Gone";
            case 411 -> "Length Required";
            case 412 -> "Precondition Failed";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 415 -> "Unsupported Media Type";
            case 416 -> "Range Not Satisfiable";
            case 417 -> "Expectation Failed";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 428 -> "Precondition Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 505 -> "HTTP Version Not Supported";
            default -> "";
        };
    }
}
