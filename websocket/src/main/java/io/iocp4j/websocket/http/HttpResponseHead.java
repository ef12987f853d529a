package io.iocp4j.websocket.http;

import java.util.Objects;

/**
 * The head of an HTTP/1.x response as it was received, without the reason phrase, which a client ignores (RFC 9112
 * section 4). Immutable, so free to use from any thread.
 *
 * @param status 100 to 599
 * @param http11 true for HTTP/1.1, false for HTTP/1.0
 * @param headers the fields
 */
public record HttpResponseHead(int status, boolean http11, HttpHeaders headers) {
    /** Checks for null. */
    public HttpResponseHead {
        Objects.requireNonNull(headers, "headers");
    }

    /**
     * Whether another head follows this one: 100, 102, 103 and the like (RFC 9110 section 15.2). After 101 another
     * protocol follows.
     *
     * @return true for 1xx but 101
     */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /**
     * Status and names of fields: values may be credentials.
     *
     * @return for people
     */
    @Override
    public String toString() {
        return "HttpResponseHead[" + status + " " + headers + "]";
    }
}
