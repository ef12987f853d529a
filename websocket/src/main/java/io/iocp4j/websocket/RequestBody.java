package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * The body of one request on its way to the application: its bytes in, the calls of a {@link BodyListener} out. All methods run as
 * callbacks of the connection, {@link #drop} also from within those of the listener.
 */
final class RequestBody {
    private static final System.Logger LOG = new GuardedLog(RequestBody.class);

    private final HttpConnection connection;
    private final HttpBodyDecoder decoder;
    /** Null when there is nothing more to tell. */
    private BodyListener listener;
    /** What the listener threw inside the decoder's callback, which has no room for it. */
    private HttpException thrownByListener;
    private long received;

    RequestBody(HttpConnection connection, HttpBodyDecoder decoder, BodyListener listener) {
        this.connection = connection;
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

    /** Hands on what came; what stands behind the body stays in the buffer. */
    void take(ByteBuffer data) throws HttpException {
        int before = data.remaining();
        decoder.decode(data, this::pass);
        received += before - data.remaining();
        if (thrownByListener != null) {
            throw thrownByListener;
        }
    }

    private void pass(ByteBuffer piece) {
        BodyListener receiver = listener;
        if (receiver == null) {
            // after an answer from within onBody the rest of the buffer is not the listener's any more
            return;
        }
        try {
            connection.application(() -> {
                receiver.onBody(piece);
                return null;
            });
        } catch (HttpException e) {
            abort(e.getMessage());
            thrownByListener = e;
        }
    }

    void end() throws HttpException {
        BodyListener receiver = listener;
        listener = null;
        connection.application(() -> {
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
                LOG.log(Level.WARNING, "onBodyAborted threw", thrown);
            }
        }
    }

    /** The request was answered: nothing more is told. */
    void drop() {
        listener = null;
    }
}
