package io.iocp4j.websocket.http;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Receives the body of a request in pieces, as they arrive. Workers call the listener, one call after the other, so a
 * call must not wait. A listener that cannot keep up calls {@link HttpExchange#pauseBody}.
 */
public interface BodyListener {
    /**
     * The next bytes of the body, without chunk framing.
     *
     * @param data at least one byte, lent for the call
     * @throws IOException to answer with the status of an {@link HttpException}, or with 500, and to take no more
     */
    void onBody(ByteBuffer data) throws IOException;

    /**
     * The body is complete, and the answer is due. If the request was answered earlier, this is called only if the end
     * was among the bytes at hand.
     *
     * @throws IOException as in {@link #onBody}
     */
    void onBodyEnd() throws IOException;

    /**
     * The body is cut: the connection was lost, the framing was wrong, or this listener threw. This is the last call.
     * An exception that it throws is logged.
     *
     * @param why the reason in words
     */
    void onBodyAborted(String why);
}
