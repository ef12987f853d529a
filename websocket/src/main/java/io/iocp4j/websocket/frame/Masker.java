package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Masks and unmasks payload (RFC 6455 section 5.3), which is one and the same operation. Stateless. Any thread. */
public final class Masker {
    private Masker() {
    }

    /**
     * XORs the bytes from position to limit with the key, in place. Position, limit and byte order do not change.
     *
     * <p>A payload may arrive in pieces: this call returns the key for the next piece.
     *
     * @param data a heap or direct buffer of either byte order
     * @param key the masking key; its highest byte masks the first byte
     * @return the key, rotated so that its highest byte masks the byte after these
     * @throws java.nio.ReadOnlyBufferException if there is something to mask and the buffer is read-only
     */
    public static int mask(ByteBuffer data, int key) {
        int index = data.position();
        int end = data.limit();
        // getLong and putLong follow the buffer's byte order, so lay the key out in the same order
        int laidOut = data.order() == ByteOrder.BIG_ENDIAN ? key : Integer.reverseBytes(key);
        long twice = (long) laidOut << 32 | laidOut & 0xFFFF_FFFFL;
        for (; end - index >= Long.BYTES; index += Long.BYTES) {
            data.putLong(index, data.getLong(index) ^ twice);
        }
        int rotated = key;
        for (; index < end; index++) {
            data.put(index, (byte) (data.get(index) ^ rotated >>> 24));
            rotated = Integer.rotateLeft(rotated, Byte.SIZE);
        }
        return rotated;
    }
}
