package io.iocp4j.websocket;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.websocket.frame.CloseCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * The receiving half of the blocking API, as a listener. Keeps messages until they are received, and pauses the
 * WebSocket when it keeps enough, so that TCP applies back pressure to the peer. One thread receives at a time.
 */
final class BlockingReceiver implements WebSocketListener {
    private static final System.Logger LOG = new GuardedLog(WebSocketSession.class);

    /** The number of kept messages, or parts of them, at which the WebSocket is paused. It resumes at half of it. */
    static final int PIECES_MAX = 64;
    /**
     * The same for the number of their bytes, or characters of text. The piece that crosses the limit is kept whole.
     */
    static final int SIZE_MAX = 64 << 10;
    /** The longest chain of causes that is searched for an exception of the WebSocket. */
    private static final int CAUSES_MAX = 8;

    /** A whole message, or a part of one. A part is kept as bytes, because it may begin or end inside a character. */
    private record Piece(Message whole, boolean text, byte[] part, boolean last) {
        static Piece of(Message whole) {
            return new Piece(whole, whole.isText(), null, true);
        }

        /** Bytes, or characters of text: exact enough for a limit. */
        int size() {
            return whole == null ? part.length : text ? whole.text().length() : whole.data().remaining();
        }

        /** The most heap that it can take, in bytes. */
        int bytes() {
            return text && whole != null ? Character.BYTES * size() : size();
        }

        ByteBuffer data() {
            return whole == null ? ByteBuffer.wrap(part) : whole.data();
        }
    }

    /** The task of the virtual thread of the WebSocket; null if another thread receives. */
    private final WebSocketSession session;

    // guarded by this
    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(4);
    private long size;
    private long bytes;
    /** Null before the first piece. */
    private MemoryCharge holding;
    private boolean paused;
    private boolean ended;
    private boolean receiving;
    /** The message that is being read as a stream, or null. */
    private MessageInput stream;

    BlockingReceiver(WebSocketSession session) {
        this.session = session;
    }

    /** Returns the receiver that a WebSocket has in place of a listener of the application. */
    static BlockingReceiver of(WebSocketListener listener) {
        if (listener instanceof BlockingReceiver inbox) {
            return inbox;
        }
        throw new IllegalStateException("the messages of this WebSocket go to its listener");
    }

    // ------------------------------------------------------------------ from the WebSocket

    @Override
    public void onOpen(WebSocket socket) {
        if (session != null) {
            Thread.ofVirtual().name("websocket " + socket.remote()).start(() -> run((WebSocketConnection) socket));
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
        WebSocketConnection end = (WebSocketConnection) socket;
        if (holding == null) {
            holding = new MemoryCharge(end.memory(), Kind.HEAP);
        }
        if (!holding.set(bytes + piece.bytes())) {
            end.fail(CloseCode.TRY_AGAIN_LATER, holding.refusal());
            return;
        }
        pieces.add(piece);
        bytes += piece.bytes();
        size += piece.size();
        if (pieces.size() >= PIECES_MAX || size >= SIZE_MAX) {
            paused = true;
            socket.pause();
        }
        notifyAll();
    }

    /** Drops messages that were not received: the WebSocket ends because memory is scarce. */
    synchronized void drop() {
        pieces.clear();
        size = 0;
        bytes = 0;
        if (holding != null) {
            holding.set(0);
        }
    }

    private void run(WebSocketConnection socket) {
        try {
            session.run(socket);
            socket.close(CloseCode.NORMAL, "");
        } catch (Throwable thrown) {
            Level level = tellsOfTheEnd(thrown, socket) ? Level.DEBUG : Level.WARNING;
            LOG.log(level, "the session of " + socket + " threw", thrown);
            socket.fail(CloseCode.INTERNAL_ERROR, "");
        }
    }

    /**
     * Returns true if an exception reports the end of this WebSocket, or was caused by it. Every other exception is a
     * fault of the session, even after the end.
     */
    private static boolean tellsOfTheEnd(Throwable thrown, WebSocketConnection socket) {
        Throwable inner = socket.isOpen() ? null : thrown;
        // causes may form a cycle
        for (int depth = 0; depth < CAUSES_MAX && inner != null; depth++) {
            boolean ofTheWebSocket = inner instanceof WebSocketException failure
                    && isSame(failure.status(), socket.closeStatus());
            boolean ofItsConnection = inner instanceof IoException failure
                    && Objects.equals(failure.remote(), socket.remote());
            if (ofTheWebSocket || ofItsConnection) {
                return true;
            }
            inner = inner.getCause();
        }
        return false;
    }

    /** Compares without {@code clean}, which is final only later. */
    private static boolean isSame(CloseStatus told, CloseStatus end) {
        return told != null && end != null && told.code() == end.code() && told.reason().equals(end.reason())
                && told.initiator() == end.initiator();
    }

    // ------------------------------------------------------------------ for the receiver

    /** Waits for a whole message; {@code limitNanos} 0 waits without a limit. Null after an orderly end. */
    Message receive(WebSocketConnection socket, long limitNanos) throws IOException {
        begin(socket);
        try {
            Piece first = next(socket, limitNanos);
            return first == null ? null : first.whole != null ? first.whole : join(socket, first);
        } finally {
            end();
        }
    }

    /** Waits for the beginning of a message. Null after an orderly end. */
    MessageInput receiveStream(WebSocketConnection socket) throws IOException {
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
    void continueStream(WebSocketConnection socket, MessageInput input) throws IOException {
        Piece piece;
        try {
            piece = next(socket, 0);
            if (piece == null) {
                throw new WebSocketException("the message has no end", socket.closeStatus());
            }
        } catch (WebSocketException over) {
            // the stream cannot be read to its end, and must not keep the next receive from reporting that
            streamEnded();
            throw over;
        }
        input.take(piece.data(), piece.last);
    }

    synchronized void streamEnded() {
        stream = null;
    }

    private Message join(WebSocketConnection socket, Piece first) throws IOException {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.writeBytes(first.part);
        for (Piece piece = first; !piece.last; joined.writeBytes(piece.part)) {
            try {
                piece = next(socket, 0);
            } catch (IoException interrupted) {
                // keep the parts taken so far: without them the rest would look like a whole message
                putBack(new Piece(null, first.text, joined.toByteArray(), false));
                throw interrupted;
            }
            if (piece == null) {
                throw new WebSocketException("the message has no end", socket.closeStatus());
            }
        }
        return first.text ? Message.text(joined.toString(StandardCharsets.UTF_8))
                : Message.binary(joined.toByteArray());
    }

    private synchronized void putBack(Piece piece) {
        pieces.addFirst(piece);
        size += piece.size();
        bytes += piece.bytes();
    }

    private synchronized void begin(WebSocketConnection socket) {
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

    private synchronized Piece next(WebSocketConnection socket, long limitNanos) throws IOException {
        Limit limit = limitNanos == 0 ? null : new Limit(socket, limitNanos);
        while (pieces.isEmpty() && !ended) {
            await(socket, limit);
        }
        Piece piece = pieces.poll();
        if (piece != null) {
            size -= piece.size();
            bytes -= piece.bytes();
            holding.set(bytes);
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

    private void await(WebSocketConnection socket, Limit limit) throws IoException {
        try {
            if (limit == null) {
                wait();
            } else {
                TimeUnit.NANOSECONDS.timedWait(this, limit.left());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IoException(IoError.OPERATION_ABORTED, "receive", null, socket.remote(), e);
        }
    }

    /**
     * The time limit of a receiver. If the process was stopped meanwhile, it is extended once, so that the workers can
     * deliver messages that have arrived.
     */
    private static final class Limit {
        private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
        private static final long GRACE_MAX_NANOS = TimeUnit.SECONDS.toNanos(1);

        private final WebSocketConnection socket;
        private final long begunNanos;
        private long allowedNanos;
        private boolean extended;

        Limit(WebSocketConnection socket, long nanos) {
            this.socket = socket;
            this.begunNanos = socket.nanoTime();
            this.allowedNanos = nanos;
        }

        /** Above 0, in nanoseconds. */
        long left() throws IoException {
            long left = allowedNanos - (socket.nanoTime() - begunNanos);
            if (left > 0) {
                return left;
            }
            if (extended || -left < LATE_NANOS) {
                throw new IoException(IoError.TIMED_OUT, "receive", null, socket.remote(), null);
            }
            extended = true;
            long grace = Math.min(-left / 8, GRACE_MAX_NANOS);
            allowedNanos += grace - left;
            return grace;
        }
    }
}
