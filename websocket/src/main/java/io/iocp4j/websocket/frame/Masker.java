package io.iocp4j.websocket.frame;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The masking of RFC 6455 section 5.3. Masking and unmasking are the same operation. No state, for any thread. */
public final class Masker {
    private Masker() {
    }

    /**
     * XORs the bytes from position to limit with the key, in place. Position, limit and byte order stay as they are.
     *
     * <p>A payload may come in pieces: the key for the next piece is what this call returns.
     *
     * @param data heap or direct, of either byte order
     * @param key the masking key; its highest byte masks the first byte
     * @return the key rotated so that its highest byte masks the byte after these
     * @throws java.nio.ReadOnlyBufferException when there is something to mask and the buffer cannot be written
     */
    public static int mask(ByteBuffer data, int key) {
        int index = data.position();
        int end = data.limit();
        // getLong puts the byte at the lowest index where the buffer's order says, so the key is laid out likewise
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
