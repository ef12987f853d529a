package io.iocp4j.websocket;

import io.iocp4j.websocket.http.HttpException;
import java.util.concurrent.CompletionStage;

/**
 * The answer of an {@link UpgradeHandler}: the listener of the new WebSocket, or the promise of one. A handler refuses
 * by an exception instead, an {@link io.iocp4j.websocket.http.HttpException}.
 */
public sealed interface UpgradeAnswer permits WebSocketListener, LaterListener {
    /**
     * Makes an answer that is not known yet. The handshake waits for it within the server's response timeout; frames
     * that the client sends meanwhile are kept.
     *
     * @param listener completes on any thread: with the listener, or exceptionally with an
     *         {@link io.iocp4j.websocket.http.HttpException} to refuse. Any other exception, and null, is logged and
     *         answered with 500. If it is a {@link java.util.concurrent.CompletableFuture}, it is cancelled when it is
     *         not needed any more. That does not cancel a future from which it was made, by {@code thenApply} for
     *         example: do so in {@link UpgradeExchange#onCancel}
     * @return the answer to return from the handler
     */
    static UpgradeAnswer later(CompletionStage<? extends WebSocketListener> listener) {
        return new LaterListener(listener);
    }
}
