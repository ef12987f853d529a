package io.iocp4j.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The queued data of a connection, in order. Not thread-safe: guarded by the lock of its connection.
 *
 * <p>Bytes of the application are copied into pooled chunks; several small sends share a chunk. Counted buffers are
 * queued without a copy, with one reference each. While a send is in flight, the port uses the first buffers of the
 * queue, and this class does not touch them.
 *
 * <p>An idle connection has no queue. Data that a callback sends is usually written before the next callback runs, so
 * each worker keeps one spare queue and lends it to whichever connection needs it. Pull mode, and pools too small for
 * caches of the workers, allocate a queue instead. With a queue for each of 1,000 connections, fetching it into the
 * processor's cache was 0.7 percent of an echo's CPU time ({@code bench/lab run tcp-echo:connections=1000}).
 */
final class TcpSendQueue {
    /** The most bytes of one send, after which the next connection has its turn. */
    static final int GATHER_BYTES_MAX = 256 << 10;
    /**
     * The most entries of a queue, since a shared buffer of few bytes costs more than its bytes. Above this,
     * {@link TcpSender} ends the connection.
     */
    static final int ENTRIES_MAX = 16 << 10;
    /** The smallest chunk to copy into: room for a burst of small messages. */
    static final int CHUNK_MIN = 4 << 10;
    private static final int CHUNK_MAX = 64 << 10;
    /** The heap that a shared buffer takes in the queue, with its view, in bytes. */
    static final int ENTRY_BYTES = 128;

    private final BufferPool pool;
    private Entry head;
    private Entry tail;
    private int entries;
    private long bytes;
    /** The last entry that sends may take; null if they may take all. */
    private Entry last;
    /** The number of entries from the head that the port uses now. */
    private int inFlight;
    /**
     * The last chunk of the queue when it ran empty; it mostly has room for the next data. Without it each echo took a
     * chunk from the pool and gave it back, which cost 0.5 percent of its CPU time and 24 B of garbage
     * ({@code bench/lab run tcp-echo}).
     */
    private Entry spareChunk;
    /** Made at the first send of more than one buffer; most queues never have one. */
    private ByteBuffer[] gathered;

    TcpSendQueue(BufferPool pool) {
        this.pool = pool;
    }

    /**
     * Returns the given queue if there is one, else the spare queue of this worker, or a new one. The queue then
     * belongs to the caller.
     */
    static TcpSendQueue orTakeSpare(TcpSendQueue queue, BufferPool buffers) {
        if (queue != null) {
            return queue;
        }
        TcpSendQueue spare = Worker.takeSpareQueue(buffers);
        return spare != null ? spare : new TcpSendQueue(buffers);
    }

    /**
     * Returns this queue, or null if it is empty. In that case this worker may lend it to another connection from then
     * on.
     */
    TcpSendQueue recycleIfEmpty() {
        if (head != null) {
            return this;
        }
        // the bytes of a send that failed were never subtracted
        bytes = 0;
        if (gathered != null) {
            // a buffer in it may be large, and not of the pool
            Arrays.fill(gathered, null);
        }
        if (!Worker.keepSpareQueue(pool, this)) {
            dropSpareChunk();
        }
        return null;
    }

    /**
     * Returns the memory that an empty queue holds, in bytes. It does not change while a worker keeps the queue and
     * counts it.
     */
    int spareBytes() {
        return spareChunk == null ? 0 : CHUNK_MIN;
    }

    private void dropSpareChunk() {
        if (spareChunk != null) {
            pool.takeBack(spareChunk.view);
            spareChunk = null;
        }
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

    /** Copies the remaining bytes of the buffer and advances its position to its limit. */
    void add(ByteBuffer data) {
        int length = data.remaining();
        append(data);
        bytes += length;
    }

    /** Copies two pieces. If memory runs out meanwhile, neither is counted. */
    void add(ByteBuffer first, ByteBuffer second) {
        int length = Math.addExact(first.remaining(), second.remaining());
        append(first);
        append(second);
        bytes += length;
    }

    private void append(ByteBuffer data) {
        if (entries > inFlight && tail.shared == null && tail != last) {
            tail.append(data);
        }
        while (data.hasRemaining()) {
            add(chunkFor(data.remaining()));
            tail.append(data);
        }
    }

    private Entry chunkFor(int length) {
        if (length > CHUNK_MIN) {
            dropSpareChunk();
        }
        Entry chunk = spareChunk != null ? spareChunk
                : new Entry(null, pool.take(Math.clamp(length, CHUNK_MIN, CHUNK_MAX)));
        spareChunk = null;
        chunk.view.limit(0);
        return chunk;
    }

    /** Queues the part of a counted buffer that the view shows, and retains the buffer. */
    void add(PooledBuffer shared, ByteBuffer view) {
        if (view.hasRemaining()) {
            Entry entry = new Entry(shared, view);
            shared.retain();
            bytes += view.remaining();
            // this queue may wait long, and does not need the spare chunk
            dropSpareChunk();
            add(entry);
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

    /** Returns the only entry of this queue for a send of one buffer. It is in flight until {@link #sent}. */
    ByteBuffer single() {
        inFlight = 1;
        return head.view;
    }

    /**
     * Fills {@link #gathered()} with the buffers of the next send, and returns their number; these entries are in
     * flight until {@link #sent}.
     */
    int gather() {
        if (gathered == null) {
            gathered = new ByteBuffer[CompletionPort.GATHER_MAX];
        }
        int count = 0;
        long length = 0;
        for (Entry entry = head; entry != null; entry = entry.next) {
            if (count == gathered.length || count > 0 && length + entry.view.remaining() > GATHER_BYTES_MAX) {
                break;
            }
            gathered[count++] = entry.view;
            length += entry.view.remaining();
            if (entry == last) {
                break;
            }
        }
        inFlight = count;
        return count;
    }

    /** Sends without an operation what the system takes at once, and removes it. Returns the bytes sent. */
    long sendNow(PortSocket socket) throws IOException {
        long sent = 0;
        try {
            if (entries == 1) {
                sent = socket.sendNow(head.view);
            } else {
                int count = gather();
                sent = socket.sendNow(gathered, count);
            }
            return sent;
        } finally {
            sent(sent);
        }
    }

    /** Lets sends take only the entries that wait now, until all of them were sent. */
    void holdBehind() {
        last = tail;
    }

    /** The buffers of the last {@link #gather()}. */
    ByteBuffer[] gathered() {
        return gathered;
    }

    /** Removes the bytes that the send in flight has taken; the rest is the head of the queue again. */
    void sent(long transferred) {
        bytes -= transferred;
        inFlight = 0;
        while (head != null && !head.view.hasRemaining()) {
            removeHead();
        }
    }

    /** Drops everything. Must not be called while a send is in flight. */
    void clear() {
        while (head != null) {
            removeHead();
        }
        bytes = 0;
        dropSpareChunk();
    }

    private void removeHead() {
        Entry first = head;
        head = first.next;
        if (first == last) {
            last = null;
        }
        entries--;
        if (head == null) {
            tail = null;
        }
        if (first.shared != null) {
            first.shared.release();
        } else if (head == null && spareChunk == null && first.view.capacity() == CHUNK_MIN) {
            BufferPool.makeAsNew(first.view);
            spareChunk = first;
        } else {
            pool.takeBack(first.view);
        }
    }

    /**
     * One part of the queued data: a shared buffer with a view of it, or a chunk of this queue alone, to whose end data
     * may be added.
     */
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
