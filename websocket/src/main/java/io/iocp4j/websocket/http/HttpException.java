package io.iocp4j.websocket.http;

import java.io.IOException;
import java.util.Objects;

/**
 * A request that is answered with an error status. The message is a plain sentence of this library, never text of the
 * peer, so it can be sent and logged as it is.
 */
public final class HttpException extends IOException {
    private static final long serialVersionUID = 1L;

    /** 400 to 599. */
    private final int status;
    /** Null only after deserialisation: the fields matter to the connection at hand. */
    private final transient HttpHeaders headers;

    /**
     * An error without further response fields.
     *
     * @param status 400 to 599
     * @param message what was wrong, for the peer and for the log
     */
    public HttpException(int status, String message) {
        this(status, message, HttpHeaders.empty());
    }

    /**
     * An error whose response needs fields, such as {@code Allow} with 405.
     *
     * @param status 400 to 599
     * @param message what was wrong, for the peer and for the log
     * @param headers fields of the response
     * @throws IllegalArgumentException if the status does not name an error
     */
    public HttpException(int status, String message, HttpHeaders headers) {
        super(message);
        if (status < 400 || status > 599) {
            throw new IllegalArgumentException("not an error status: " + status);
        }
        this.status = status;
        this.headers = Objects.requireNonNull(headers, "headers");
    }

    /**
     * The status to answer with.
     *
     * @return 400 to 599
     */
    public int status() {
        return status;
    }

    /**
     * Fields that the response needs.
     *
     * @return may be empty
     */
    public HttpHeaders headers() {
        return headers == null ? HttpHeaders.empty() : headers;
    }

    /**
     * The response to send: status, fields, and the message as plain text.
     *
     * @return a new response
     */
    public HttpResponse response() {
        return HttpResponse.text(status, getMessage() + "\n").withHeaders(headers());
    }

    /**
     * Refuses a request with 400.
     *
     * @param message one line, for the client
     * @return a new exception
     */
    public static HttpException badRequest(String message) {
        return new HttpException(400, message);
    }
}
