package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A growing buffer for bytes that arrive in pieces, up to a limit. Its memory is at most twice the bytes that have
 * arrived, or one page, and never depends on an announced size. It is kept for the next use. One thread at a time.
 */
final class ByteCollector {
    private static final int FIRST_BYTES = 4096;

    private final int limit;
    private final MediaMemory memory;
    private byte[] bytes = new byte[0];
    private int size;

    ByteCollector(int limit, MediaMemory memory) {
        this.limit = limit;
        this.memory = memory;
    }

    int size() {
        return size;
    }

    /** Returns the number of bytes that may still be added. */
    int room() {
        return limit - size;
    }

    /** Returns the allocated bytes. Tests compare them with the bytes that were fed. */
    int capacity() {
        return bytes.length;
    }

    /**
     * Moves {@code count} bytes from {@code in} to the end.
     *
     * @param count not above {@link #room()}
     * @throws MediaException if the memory for them is refused
     */
    void append(ByteBuffer in, int count) throws MediaException {
        if (count > room()) {
            throw new IllegalStateException(count + " bytes do not fit into " + room());
        }
        if (count > bytes.length - size) {
            long wanted = Math.max(Math.max(FIRST_BYTES, 2L * bytes.length), (long) size + count);
            int capacity = (int) Math.min(limit, wanted);
            if (!memory.change(bytes.length, capacity)) {
                throw new MediaException("there is no memory for " + capacity + " bytes of the stream");
            }
            bytes = Arrays.copyOf(bytes, capacity);
        }
        in.get(bytes, size, count);
        size += count;
    }

    /** Drops the first {@code count} bytes. The rest moves to the beginning. */
    void discard(int count) {
        System.arraycopy(bytes, count, bytes, 0, size - count);
        size -= count;
    }

    /** Overwrites four bytes, big-endian. */
    void setInt(int at, int value) {
        ByteBuffer.wrap(bytes, 0, size).putInt(at, value);
    }

    /** Drops all bytes from {@code newSize} on. */
    void truncate(int newSize) {
        size = Math.min(size, newSize);
    }

    /** Releases the memory and the bytes in it. */
    void release() {
        memory.change(bytes.length, 0);
        size = 0;
        bytes = new byte[0];
    }

    /** Returns a read-only view of the bytes from {@code from} to before {@code to}, valid until the next change. */
    ByteBuffer view(int from, int to) {
        return ByteBuffer.wrap(bytes, from, to - from).slice().asReadOnlyBuffer();
    }

    /** Returns a copy of all bytes. */
    ByteBuffer copy() {
        return ByteBuffer.wrap(Arrays.copyOf(bytes, size));
    }
}
