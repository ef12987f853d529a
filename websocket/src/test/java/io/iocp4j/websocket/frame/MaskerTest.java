package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskerTest {
    private static final int[] KEYS = {0, 0x37FA213D, 0x80000001, 0x01020304, -1};
    private static final int LENGTH_MAX = 257;
    private static final int OFFSET_MAX = 7;

    @ParameterizedTest
    @CsvSource({"false,BIG", "false,LITTLE", "true,BIG", "true,LITTLE"})
    @DisplayName("masking equals a naive loop for each length, offset and key, and touches nothing else")
    void equalsNaiveLoop(boolean direct, String order) {
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(300) : ByteBuffer.allocate(300);
        buffer.order(order.equals("BIG") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        for (int key : KEYS) {
            for (int offset = 0; offset <= OFFSET_MAX; offset++) {
                for (int length = 0; length <= LENGTH_MAX; length++) {
                    checkOne(buffer, key, offset, length);
                }
            }
        }
    }

    @Test
    @DisplayName("a payload masked in two pieces equals the payload masked in one, for each cut")
    void keyGoesOn() {
        byte[] whole = new byte[40];
        Masker.mask(ByteBuffer.wrap(whole), 0x01020304);
        for (int cut = 0; cut <= whole.length; cut++) {
            byte[] pieces = new byte[whole.length];
            int key = Masker.mask(ByteBuffer.wrap(pieces, 0, cut), 0x01020304);
            Masker.mask(ByteBuffer.wrap(pieces, cut, whole.length - cut), key);
            assertArrayEquals(whole, pieces, "cut at " + cut);
        }
    }

    @Test
    @DisplayName("the key for the next piece is rotated by the bytes that were masked")
    void rotation() {
        int[] expected = {0x01020304, 0x02030401, 0x03040102, 0x04010203};
        for (int length = 0; length < 20; length++) {
            assertEquals(expected[length % 4], Masker.mask(ByteBuffer.allocate(length), 0x01020304), "" + length);
        }
    }

    @Test
    @DisplayName("a read-only buffer is refused")
    void readOnly() {
        ByteBuffer readOnly = ByteBuffer.allocate(9).asReadOnlyBuffer();
        assertThrows(ReadOnlyBufferException.class, () -> Masker.mask(readOnly, 1));
    }

    private static void checkOne(ByteBuffer buffer, int key, int offset, int length) {
        byte[] expected = new byte[buffer.capacity()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) (i * 31 + length);
        }
        buffer.clear().put(expected);
        for (int i = 0; i < length; i++) {
            expected[offset + i] ^= (byte) (key >>> 24 - 8 * (i % 4));
        }
        buffer.limit(offset + length).position(offset);
        ByteOrder order = buffer.order();

        int next = Masker.mask(buffer, key);

        String label = "key " + key + " offset " + offset + " length " + length;
        assertEquals(Integer.rotateLeft(key, 8 * (length % 4)), next, label);
        assertEquals(offset, buffer.position(), label);
        assertEquals(offset + length, buffer.limit(), label);
        assertEquals(order, buffer.order(), label);
        assertArrayEquals(expected, WireBytes.remaining(buffer.clear()), label);
    }
}
