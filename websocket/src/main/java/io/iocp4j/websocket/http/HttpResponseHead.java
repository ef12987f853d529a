package io.iocp4j.websocket.http;

import java.util.Objects;

/**
 * The head of an HTTP/1.x response as it was received, without the reason phrase, which a client ignores (RFC 9112
 * section 4). Immutable. Any thread.
 *
 * @param status 100 to 599
 * @param http11 true for HTTP/1.1, false for HTTP/1.0
 * @param headers the header fields
 */
public record HttpResponseHead(int status, boolean http11, HttpHeaders headers) {
    /**
     * Creates a head.
     *
     * @throws NullPointerException if the headers are null
     */
    public HttpResponseHead {
        Objects.requireNonNull(headers, "headers");
    }

    /**
     * Tells whether another head follows this one, as after 100, 102 and 103 (RFC 9110 section 15.2). After 101 another
     * protocol follows.
     *
     * @return true for every 1xx except 101
     */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /**
     * Returns the status and the names of the fields. Values are left out, because they may be credentials.
     *
     * @return text for logs
     */
    @Override
    public String toString() {
        return "HttpResponseHead[" + status + " " + headers + "]";
    }
}
