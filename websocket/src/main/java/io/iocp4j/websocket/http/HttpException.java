package io.iocp4j.websocket.http;

import java.io.IOException;
import java.util.Objects;

/**
 * Signals that a request must be answered with an error status or a redirect. The message goes to the peer and to
 * logs. This library makes it a plain sentence and never puts text of the peer into it.
 */
public final class HttpException extends IOException {
    private static final long serialVersionUID = 1L;

    /** 300 to 599, not 304. */
    private final int status;
    /** Null only after deserialisation: the fields matter only to the current connection. */
    private final transient HttpHeaders headers;

    /**
     * Creates an error whose response needs no further fields.
     *
     * @param status 300 to 599, not 304, which has no content
     * @param message what was wrong, for the peer and for the log
     * @throws IllegalArgumentException if the status is not an error status
     */
    public HttpException(int status, String message) {
        this(status, message, HttpHeaders.empty());
    }

    /**
     * Creates an error whose response needs further fields, such as {@code Allow} with 405.
     *
     * @param status 300 to 599, not 304, which has no content
     * @param message what was wrong, for the peer and for the log
     * @param headers further fields of the response
     * @throws IllegalArgumentException if the status is out of range
     */
    public HttpException(int status, String message, HttpHeaders headers) {
        super(message);
        if (status < 300 || status > 599 || status == 304) {
            throw new IllegalArgumentException("neither an error status nor a redirect: " + status);
        }
        this.status = status;
        this.headers = Objects.requireNonNull(headers, "headers");
    }

    /**
     * Returns the status of the response to send.
     *
     * @return 300 to 599
     */
    public int status() {
        return status;
    }

    /**
     * Returns the further fields of the response to send.
     *
     * @return may be empty
     */
    public HttpHeaders headers() {
        return headers == null ? HttpHeaders.empty() : headers;
    }

    /**
     * Makes the response to send: status, fields, and the message as plain text with a line feed.
     *
     * @return a new response
     */
    public HttpResponse response() {
        return HttpResponse.text(status, getMessage() + "\n").withHeaders(headers());
    }

    /**
     * Creates a redirect. A browser does not follow a redirect of a WebSocket handshake, but other clients may.
     *
     * @param status 301, 302, 303, 307 or 308
     * @param location an absolute URI or a path, escaped
     * @return a new exception
     */
    public static HttpException redirect(int status, String location) {
        return new HttpException(status, "the answer is elsewhere", HttpHeaders.builder().add("Location", location)
                .build());
    }

    /**
     * Creates an error with the status 400.
     *
     * @param message what was wrong, in one line, for the peer and for the log
     * @return a new exception
     */
    public static HttpException badRequest(String message) {
        return new HttpException(400, message);
    }
}
