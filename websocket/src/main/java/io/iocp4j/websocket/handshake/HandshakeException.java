package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * An opening handshake that a server, or the proxy before it, has answered with something else than a WebSocket. The
 * message is made of words of this library only, never of text of the peer, so that it can be logged as it is.
 */
public final class HandshakeException extends IOException {
    /** The most bytes of a body that are kept. */
    public static final int BODY_MAX = 8 << 10;

    private static final long serialVersionUID = 1L;

    /** 100 to 599, 0 without a response. */
    private final int status;
    /** Null only after deserialisation, or without a response. */
    private final transient HttpHeaders headers;
    private final transient byte[] body;

    /**
     * A failure without a response that could be read.
     *
     * @param message in words
     * @param cause why it could not be read
     */
    public HandshakeException(String message, Throwable cause) {
        this(message, 0, null, null, cause);
    }

    /**
     * A response that opens nothing, without its body.
     *
     * @param message in words
     * @param response its head
     */
    public HandshakeException(String message, HttpResponseHead response) {
        this(message, response, (Throwable) null);
    }

    HandshakeException(String message, HttpResponseHead response, Throwable cause) {
        this(message, response.status(), response.headers(), null, cause);
    }

    /**
     * A response that opens nothing, with the beginning of its body.
     *
     * @param message in words
     * @param response its head
     * @param body the exception's from now on
     */
    public HandshakeException(String message, HttpResponseHead response, byte[] body) {
        this(message, response.status(), response.headers(), body, null);
    }

    /**
     * The same failure with the stack of the thread that waited for it.
     *
     * @param original the failure
     */
    public HandshakeException(HandshakeException original) {
        this(original.getMessage(), original.status, original.headers, original.body, original.getCause());
    }

    private HandshakeException(String message, int status, HttpHeaders headers, byte[] body, Throwable cause) {
        super(message, cause);
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /**
     * The status of the response.
     *
     * @return 100 to 599, also 101 if something else was wrong with the response; 0 if there was none that could be
     *     read
     */
    public int status() {
        return status;
    }

    /**
     * The fields of the response, {@code Retry-After} or {@code WWW-Authenticate} for example.
     *
     * @return may be empty
     */
    public HttpHeaders headers() {
        return headers == null ? HttpHeaders.empty() : headers;
    }

    /**
     * The beginning of the body of the response: what came in time, at most {@link #BODY_MAX} bytes. Text of the peer.
     *
     * @return a new array, may be empty
     */
    public byte[] body() {
        return body == null ? new byte[0] : body.clone();
    }

    /**
     * The beginning of the body, read as UTF-8 whatever the response says. Text of the peer.
     *
     * @return may be empty; what is malformed, or cut at the end, stands as U+FFFD
     */
    public String bodyText() {
        return new String(body(), StandardCharsets.UTF_8);
    }
}
