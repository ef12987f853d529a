package io.iocp4j.websocket;

import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpBodyDecoder;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * The body of one request on its way to the application: its bytes in, the calls of a {@link BodyListener} out. All
 * methods run as callbacks of the connection, {@link #drop} also from within those of the listener.
 */
final class RequestBody {
    /** The longest turn of a body of many small chunks, in nanoseconds, before other connections have theirs. */
    static final long TURN_NANOS_MAX = 1_000_000;

    private final ServerExchange exchange;
    private final HttpRequest request;
    private final HttpBodyDecoder decoder;
    /** Null when there is nothing more to tell. */
    private BodyListener listener;
    /** The exception of the listener, kept because the decoder's callback declares none. */
    private HttpException thrownByListener;
    private long received;
    /** Pieces of the received bytes that are being handed on. */
    private int pieces;
    private long secondPieceNanos;

    RequestBody(ServerExchange exchange, HttpBodyDecoder decoder, BodyListener listener) {
        this.exchange = exchange;
        this.request = exchange.request();
        this.decoder = decoder;
        this.listener = listener;
    }

    /** Bytes up to now, with the framing of chunks. */
    long received() {
        return received;
    }

    boolean isComplete() {
        return decoder.isDone();
    }

    /**
     * Hands on what came; what stands behind the body stays in the buffer, and so does the rest of a body that comes in
     * so many small chunks that its turn is over, or behind a piece at which it was paused.
     */
    void take(ByteBuffer data) throws HttpException {
        pieces = 0;
        int before = data.remaining();
        decoder.decode(data, this::pass);
        received += before - data.remaining();
        if (thrownByListener != null) {
            throw thrownByListener;
        }
    }

    private void pass(ByteBuffer piece) {
        if (isTurnOver()) {
            decoder.suspend();
        }
        BodyListener receiver = listener;
        if (receiver == null) {
            // after an answer from within onBody the rest of the buffer is not the listener's any more
            return;
        }
        try {
            exchange.call(() -> {
                receiver.onBody(piece);
                return null;
            });
        } catch (HttpException e) {
            abort(e.getMessage());
            thrownByListener = e;
        }
        if (exchange.isBodyPaused()) {
            decoder.suspend();
        }
    }

    /** The clock is read from the second piece on: mostly there is one. */
    private boolean isTurnOver() {
        pieces++;
        if (pieces == 2) {
            secondPieceNanos = exchange.tcp.completionPort().nanoTime();
        }
        return pieces > 2 && exchange.tcp.completionPort().nanoTime() - secondPieceNanos >= TURN_NANOS_MAX;
    }

    void end() throws HttpException {
        BodyListener receiver = listener;
        listener = null;
        exchange.call(() -> {
            receiver.onBodyEnd();
            return null;
        });
    }

    void abort(String why) {
        BodyListener receiver = listener;
        if (receiver != null) {
            listener = null;
            try {
                receiver.onBodyAborted(why);
            } catch (RuntimeException | Error thrown) {
                exchange.log().log(Level.WARNING, "onBodyAborted of " + request + " threw", thrown);
            }
        }
    }

    /** The request was answered: the listener hears nothing more. */
    void drop() {
        listener = null;
    }
}
