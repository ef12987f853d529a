package io.iocp4j.jna;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.PooledBuffer;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The buffers of one transfer as addresses and lengths. A direct buffer is used where it is; the bytes of a heap buffer, which the
 * garbage collector may move, go through a pooled direct one.
 */
final class TransferMemory {
    /**
     * The most bytes of one send. The system completes a send when it has taken all of it, so a longer one would hide from its sender
     * that a slow peer takes anything at all.
     */
    static final int SEND_BYTES_MAX = 128 << 10;
    /** The most bytes that are copied for one receive into a heap buffer. */
    static final int COPY_BYTES_MAX = 64 << 10;

    /** The caller's; their positions move at the end. */
    private final List<ByteBuffer> buffers = new ArrayList<>(4);
    /** What the kernel uses: slices of the caller's direct buffers, or of pooled ones. */
    private final List<ByteBuffer> slices = new ArrayList<>(4);
    private final List<PooledBuffer> copies = new ArrayList<>(0);

    /** For a receive. */
    TransferMemory(BufferPool pool, ByteBuffer buffer) {
        buffers.add(buffer);
        if (buffer.isDirect()) {
            slices.add(buffer.slice());
        } else {
            int room = Math.min(buffer.remaining(), COPY_BYTES_MAX);
            slices.add(copy(pool, room).slice(0, room));
        }
    }

    /** For a send, of as much as one takes. */
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

    /** The kernel has stored so many bytes, and is done with the memory. */
    void received(long bytes) {
        ByteBuffer buffer = buffers.getFirst();
        if (copies.isEmpty()) {
            buffer.position(buffer.position() + (int) bytes);
        } else {
            buffer.put(slices.getFirst().slice(0, (int) bytes));
        }
        release();
    }

    /** The kernel has taken so many bytes, and is done with the memory. */
    void sent(long bytes) {
        long left = bytes;
        for (int i = 0; i < buffers.size(); i++) {
            int taken = (int) Math.min(left, length(i));
            buffers.get(i).position(buffers.get(i).position() + taken);
            left -= taken;
        }
        release();
    }

    /** The kernel has never had it. */
    void release() {
        copies.forEach(PooledBuffer::release);
        copies.clear();
    }
}
