package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * The reads of the blocking API, as a handler of the callback API: it keeps the bytes of one receive and pauses the
 * connection until they are read, so that TCP slows the peer down when the reader is slow. Only a read that needs more
 * than one receive gathers several.
 *
 * <p>The bytes are copied. A pooled buffer lent until the next read would be shorter by a copy, but any thread may
 * close the connection at any time, and then nobody could say when the memory is free.
 */
class TcpBlockingReader implements TcpHandler {
    /** What came and was not read is not charged up to this many bytes. */
    private static final int UNCHARGED = TcpReceiver.RECEIVE_REST;

    private final CompletionPort port;
    private final int readMax;

    // guarded by this
    private boolean open;
    private boolean ended;
    private CloseInfo closed;
    private boolean reading;
    /** What came and was not read, from position to limit; null if there is nothing. */
    private ByteBuffer arrived;
    /** What of it the memory budget knows, in bytes. */
    private int charged;

    TcpBlockingReader(CompletionPort port, int readMax) {
        this.port = port;
        this.readMax = readMax;
    }

    @Override
    public synchronized void onOpen(TcpConnection connection) {
        open = true;
        notifyAll();
    }

    @Override
    public synchronized void onData(TcpConnection connection, ByteBuffer data) {
        int size = arrived == null ? data.remaining() : sizeWith(data);
        if (charge(connection, size)) {
            arrived = arrived == null ? ByteBuffer.allocate(size).put(data).flip() : joined(size, data);
            connection.pause();
            notifyAll();
        }
    }

    /** Little is not worth the steps; false if there is no room, and the connection has failed for it. */
    private boolean charge(TcpConnection connection, int size) {
        int wanted = size <= UNCHARGED ? 0 : size;
        if (wanted == charged) {
            return true;
        }
        if (connection.memory().change(MemoryBudget.Kind.HEAP, charged, wanted)) {
            charged = wanted;
            return true;
        }
        ((TcpReceiver) connection).refused(MemoryBudget.Kind.HEAP);
        return false;
    }

    @Override
    public void onEnd(TcpConnection connection) {
        // told behind this callback, when our side has ended as well: a write that follows a read() of null must not go
        // through by chance
        connection.execute(this::ended);
    }

    private synchronized void ended() {
        ended = true;
        notifyAll();
    }

    @Override
    public synchronized void onClose(TcpConnection connection, CloseInfo why) {
        closed = why;
        notifyAll();
    }

    /** Doubled as it grows, so that many small receives cost no more than a few large ones. */
    private int sizeWith(ByteBuffer data) {
        return arrived.capacity() - arrived.limit() >= data.remaining() ? arrived.capacity()
                : Math.max(arrived.remaining() + data.remaining(), 2 * arrived.remaining());
    }

    /** Behind what was there. */
    private ByteBuffer joined(int size, ByteBuffer data) {
        int end = arrived.limit();
        if (size == arrived.capacity() && size - end >= data.remaining()) {
            return arrived.limit(end + data.remaining()).put(end, data, data.position(), data.remaining());
        }
        return ByteBuffer.allocate(size).put(arrived).put(data).flip();
    }

    /** Waits for the end of a connect. */
    synchronized void awaitOpen(TcpReceiver connection, InetSocketAddress remote) throws IOException {
        Worker.requireNotWorker(port);
        try {
            while (!open && closed == null) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            connection.abort();
            throw new IoException(IoError.OPERATION_ABORTED, "connect", null, remote, e);
        }
        if (!open) {
            throw closed.cause() instanceof IoException failure ? failure.here()
                    : new IoException(closed.error() == null ? IoError.OPERATION_ABORTED : closed.error(), "connect", null, remote,
                            closed.cause());
        }
    }

    /** Reads what comes; {@code limitNanos} 0 waits without a limit. */
    synchronized ByteBuffer read(TcpReceiver connection, long limitNanos) throws IOException {
        begin();
        try {
            return arrived != null || receive(connection, limitNanos) ? take(connection, arrived.remaining()) : null;
        } finally {
            reading = false;
        }
    }

    synchronized ByteBuffer readFully(TcpReceiver connection, int length) throws IOException {
        if (length < 1 || length > readMax) {
            throw new IllegalArgumentException("not between 1 and " + readMax + " bytes: " + length);
        }
        begin();
        try {
            while (arrived == null || arrived.remaining() < length) {
                if (!receive(connection, 0)) {
                    throw connection.ioException("read", IoError.EOF);
                }
            }
            return take(connection, length);
        } finally {
            reading = false;
        }
    }

    synchronized String readLine(TcpReceiver connection) throws IOException {
        begin();
        try {
            int length = 0;
            while (true) {
                while (arrived != null && length < arrived.remaining()) {
                    if (arrived.get(arrived.position() + length) == '\n') {
                        return line(connection, length + 1);
                    }
                    length++;
                    if (length > readMax) {
                        throw connection.ioException("read", IoError.NO_BUFFERS);
                    }
                }
                if (!receive(connection, 0)) {
                    return arrived == null ? null : lastLine(connection, length);
                }
            }
        } finally {
            reading = false;
        }
    }

    /** What came without a line's end is a line only if the peer ended behind it: else more of it was to come. */
    private String lastLine(TcpReceiver connection, int length) throws IOException {
        boolean whole = ended || closed.initiator() == CloseInfo.Initiator.REMOTE;
        if (!whole) {
            throw connection.ioException("read", IoError.EOF);
        }
        return line(connection, length);
    }

    private String line(TcpConnection connection, int length) {
        ByteBuffer bytes = take(connection, length).slice();
        int end = length;
        if (bytes.get(end - 1) == '\n') {
            end -= end > 1 && bytes.get(end - 2) == '\r' ? 2 : 1;
        }
        return StandardCharsets.UTF_8.decode(bytes.limit(end)).toString();
    }

    private void begin() {
        Worker.requireNotWorker(port);
        if (reading) {
            throw new IllegalStateException("another thread is reading from this connection");
        }
        reading = true;
    }

    /** Takes that much of what has arrived. */
    private ByteBuffer take(TcpConnection connection, int length) {
        if (length == arrived.remaining()) {
            ByteBuffer all = arrived;
            arrived = null;
            charge(connection, 0);
            return all;
        }
        ByteBuffer part = ByteBuffer.allocate(length).put(0, arrived, arrived.position(), length);
        arrived.position(arrived.position() + length);
        return part;
    }

    /** Waits for one more receive. False at the end; throws if the connection was lost, or aborted with an error. */
    private boolean receive(TcpReceiver connection, long limitNanos) throws IOException {
        int before = arrived == null ? 0 : arrived.remaining();
        // not earlier: the peer's FIN ends this side too, and must not do so while the reader still answers what it
        // read
        connection.resume();
        await(connection, limitNanos, before);
        if (arrived != null && arrived.remaining() > before) {
            return true;
        }
        if (closed != null && closed.error() != null) {
            throw connection.ioException("read", closed.error());
        }
        return false;
    }

    private void await(TcpReceiver connection, long limitNanos, int before) throws IOException {
        long begun = port.nanoTime();
        long allowed = limitNanos;
        while ((arrived == null || arrived.remaining() == before) && !ended && closed == null) {
            try {
                if (limitNanos == 0) {
                    wait();
                } else {
                    long left = allowed - (port.nanoTime() - begun);
                    if (left <= 0) {
                        // once: where the process was stopped, what came meanwhile is with the workers now
                        long grace = allowed == limitNanos ? Deadline.graceNanos(limitNanos, -left) : 0;
                        if (grace == 0) {
                            throw connection.ioException("read", IoError.TIMED_OUT);
                        }
                        allowed += grace - left;
                        left = grace;
                    }
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw connection.ioException("read", IoError.OPERATION_ABORTED);
            }
        }
    }
}
