package io.iocp4j.websocket;

import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpBodyDecoder;
import io.iocp4j.websocket.http.HttpException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * Decodes the body of one request and passes it to a {@link BodyListener}. All methods run as callbacks of the
 * connection; the listener may cause a {@link #drop} from inside its callback.
 */
final class RequestBody {
    /** The longest turn of a body of many small chunks, in nanoseconds. Then other connections have a turn. */
    static final long TURN_NANOS_MAX = 1_000_000;

    private final ServerExchange exchange;
    private final HttpBodyDecoder decoder;
    /** Null after the last call. */
    private BodyListener listener;
    /** The exception of the listener, kept because the decoder's callback declares none. */
    private HttpException thrownByListener;
    private long received;
    /** Pieces passed on in this turn. */
    private int pieces;
    private long secondPieceNanos;

    RequestBody(ServerExchange exchange, HttpBodyDecoder decoder, BodyListener listener) {
        this.exchange = exchange;
        this.decoder = decoder;
        this.listener = listener;
    }

    /** Received bytes, including the framing of chunks. */
    long received() {
        return received;
    }

    boolean isComplete() {
        return decoder.isDone();
    }

    /**
     * Passes received bytes on. Bytes after the body stay in the buffer. The rest of the body stays there too when its
     * turn is over, or when the listener pauses the body.
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
            // the listener has answered in onBody, and gets no more of the buffer
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

    /** Reads the clock from the second piece on, because most receives have one piece. */
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
            abort(receiver, exchange, why);
        }
    }

    /** Reports the abort, also for a body that never began. An exception of the listener is logged, not propagated. */
    static void abort(BodyListener receiver, ServerExchange exchange, String why) {
        try {
            receiver.onBodyAborted(why);
        } catch (RuntimeException | Error thrown) {
            exchange.log().log(Level.WARNING, "onBodyAborted of " + exchange.request() + " threw", thrown);
        }
    }

    /** The request was answered: the listener is not called again. */
    void drop() {
        listener = null;
    }
}
