package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageDeflaterTest {
    private static final byte[] TAIL = {0, 0, -1, -1};
    private static final int LEVEL = 6;
    private MessageDeflater deflater = new MessageDeflater(LEVEL, true, 15);

    @AfterEach
    void release() {
        deflater.release();
    }

    @Test
    @DisplayName("the messages of RFC 7692 section 7.2.3 compress as printed there, with and without takeover")
    void printedInRfc() {
        assertArrayEquals(hex("f248cdc9c90700"), deflate("Hello"));
        assertArrayEquals(hex("f200110000"), deflate("Hello"));
        replace(false, 15);
        assertArrayEquals(hex("f248cdc9c90700"), deflate("Hello"));
        assertArrayEquals(hex("f248cdc9c90700"), deflate("Hello"));
    }

    @Test
    @DisplayName("an empty message is one byte and does not change the context")
    void emptyMessage() {
        assertArrayEquals(hex("00"), deflate(""));
        deflate("Hello");
        assertArrayEquals(hex("00"), deflate(""));
        assertArrayEquals(hex("f200110000"), deflate("Hello"));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10, 11, 12, 13, 14, 15})
    @DisplayName("no reference exceeds the window, for all kinds of data, message after message")
    void windowKept(int bits) {
        for (Corpus corpus : Corpus.values()) {
            replace(true, bits);
            DeflateReader reader = new DeflateReader();
            byte[] data = corpus.bytes(120_000, bits);
            int from = 0;
            for (int length : new int[] {1, 100, 255, 256, 257, 5000, 20_000, 40_000}) {
                byte[] message = Arrays.copyOfRange(data, from, from += length);
                assertArrayEquals(message, reader.message(deflate(message)), corpus + " " + length);
            }
            assertTrue(reader.maxDistance <= 1 << bits, corpus + " " + reader.maxDistance);
            if (corpus == Corpus.ECHOES) {
                // the compressor uses more than half of the window
                assertTrue(reader.maxDistance > 3 << bits - 2, corpus + " " + reader.maxDistance);
                assertTrue(reader.dynamicBlocks + reader.fixedBlocks > 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 10, 11, 12, 13, 14, 15})
    @DisplayName("without context takeover no message refers to an earlier one, at every window")
    void noTakeover(int bits) {
        replace(false, bits);
        DeflateReader reader = new DeflateReader();
        byte[] message = Corpus.JSON.bytes(3000, 1);
        byte[] first = deflate(message);
        for (int i = 0; i < 3; i++) {
            byte[] again = deflate(message);
            assertArrayEquals(first, again);
            reader.forget();
            assertArrayEquals(message, reader.message(again));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 14, 15})
    @DisplayName("with context takeover a repeated message costs almost nothing, at every window that it fits")
    void takeover(int bits) {
        replace(true, bits);
        byte[] message = Corpus.NOISE.bytes(100, 1);
        int first = deflate(message).length;
        int second = deflate(message).length;
        assertTrue(first > 100 && second < 12, first + " and then " + second);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 12, 15})
    @DisplayName("after forget() nothing refers to earlier messages")
    void forget(int bits) {
        replace(true, bits);
        byte[] message = Corpus.JSON.bytes(3000, 1);
        byte[] first = deflate(message);
        assertFalse(Arrays.equals(first, deflate(message)));
        deflater.forget();
        assertArrayEquals(first, deflate(message));
        replace(true, bits);
        deflater.forget();
        assertArrayEquals(first, deflate(message), "forgotten before the first message");
    }

    @ParameterizedTest
    @EnumSource(Corpus.class)
    @DisplayName("the JDK's inflater restores messages of all sizes from 0 to 70,000, in steps")
    void allSizes(Corpus corpus) throws DataFormatException {
        byte[] data = corpus.bytes(70_000, 5);
        for (int bits : new int[] {9, 15}) {
            for (boolean takeover : new boolean[] {true, false}) {
                replace(takeover, bits);
                Inflater inflater = new Inflater(true);
                try {
                    for (int length = 0; length <= data.length; length += length < 300 ? 1 : 997) {
                        byte[] message = Arrays.copyOf(data, length);
                        assertArrayEquals(message, inflate(inflater, deflate(message), length), "length " + length);
                    }
                } finally {
                    inflater.end();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 15})
    @DisplayName("a message in parts inflates to the whole message, and each part can be inflated when it arrives")
    void parts(int bits) throws DataFormatException {
        for (long seed = 0; seed < 30; seed++) {
            replace(true, bits);
            SplittableRandom random = new SplittableRandom(seed);
            byte[] message = Corpus.values()[random.nextInt(4)].bytes(random.nextInt(5000), seed);
            Inflater inflater = new Inflater(true);
            try {
                for (int repeat = 0; repeat < 3; repeat++) {
                    int from = 0;
                    boolean end;
                    do {
                        int length = Math.min(message.length - from, random.nextInt(2000));
                        // a message can also end with an empty part
                        end = from + length == message.length && random.nextBoolean();
                        byte[] part = Arrays.copyOfRange(message, from, from + length);
                        byte[] payload = remaining(deflater.deflate(ByteBuffer.wrap(part), end));
                        assertEquals(length == 0 && !end, payload.length == 0, "seed=" + seed);
                        byte[] got = inflate(inflater, end ? payload : cut(payload), length);
                        assertArrayEquals(part, got, "seed=" + seed);
                        from += length;
                    } while (!end);
                }
            } finally {
                inflater.end();
            }
        }
    }

    @Test
    @DisplayName("direct, heap and read-only buffers are compressed up to their limit, and nothing after it")
    void buffers() {
        byte[] expected = deflate("Hello");
        for (ByteBuffer input : new ByteBuffer[] {
            ByteBuffer.allocateDirect(9), ByteBuffer.allocate(9), ByteBuffer.allocate(9)}) {
            for (int bits : new int[] {15, 9}) {
                replace(true, bits);
                input.clear().put(WireBytes.utf8("xxHelloyy"));
                ByteBuffer view = bits == 9 ? input.asReadOnlyBuffer() : input;
                view.limit(7).position(2);
                assertArrayEquals(expected, remaining(deflater.deflate(view, true)));
                assertEquals(7, view.position());
            }
        }
    }

    @Test
    @DisplayName("no memory is held before the first message, between messages without takeover, and after the release")
    void memory() {
        assertFalse(deflater.isHolding());
        deflate("");
        assertFalse(deflater.isHolding(), "an empty message needs no compressor");
        deflate("Hello");
        assertTrue(deflater.isHolding());
        replace(false, 9);
        deflater.deflate(ByteBuffer.wrap(new byte[10]), false);
        assertTrue(deflater.isHolding());
        deflater.deflate(ByteBuffer.wrap(new byte[10]), true);
        assertFalse(deflater.isHolding());
        MessageDeflater kept = deflater;
        replace(true, 15);
        assertThrows(IllegalStateException.class, () -> kept.deflate(ByteBuffer.wrap(new byte[1]), true));
        assertThrows(IllegalStateException.class, kept::release);
        assertFalse(kept.isHolding());
    }

    @Test
    @DisplayName("the output buffer is reused for the next message, that of a large message is dropped")
    void outputBuffer() {
        byte[] small = Corpus.NOISE.bytes(1000, 1);
        deflate(small);
        Object first = deflater.deflate(ByteBuffer.wrap(small), true).array();
        assertSame(first, deflater.deflate(ByteBuffer.wrap(small), true).array());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100; i++) {
            deflater.deflate(ByteBuffer.wrap(small), true);
        }
        long perMessage = (threads.getCurrentThreadAllocatedBytes() - before) / 100;
        assertTrue(perMessage < 1000, perMessage + " bytes for each message");
        byte[] large = deflater.deflate(ByteBuffer.wrap(Corpus.NOISE.bytes(200_000, 1)), true).array();
        assertTrue(large.length < 500_000, large.length + " bytes");
        assertTrue(deflater.deflate(ByteBuffer.wrap(small), true).array().length < large.length);
    }

    @Test
    @DisplayName("incompressible data grows by less than an eighth and 64 bytes, at the smallest window too")
    void growth() {
        for (int bits = 8; bits <= 15; bits++) {
            for (int length : new int[] {1, 100, 128, 1000, 100_000}) {
                replace(true, bits);
                int wire = deflate(Corpus.NOISE.bytes(length, bits)).length;
                assertTrue(wire <= MessageDeflater.wireMax(length), bits + ": " + length + " became " + wire);
            }
        }
        assertEquals(Long.MAX_VALUE, MessageDeflater.wireMax(Long.MAX_VALUE - 5));
        assertEquals(8 + 1 + 64, MessageDeflater.wireMax(8));
    }

    @Test
    @DisplayName("a level or window out of range is refused")
    void ranges() {
        for (int level : new int[] {-2, 0, 10}) {
            assertThrows(IllegalArgumentException.class, () -> new MessageDeflater(level, true, 15));
        }
        for (int bits : new int[] {7, 16, 0, -1}) {
            assertThrows(IllegalArgumentException.class, () -> new MessageDeflater(6, true, bits));
        }
    }

    private void replace(boolean takeover, int bits) {
        deflater.release();
        deflater = new MessageDeflater(LEVEL, takeover, bits);
    }

    private byte[] deflate(String text) {
        return deflate(WireBytes.utf8(text));
    }

    private byte[] deflate(byte[] message) {
        return remaining(deflater.deflate(ByteBuffer.wrap(message), true));
    }

    /** Removes the tail, which a part that is not the last still has. */
    private static byte[] cut(byte[] payload) {
        if (payload.length == 0) {
            return new byte[] {0};
        }
        assertArrayEquals(TAIL, Arrays.copyOfRange(payload, payload.length - 4, payload.length));
        return Arrays.copyOf(payload, payload.length - 4);
    }

    private static byte[] inflate(Inflater inflater, byte[] payload, int expected) throws DataFormatException {
        inflater.setInput(join(payload, TAIL));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] chunk = new byte[expected + 10];
        for (int n = inflater.inflate(chunk); n > 0; n = inflater.inflate(chunk)) {
            out.write(chunk, 0, n);
        }
        assertTrue(inflater.needsInput() && !inflater.finished());
        return out.toByteArray();
    }
}
