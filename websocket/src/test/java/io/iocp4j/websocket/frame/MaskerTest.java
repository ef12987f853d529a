package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("masking equals a naive loop for random lengths, offsets, keys and orders, up to 64 KiB")
    void equalsNaiveLoopAtRandom(boolean direct) {
        int capacity = 70_000;
        ByteBuffer all = direct ? ByteBuffer.allocateDirect(capacity + 3) : ByteBuffer.allocate(capacity + 3);
        // a slice, so that the first byte is not the first one of the memory
        ByteBuffer buffer = all.slice(3, capacity);
        SplittableRandom random = new SplittableRandom(20261130);
        for (int i = 0; i < 300; i++) {
            buffer.order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
            int length = random.nextInt(1 << random.nextInt(17));
            checkOne(buffer, random.nextInt(), random.nextInt(64), length);
        }
    }

    @Test
    @DisplayName("a payload masked in random pieces equals the payload masked in one, heap and direct by turns")
    void randomPieces() {
        SplittableRandom random = new SplittableRandom(20261130);
        for (int i = 0; i < 100; i++) {
            int key = random.nextInt();
            byte[] whole = new byte[random.nextInt(20_000)];
            random.nextBytes(whole);
            byte[] pieces = new byte[whole.length];
            int next = key;
            for (int at = 0; at < whole.length;) {
                int length = Math.min(whole.length - at, random.nextInt(1 << random.nextInt(14)));
                boolean direct = random.nextBoolean();
                ByteBuffer piece = direct ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
                next = Masker.mask(piece.put(whole, at, length).flip(), next);
                piece.get(pieces, at, length);
                at += length;
            }
            Masker.mask(ByteBuffer.wrap(whole), key);
            assertArrayEquals(whole, pieces, "payload " + i);
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

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a read-only buffer is refused and keeps its order, unless it is empty")
    void readOnly(boolean direct) {
        ByteBuffer readOnly = (direct ? ByteBuffer.allocateDirect(9) : ByteBuffer.allocate(9)).asReadOnlyBuffer();
        assertThrows(ReadOnlyBufferException.class, () -> Masker.mask(readOnly, 1));
        assertEquals(ByteOrder.BIG_ENDIAN, readOnly.order());
        assertEquals(1, Masker.mask(readOnly.limit(0), 1));
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
