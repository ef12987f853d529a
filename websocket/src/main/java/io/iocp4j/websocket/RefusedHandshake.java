package io.iocp4j.websocket;

import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpBodyDecoder;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * A response that refuses an opening: the head, and the beginning of its body while it arrives. A malformed body only
 * ends the body; the response is still a refusal. Not thread-safe.
 */
final class RefusedHandshake {
    private final String message;
    private final HttpResponseHead head;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    /** Null if the body is malformed. */
    private HttpBodyDecoder decoder;

    RefusedHandshake(String message, HttpResponseHead head, HttpLimits limits) {
        this.message = message;
        this.head = head;
        try {
            decoder = new HttpBodyDecoder(head, limits);
        } catch (HttpException ambiguous) {
            decoder = null;
        }
    }

    /** Returns true if no more of the body is needed. */
    boolean isComplete() {
        return decoder == null || decoder.isDone() || body.size() == HandshakeException.BODY_MAX;
    }

    void take(ByteBuffer data) {
        try {
            decoder.decode(data, this::keep);
        } catch (HttpException malformed) {
            decoder = null;
        }
    }

    private void keep(ByteBuffer piece) {
        byte[] kept = new byte[Math.min(piece.remaining(), HandshakeException.BODY_MAX - body.size())];
        piece.get(kept);
        body.write(kept, 0, kept.length);
    }

    HandshakeException exception() {
        return new HandshakeException(message, head, body.toByteArray());
    }
}
