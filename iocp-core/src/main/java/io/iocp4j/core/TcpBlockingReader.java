package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The reads of the blocking API, as a handler of the callback API. It keeps the bytes of one receive and pauses the
 * connection until they are read. So TCP slows the peer down when the reader is slow (back-pressure). Only a read that
 * needs more than one receive gathers several.
 *
 * <p>The bytes are copied. Lending a pooled buffer until the next read would save a copy. But any thread may close the
 * connection at any time, and then nobody would know when the memory is free.
 */
class TcpBlockingReader implements TcpHandler {
    /** Up to this number, unread bytes are not charged. */
    private static final int UNCHARGED = TcpReceiver.RECEIVE_REST;

    private final CompletionPort port;
    private final int maxRead;

    // guarded by this
    private boolean open;
    private boolean ended;
    private CloseInfo closed;
    private boolean reading;
    /** Received bytes that were not read, from position to limit; null if there are none. */
    private ByteBuffer arrived;
    /** The charge for them in the memory budget, in bytes. */
    private int charged;
    /** The limit of the current read; zero for none. */
    private Duration limit;
    /** When that read began, and how long it may take from then on, in nanoseconds. */
    private long begunNanos;
    private long allowedNanos;
    /** True while that read waits for bytes. */
    private boolean waiting;
    private long waitBegunNanos;
    /** True if the wait has lasted for the idle timeout. */
    private boolean idle;

    TcpBlockingReader(CompletionPort port, int maxRead) {
        this.port = port;
        this.maxRead = maxRead;
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

    /**
     * Charges the unread bytes, unless they are too few to be worth it. Returns false if there is no room, and the
     * connection has failed.
     */
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
        // reported after this callback, when our side has ended too: a write after a read() that returned null must
        // always fail
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

    /**
     * Ends a read that has waited for the whole silence. Does nothing if no thread reads, since the peer may be waiting
     * for this side.
     */
    @Override
    public synchronized void onTimeout(TcpConnection connection) {
        idle = waiting && port.nanoTime() - waitBegunNanos >= ((TcpReceiver) connection).idleNanos();
        if (idle) {
            notifyAll();
        }
    }

    /**
     * Returns the size of an array with room for the data. It doubles, so many small receives cost no more than a few
     * large ones.
     */
    private int sizeWith(ByteBuffer data) {
        return arrived.capacity() - arrived.limit() >= data.remaining() ? arrived.capacity()
                : Math.max(arrived.remaining() + data.remaining(), 2 * arrived.remaining());
    }

    /** Appends bytes to the unread ones. */
    private ByteBuffer joined(int size, ByteBuffer data) {
        int end = arrived.limit();
        if (size == arrived.capacity() && size - end >= data.remaining()) {
            return arrived.limit(end + data.remaining()).put(end, data, data.position(), data.remaining());
        }
        return ByteBuffer.allocate(size).put(arrived).put(data).flip();
    }

    /** Blocks until the connection is open. */
    synchronized void awaitOpen(TcpReceiver connection, InetSocketAddress remote) throws IOException {
        Worker.requireNotWorker(port);
        try {
            while (!open && closed == null) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            connection.abort();
            throw new IoException(IoError.OPERATION_ABORTED, "connect", null, remote, "the thread was interrupted", e);
        }
        if (!open) {
            if (closed.cause() instanceof IoException failure) {
                throw failure.here();
            }
            IoError error = closed.error() == null ? IoError.OPERATION_ABORTED : closed.error();
            throw new IoException(error, "connect", null, remote, closed.cause());
        }
    }

    /** Reads the bytes of one receive; a limit of zero is none. */
    synchronized ByteBuffer read(TcpReceiver connection, Duration within) throws IOException {
        begin(within);
        try {
            return arrived != null || receive(connection) ? take(connection, arrived.remaining()) : null;
        } finally {
            reading = false;
        }
    }

    /** Reads as an {@link java.io.InputStream} does. */
    synchronized int read(TcpReceiver connection, byte[] into, int offset, int length) throws IOException {
        begin(Duration.ZERO);
        try {
            if (arrived == null && !receive(connection)) {
                return -1;
            }
            int count = Math.min(length, arrived.remaining());
            arrived.get(into, offset, count);
            if (!arrived.hasRemaining()) {
                arrived = null;
                charge(connection, 0);
            }
            return count;
        } finally {
            reading = false;
        }
    }

    /** Returns the number of bytes that a read would give at once. */
    synchronized int available() {
        return arrived == null ? 0 : arrived.remaining();
    }

    /** Drops the unread bytes, and returns their number. */
    synchronized int discard(TcpConnection connection) {
        int bytes = available();
        arrived = null;
        charge(connection, 0);
        return bytes;
    }

    synchronized ByteBuffer readFully(TcpReceiver connection, int length, Duration within) throws IOException {
        if (length < 0 || length > maxRead) {
            throw new IllegalArgumentException("not between 0 and " + maxRead + " bytes: " + length);
        }
        begin(within);
        try {
            while (available() < length) {
                if (!receive(connection)) {
                    throw ended(connection, "after " + available() + " of " + length + " bytes");
                }
            }
            return length == 0 ? ByteBuffer.allocate(0) : take(connection, length);
        } finally {
            reading = false;
        }
    }

    synchronized String readLine(TcpReceiver connection, Duration within) throws IOException {
        begin(within);
        try {
            int length = 0;
            while (true) {
                while (arrived != null && length < arrived.remaining()) {
                    if (arrived.get(arrived.position() + length) == '\n') {
                        return line(connection, length + 1);
                    }
                    length++;
                    if (length > maxRead) {
                        throw connection.ioException("read", IoError.NO_BUFFERS,
                                "the line is longer than maxRead, " + maxRead + " bytes");
                    }
                }
                if (!receive(connection)) {
                    return arrived == null ? null : lastLine(connection, length);
                }
            }
        } finally {
            reading = false;
        }
    }

    /**
     * Returns the last bytes as a line if the peer ended after them; otherwise the line was cut off, and this throws.
     */
    private String lastLine(TcpReceiver connection, int length) throws IOException {
        if (!endedByPeer()) {
            throw ended(connection, "in the middle of a line");
        }
        return line(connection, length);
    }

    private boolean endedByPeer() {
        return ended || closed.initiator() == CloseInfo.Initiator.REMOTE;
    }

    private IoException ended(TcpReceiver connection, String where) {
        String who = endedByPeer() ? "the peer has ended its side " : "this side has closed the connection ";
        return connection.ioException("read", IoError.EOF, who + where);
    }

    private String line(TcpReceiver connection, int length) {
        ByteBuffer bytes = take(connection, length).slice();
        int end = length;
        if (bytes.get(end - 1) == '\n') {
            end -= end > 1 && bytes.get(end - 2) == '\r' ? 2 : 1;
        }
        return StandardCharsets.UTF_8.decode(bytes.limit(end)).toString();
    }

    private void begin(Duration within) {
        Worker.requireNotWorker(port);
        if (reading) {
            throw new IllegalStateException("another thread is reading from this connection");
        }
        reading = true;
        limit = within;
        if (!limit.isZero()) {
            begunNanos = port.nanoTime();
            allowedNanos = TimeUnit.NANOSECONDS.convert(limit);
        }
    }

    /** Takes the given number of the bytes that have arrived. */
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

    /** Blocks for one more receive. False at the end; throws if the connection was lost, or aborted with an error. */
    private boolean receive(TcpReceiver connection) throws IOException {
        int before = available();
        // set before the resumption: the silence that the connection measures begins there, and must not be longer than
        // this wait
        waitBegunNanos = port.nanoTime();
        // resumed only now: the peer's FIN ends this side too, and must not do so while the reader still answers a
        // request
        connection.resumeForReader();
        await(connection, before);
        if (available() > before) {
            return true;
        }
        if (closed != null && closed.error() != null) {
            throw connection.ioException("read", closed.error(), null);
        }
        return false;
    }

    private void await(TcpReceiver connection, int before) throws IOException {
        waiting = true;
        idle = false;
        try {
            // below it after discard(): the end of the connection is still to be told
            while (available() <= before && !ended && closed == null) {
                if (idle) {
                    Duration silence = Duration.ofNanos(connection.idleNanos());
                    throw connection.ioException("read", IoError.TIMED_OUT,
                            "nothing was received or sent within idleTimeout, " + Deadline.text(silence));
                }
                if (limit.isZero()) {
                    wait();
                } else {
                    TimeUnit.NANOSECONDS.timedWait(this, leftNanos(connection));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw connection.ioException("read", IoError.OPERATION_ABORTED, "the thread was interrupted");
        } finally {
            waiting = false;
        }
    }

    /** Returns what is left of the limit, in nanoseconds; throws if nothing is left. */
    private long leftNanos(TcpReceiver connection) throws IOException {
        long limitNanos = TimeUnit.NANOSECONDS.convert(limit);
        long left = allowedNanos - (port.nanoTime() - begunNanos);
        if (left > 0) {
            return left;
        }
        // only once: after a stop of the process, the workers have by now taken the data that arrived meanwhile
        long grace = allowedNanos == limitNanos ? Deadline.graceNanos(limitNanos, -left) : 0;
        if (grace == 0) {
            throw connection.ioException("read", IoError.TIMED_OUT,
                    "not complete within the limit of this read, " + Deadline.text(limit));
        }
        allowedNanos += grace - left;
        return grace;
    }
}
