package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Bytes that arrive in pieces, up to a limit. Its memory is at most twice what has really arrived, or one page,
 * whatever was announced, and is kept for the next use. One thread at a time.
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

    /** How many bytes may still be added. */
    int room() {
        return limit - size;
    }

    /** Bytes of memory in use, which tests hold against what was fed. */
    int capacity() {
        return bytes.length;
    }

    /** Moves {@code count} bytes from {@code in} to the end. The caller has compared them with {@link #room()}. */
    void append(ByteBuffer in, int count) throws MediaException {
        if (count > room()) {
            throw new IllegalStateException(count + " bytes for " + room());
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

    /** Forgets all bytes from {@code newSize} on. */
    void truncate(int newSize) {
        size = Math.min(size, newSize);
    }

    /** Gives the memory back, with what it held. */
    void release() {
        memory.change(bytes.length, 0);
        size = 0;
        bytes = new byte[0];
    }

    /** A read-only view of the bytes {@code from} until {@code to}, good until the next change. */
    ByteBuffer view(int from, int to) {
        return ByteBuffer.wrap(bytes, from, to - from).slice().asReadOnlyBuffer();
    }

    /** A copy of all bytes. */
    ByteBuffer copy() {
        return ByteBuffer.wrap(Arrays.copyOf(bytes, size));
    }
}
