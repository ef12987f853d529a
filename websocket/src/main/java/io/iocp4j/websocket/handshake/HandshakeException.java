package io.iocp4j.websocket.handshake;

import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Signals that an opening handshake failed: the server, or the proxy in front of it, did not answer with a WebSocket.
 * The message contains only words of this library, never text of the peer, so it is safe to log.
 */
public final class HandshakeException extends IOException {
    /** The largest number of bytes that are kept of a body. */
    public static final int BODY_MAX = 8 << 10;

    private static final long serialVersionUID = 1L;

    /** 100 to 599, or 0 without a response. */
    private final int status;
    /** Null only after deserialisation or without a response. */
    private final transient HttpHeaders headers;
    private final transient byte[] body;

    /**
     * Creates an exception for a failure without a readable response.
     *
     * @param message what went wrong
     * @param cause why the response could not be read
     */
    public HandshakeException(String message, Throwable cause) {
        this(message, 0, null, null, cause);
    }

    /**
     * Creates an exception for a response that opens no WebSocket, without its body.
     *
     * @param message what was wrong
     * @param response the head of the response
     */
    public HandshakeException(String message, HttpResponseHead response) {
        this(message, response, (Throwable) null);
    }

    HandshakeException(String message, HttpResponseHead response, Throwable cause) {
        this(message, response.status(), response.headers(), null, cause);
    }

    /**
     * Creates an exception for a response that opens no WebSocket, with the beginning of its body.
     *
     * @param message what was wrong
     * @param response the head of the response
     * @param body the beginning of the body; the exception takes ownership of the array
     */
    public HandshakeException(String message, HttpResponseHead response, byte[] body) {
        this(message, response.status(), response.headers(), body, null);
    }

    /**
     * Creates a copy of a failure with the stack trace of the current thread, which has waited for it.
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
     * Returns the status of the response.
     *
     * @return 100 to 599, or 0 if there was no readable response; 101 if something else was wrong with the response
     */
    public int status() {
        return status;
    }

    /**
     * Returns the header fields of the response, for example {@code Retry-After} or {@code WWW-Authenticate}.
     *
     * @return the fields, never null; empty without a response
     */
    public HttpHeaders headers() {
        return headers == null ? HttpHeaders.empty() : headers;
    }

    /**
     * Returns the beginning of the response body: what arrived in time, at most {@link #BODY_MAX} bytes. The peer wrote
     * it, so do not trust it.
     *
     * @return a new array, may be empty
     */
    public byte[] body() {
        return body == null ? new byte[0] : body.clone();
    }

    /**
     * Returns the beginning of the response body, decoded as UTF-8 whatever charset the response declares. The peer
     * wrote it, so do not trust it.
     *
     * @return may be empty; malformed bytes, or a character cut at the end, become U+FFFD
     */
    public String bodyText() {
        return new String(body(), StandardCharsets.UTF_8);
    }
}
