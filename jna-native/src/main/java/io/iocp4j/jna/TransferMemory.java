package io.iocp4j.jna;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.PooledBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The buffers of one transfer as addresses and lengths. A direct buffer is used in place. The garbage collector may
 * move a heap buffer, so its bytes are copied through a pooled direct buffer.
 */
final class TransferMemory {
    /**
     * The most bytes of one send. The system completes a send only when it has taken all bytes. A longer send would
     * therefore hide the progress of a slow peer.
     */
    static final int SEND_BYTES_MAX = 128 << 10;
    /** The most bytes that are copied for one receive into a heap buffer. */
    static final int COPY_BYTES_MAX = 64 << 10;

    /** The caller's buffers. Their positions move at the end. */
    private final List<ByteBuffer> buffers = new ArrayList<>(4);
    /** The memory that the kernel uses: slices of the caller's direct buffers, or of pooled ones. */
    private final List<ByteBuffer> slices = new ArrayList<>(4);
    private final List<PooledBuffer> copies = new ArrayList<>(0);

    /** Prepares a receive. */
    TransferMemory(BufferPool pool, ByteBuffer buffer) {
        buffers.add(buffer);
        if (buffer.isDirect()) {
            slices.add(buffer.slice());
        } else {
            int room = Math.min(buffer.remaining(), COPY_BYTES_MAX);
            slices.add(copy(pool, room).slice(0, room));
        }
    }

    /** Prepares a send of {@link #SEND_BYTES_MAX} bytes at most. */
    TransferMemory(BufferPool pool, ByteBuffer[] sources, int count) {
        int left = SEND_BYTES_MAX;
        for (int i = 0; i < count && left > 0; i++) {
            ByteBuffer source = sources[i];
            int length = Math.min(source.remaining(), left);
            if (length > 0) {
                left -= length;
                buffers.add(source);
                ByteBuffer part = source.slice(source.position(), length);
                slices.add(source.isDirect() ? part : copy(pool, length).slice(0, length).put(part).flip());
            }
        }
    }

    private ByteBuffer copy(BufferPool pool, int bytes) {
        PooledBuffer copy = pool.acquire(bytes);
        copies.add(copy);
        return copy.buffer();
    }

    int count() {
        return slices.size();
    }

    long address(int index) {
        return MemorySegment.ofBuffer(slices.get(index)).address();
    }

    int length(int index) {
        return slices.get(index).remaining();
    }

    /** Ends a receive: the kernel has stored this many bytes, and no longer uses the memory. */
    void received(long bytes) {
        ByteBuffer buffer = buffers.getFirst();
        if (copies.isEmpty()) {
            buffer.position(buffer.position() + (int) bytes);
        } else {
            buffer.put(slices.getFirst().slice(0, (int) bytes));
        }
        release();
    }

    /** Ends a send: the kernel has taken this many bytes, and no longer uses the memory. */
    void sent(long bytes) {
        long left = bytes;
        for (int i = 0; i < buffers.size(); i++) {
            int taken = (int) Math.min(left, length(i));
            buffers.get(i).position(buffers.get(i).position() + taken);
            left -= taken;
        }
        release();
    }

    /** Gives the pooled buffers back, without moving a position. The kernel must not use the memory. */
    void release() {
        copies.forEach(PooledBuffer::release);
        copies.clear();
    }
}
