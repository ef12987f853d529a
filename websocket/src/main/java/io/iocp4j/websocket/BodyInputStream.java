package io.iocp4j.websocket;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Objects;

/**
 * The body of a request as a blocking stream. It keeps pieces until they are read, and pauses the body while it keeps
 * many. One thread reads.
 */
final class BodyInputStream extends InputStream implements BodyListener {
    /**
     * The bytes that are kept, with {@link #OVERHEAD} for each piece, when the body is paused. It resumes at half of
     * them. The piece that crosses the limit is kept whole.
     */
    static final int KEPT_MAX = 64 << 10;
    /** Bytes of memory for each piece in addition to its content: a buffer object and an array header. */
    static final int OVERHEAD = 80;

    private final ServerExchange exchange;

    // guarded by this
    private final ArrayDeque<ByteBuffer> pieces = new ArrayDeque<>(4);
    private final MemoryCharge holding;
    private long kept;
    private boolean paused;
    private boolean ended;
    private boolean closed;
    /** The reason why reads fail; null while they do not. */
    private String over;

    BodyInputStream(ServerExchange exchange) {
        this.exchange = exchange;
        this.holding = new MemoryCharge(exchange.memory(), Kind.HEAP);
    }

    // ------------------------------------------------------------------ from the connection

    @Override
    public synchronized void onBody(ByteBuffer data) throws HttpException {
        if (closed || over != null) {
            return;
        }
        if (!holding.set(held() + OVERHEAD + data.remaining())) {
            throw new HttpException(503, holding.refusal());
        }
        kept += data.remaining();
        pieces.add(ByteBuffer.allocate(data.remaining()).put(data).flip());
        if (!paused && held() >= KEPT_MAX) {
            paused = true;
            exchange.pauseBody();
        }
        notifyAll();
    }

    @Override
    public synchronized void onBodyEnd() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void onBodyAborted(String why) {
        if (!ended) {
            over("the body has no end: " + why);
        }
    }

    /** The request is over, answered or not: the rest of the body is dropped. */
    synchronized void end(String why) {
        if (!ended || !pieces.isEmpty()) {
            over(why);
        }
    }

    private void over(String why) {
        assert Thread.holdsLock(this);
        if (over == null) {
            over = why;
            forget();
            notifyAll();
        }
    }

    // ------------------------------------------------------------------ for the reader

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        await();
        ByteBuffer first = pieces.peek();
        if (first == null) {
            return -1;
        }
        int count = Math.min(length, first.remaining());
        first.get(target, offset, count);
        if (!first.hasRemaining()) {
            pieces.remove();
        }
        kept -= count;
        holding.set(held());
        if (paused && held() <= KEPT_MAX / 2) {
            paused = false;
            exchange.resumeBody();
        }
        return count;
    }

    @Override
    public synchronized int available() {
        return (int) Math.min(Integer.MAX_VALUE, kept);
    }

    /** Drops the rest of the body, received or not. */
    @Override
    public synchronized void close() {
        closed = true;
        forget();
        if (paused) {
            paused = false;
            exchange.resumeBody();
        }
        notifyAll();
    }

    private long held() {
        assert Thread.holdsLock(this);
        return kept + (long) OVERHEAD * pieces.size();
    }

    private void forget() {
        assert Thread.holdsLock(this);
        pieces.clear();
        kept = 0;
        holding.set(0);
    }

    /** Waits for a piece, or for the end. */
    private void await() throws IOException {
        assert Thread.holdsLock(this);
        while (!closed && pieces.isEmpty() && !ended && over == null) {
            exchange.requireNotWorker();
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IoException(IoError.OPERATION_ABORTED, "read of a body", null, exchange.remote(), e);
            }
        }
        if (closed) {
            throw new IOException("the stream is closed");
        }
        if (over != null) {
            throw new IOException(over);
        }
    }
}
