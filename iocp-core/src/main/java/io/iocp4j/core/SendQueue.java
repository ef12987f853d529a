package io.iocp4j.core;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * What a connection has to send, in order. Not thread-safe: guarded by the lock of its connection.
 *
 * <p>Bytes of the application are copied into pooled chunks, small ones after each other into the same chunk; counted buffers are queued
 * as they are, with one reference each. The first buffers of the queue are with the port while a send is in flight and are touched by
 * nobody else.
 */
final class SendQueue {
    /** Bytes that one send takes at the most: what a peer is given before the next connection has its turn. */
    static final int GATHER_BYTES_MAX = 256 << 10;
    /** Entries that may wait: a shared buffer of few bytes costs more than its bytes. Above, {@link TcpConnection} gives up. */
    static final int ENTRIES_MAX = 16 << 10;
    /** The smallest chunk to copy into: room for a burst of small messages. */
    private static final int CHUNK_MIN = 4 << 10;
    private static final int CHUNK_MAX = 64 << 10;

    private final BufferPool pool;
    private final ArrayDeque<Entry> entries = new ArrayDeque<>(4);
    private long bytes;
    /** How many entries from the head are with the port. */
    private int inFlight;

    SendQueue(BufferPool pool) {
        this.pool = pool;
    }

    long bytes() {
        return bytes;
    }

    int entries() {
        return entries.size();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Copies what remains in the buffer, whose position moves to its limit. */
    void add(ByteBuffer data) {
        bytes += data.remaining();
        Entry tail = entries.size() > inFlight ? entries.peekLast() : null;
        if (tail != null && tail.appendable) {
            tail.append(data);
        }
        while (data.hasRemaining()) {
            PooledBuffer chunk = pool.acquire(Math.clamp(data.remaining(), CHUNK_MIN, CHUNK_MAX));
            Entry entry = new Entry(chunk, chunk.buffer().limit(0), true);
            entry.append(data);
            entries.add(entry);
        }
    }

    /** Queues a counted buffer between the positions of the given view; retains it. */
    void add(PooledBuffer shared, ByteBuffer view) {
        if (view.hasRemaining()) {
            shared.retain();
            bytes += view.remaining();
            entries.add(new Entry(shared, view, false));
        }
    }

    /** Fills the array with what the next send takes; those entries are in flight until {@link #sent}. */
    int gather(ByteBuffer[] into) {
        int count = 0;
        long gathered = 0;
        for (Entry entry : entries) {
            if (count == into.length || count > 0 && gathered + entry.view.remaining() > GATHER_BYTES_MAX) {
                break;
            }
            into[count++] = entry.view;
            gathered += entry.view.remaining();
        }
        inFlight = count;
        return count;
    }

    /** The send in flight has taken this many bytes; what it did not take is the head of the queue again. */
    void sent(long transferred) {
        bytes -= transferred;
        inFlight = 0;
        for (Entry head = entries.peek(); head != null && !head.view.hasRemaining(); head = entries.peek()) {
            entries.poll().buffer.release();
        }
    }

    /** Drops everything; not to be called while a send is in flight. */
    void clear() {
        for (Entry entry = entries.poll(); entry != null; entry = entries.poll()) {
            entry.buffer.release();
        }
        bytes = 0;
    }

    /** A buffer and the part of it that is still to be sent. Chunks made here may grow at their end, shared buffers not. */
    private record Entry(PooledBuffer buffer, ByteBuffer view, boolean appendable) {
        void append(ByteBuffer data) {
            int room = view.capacity() - view.limit();
            int length = Math.min(room, data.remaining());
            if (length > 0) {
                int start = view.limit();
                view.limit(start + length);
                view.put(start, data, data.position(), length);
                data.position(data.position() + length);
            }
        }
    }
}
