package io.iocp4j.core;

import java.nio.ByteBuffer;

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
    private Entry head;
    private Entry tail;
    private int entries;
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
        return entries;
    }

    boolean isEmpty() {
        return head == null;
    }

    /** Copies what remains in the buffer, whose position moves to its limit. */
    void add(ByteBuffer data) {
        bytes += data.remaining();
        if (entries > inFlight && tail.shared == null) {
            tail.append(data);
        }
        while (data.hasRemaining()) {
            ByteBuffer chunk = pool.take(Math.clamp(data.remaining(), CHUNK_MIN, CHUNK_MAX));
            add(new Entry(null, chunk.limit(0)));
            tail.append(data);
        }
    }

    /** Queues a counted buffer between the positions of the given view; retains it. */
    void add(PooledBuffer shared, ByteBuffer view) {
        if (view.hasRemaining()) {
            shared.retain();
            bytes += view.remaining();
            add(new Entry(shared, view));
        }
    }

    private void add(Entry entry) {
        if (head == null) {
            head = entry;
        } else {
            tail.next = entry;
        }
        tail = entry;
        entries++;
    }

    /** The one entry of this queue, for a send of one buffer; it is in flight until {@link #sent}. */
    ByteBuffer single() {
        inFlight = 1;
        return head.view;
    }

    /** Fills the array with what the next send takes; those entries are in flight until {@link #sent}. */
    int gather(ByteBuffer[] into) {
        int count = 0;
        long gathered = 0;
        for (Entry entry = head; entry != null; entry = entry.next) {
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
        while (head != null && !head.view.hasRemaining()) {
            removeHead();
        }
    }

    /** Drops everything; not to be called while a send is in flight. */
    void clear() {
        while (head != null) {
            removeHead();
        }
        bytes = 0;
    }

    private void removeHead() {
        Entry first = head;
        head = first.next;
        entries--;
        if (head == null) {
            tail = null;
        }
        if (first.shared == null) {
            pool.takeBack(first.view);
        } else {
            first.shared.release();
        }
    }

    /** A part of what is to be sent: a shared buffer with a view of it, or a chunk of this queue alone, which may grow at its end. */
    private static final class Entry {
        /** Null for a chunk. */
        private final PooledBuffer shared;
        private final ByteBuffer view;
        private Entry next;

        Entry(PooledBuffer shared, ByteBuffer view) {
            this.shared = shared;
            this.view = view;
        }

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
