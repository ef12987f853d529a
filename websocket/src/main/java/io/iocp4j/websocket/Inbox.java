package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * The face of calls that wait, as a listener: keeps messages until they are received and pauses the WebSocket meanwhile, so that TCP
 * slows the peer down when the receiver is slow. One thread receives at a time.
 */
final class Inbox implements WebSocketListener {
    private static final System.Logger LOG = new GuardedLog(Inbox.class);

    /** Messages, or parts of them, that are kept before the WebSocket is paused; it goes on when half of them are left. */
    static final int PIECES_MAX = 64;
    /** The same for their bytes, or characters of text; the piece that goes past it is kept whole. */
    static final int SIZE_MAX = 64 << 10;

    /** A whole message, or a part of one, which stays bytes because it may begin and end inside a character. */
    private record Piece(Message whole, boolean text, byte[] part, boolean last) {
        static Piece of(Message whole) {
            return new Piece(whole, whole.isText(), null, true);
        }

        /** Of text the characters: what matters is that it is bounded. */
        int size() {
            return whole == null ? part.length : text ? whole.text().length() : whole.data().remaining();
        }

        ByteBuffer data() {
            return whole == null ? ByteBuffer.wrap(part) : whole.data();
        }
    }

    /** What a virtual thread does with the WebSocket; null if somebody else receives. */
    private final WebSocketSession session;

    // guarded by this
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(4);
    private long size;
    private boolean paused;
    private boolean ended;
    private boolean receiving;
    /** The message that is being read as a stream, or null. */
    private MessageInput stream;

    Inbox(WebSocketSession session) {
        this.session = session;
    }

    /** The inbox that a WebSocket has instead of an application's listener. */
    static Inbox of(WebSocketListener listener) {
        if (listener instanceof Inbox inbox) {
            return inbox;
        }
        throw new IllegalStateException("the messages of this WebSocket go to its listener");
    }

    // ------------------------------------------------------------------ from the WebSocket

    @Override
    public void onOpen(WebSocket socket) {
        if (session != null) {
            Thread.ofVirtual().name("websocket " + socket.remote()).start(() -> run((WebSocketEnd) socket));
        }
    }

    @Override
    public void onText(WebSocket socket, String text) {
        add(socket, Piece.of(Message.text(text)));
    }

    @Override
    public void onBinary(WebSocket socket, ByteBuffer data) {
        add(socket, Piece.of(Message.binary(data)));
    }

    @Override
    public void onPart(WebSocket socket, boolean text, ByteBuffer part, boolean last) {
        byte[] copy = new byte[part.remaining()];
        part.get(part.position(), copy);
        add(socket, new Piece(null, text, copy, last));
    }

    @Override
    public synchronized void onClose(WebSocket socket, CloseStatus why) {
        ended = true;
        notifyAll();
    }

    private synchronized void add(WebSocket socket, Piece piece) {
        pieces.add(piece);
        size += piece.size();
        if (pieces.size() >= PIECES_MAX || size >= SIZE_MAX) {
            paused = true;
            socket.pause();
        }
        notifyAll();
    }

    private void run(WebSocketEnd socket) {
        try {
            session.run(socket);
            socket.close(CloseCode.NORMAL, "");
        } catch (Throwable thrown) {
            boolean byTheEnd = !socket.isOpen() && (thrown instanceof IOException || thrown.getCause() instanceof WebSocketException);
            LOG.log(byTheEnd ? Level.DEBUG : Level.WARNING, "the session of " + socket + " threw", thrown);
            socket.fail(CloseCode.INTERNAL_ERROR, "");
        }
    }

    // ------------------------------------------------------------------ for the receiver

    /** Waits for a whole message; {@code limitNanos} 0 waits without a limit. Null after an orderly end. */
    Message receive(WebSocketEnd socket, long limitNanos) throws IOException {
        begin(socket);
        try {
            Piece first = next(socket, limitNanos);
            return first == null ? null : first.whole != null ? first.whole : join(socket, first);
        } finally {
            end();
        }
    }

    /** Waits for the beginning of a message. Null after an orderly end. */
    MessageInput receiveStream(WebSocketEnd socket) throws IOException {
        begin(socket);
        try {
            Piece first = next(socket, 0);
            if (first == null) {
                return null;
            }
            synchronized (this) {
                stream = new MessageInput(this, socket, first.text, first.data(), first.last);
                return stream;
            }
        } finally {
            end();
        }
    }

    /** The next part of the message that is being streamed. */
    void continueStream(WebSocketEnd socket, MessageInput input) throws IOException {
        Piece piece = next(socket, 0);
        if (piece == null) {
            throw new WebSocketException("the message has no end", socket.closeStatus());
        }
        input.take(piece.data(), piece.last);
    }

    synchronized void streamEnded() {
        stream = null;
    }

    private Message join(WebSocketEnd socket, Piece first) throws IOException {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.writeBytes(first.part);
        for (Piece piece = first; !piece.last; joined.writeBytes(piece.part)) {
            piece = next(socket, 0);
            if (piece == null) {
                throw new WebSocketException("the message has no end", socket.closeStatus());
            }
        }
        return first.text ? Message.text(joined.toString(StandardCharsets.UTF_8)) : Message.binary(joined.toByteArray());
    }

    private synchronized void begin(WebSocketEnd socket) {
        socket.requireNotWorker();
        if (receiving) {
            throw new IllegalStateException("another thread is receiving from this WebSocket");
        }
        if (stream != null) {
            throw new IllegalStateException("the message before was not read to its end");
        }
        receiving = true;
    }

    private synchronized void end() {
        receiving = false;
    }

    private synchronized Piece next(WebSocketEnd socket, long limitNanos) throws IOException {
        long deadline = System.nanoTime() + limitNanos;
        while (pieces.isEmpty() && !ended) {
            await(socket, limitNanos, deadline);
        }
        Piece piece = pieces.poll();
        if (piece != null) {
            size -= piece.size();
            if (paused && pieces.size() <= PIECES_MAX / 2 && size <= SIZE_MAX / 2) {
                paused = false;
                socket.resume();
            }
            return piece;
        }
        if (socket.endedOrderly()) {
            return null;
        }
        throw new WebSocketException("receive", socket.closeStatus());
    }

    private void await(WebSocketEnd socket, long limitNanos, long deadline) throws IoException {
        try {
            if (limitNanos == 0) {
                wait();
                return;
            }
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new IoException(IoError.TIMED_OUT, "receive", null, socket.remote(), null);
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IoException(IoError.OPERATION_ABORTED, "receive", null, socket.remote(), e);
        }
    }
}
