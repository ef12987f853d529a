package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Limits;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageInflaterTest {
    private static final int MIB = 1 << 20;
    /** "Hello" in a fixed block. */
    private static final byte[] HELLO = hex("f248cdc9c90700");
    /** The same, marked as final (RFC 7692 section 7.2.3.4), without the octet that must follow. */
    private static final byte[] FINAL_HELLO = hex("f348cdc9c90700");

    private MessageInflater inflater = new MessageInflater(16 * MIB, 200, true);

    @AfterEach
    void release() {
        inflater.release();
    }

    @ParameterizedTest
    @CsvSource({
        "one fixed block,                f248cdc9c90700,                         Hello",
        "referring to the message before, f200110000,                            Hello",
        "a stored block,                 000500faff48656c6c6f00,                 Hello",
        "two blocks,                     f248050000 00ffff cac9c90700,           Hello",
        "a final block and its octet,    f348cdc9c9070000,                       Hello",
        "a final block without the octet, f348cdc9c90700,                        Hello",
        "two final blocks,               f348cdc9c90700 f348cdc9c90700 00,       HelloHello",
        "an ordinary block behind a final one, f348cdc9c90700 f248cdc9c90700,    HelloHello",
        "an empty message,               00,                                     ''",
        "an empty final block,           030000,                                 ''",
        "empty stored blocks first,      000000ffff 000000ffff f248cdc9c90700,   Hello",
        "not one byte,                   '',                                     ''"})
    @DisplayName("the forms that a message may take are understood, whole and byte by byte")
    void forms(String what, String payload, String expected) throws ProtocolException {
        for (boolean drip : new boolean[] {false, true}) {
            replace(16 * MIB, 200, true);
            assertEquals("Hello", text(inflate(HELLO, false)));
            assertEquals(expected, text(inflate(hex(payload), drip)), what);
            // and the next message starts at the right place, with or without a restart
            assertEquals("Hello", text(inflate(HELLO, drip)), "after " + what);
        }
    }

    @Test
    @DisplayName("case 36: after a final block the next message has no history, message after message")
    void finalBlocksInEveryMessage() throws ProtocolException {
        for (int i = 0; i < 3000; i++) {
            assertEquals("Hello", text(inflate(join(FINAL_HELLO, hex("00")), false)));
        }
    }

    @Test
    @DisplayName("data before a final block is forgotten: a reference to it is corrupt, 1007")
    void finalBlockForgets() throws ProtocolException {
        inflate(FINAL_HELLO, false);
        assertFails(CloseCode.INVALID_PAYLOAD, hex("f200110000"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "07", "0605", "000500fafe48656c6c6f00", "04c0810000000000906bfe", "f200110000",
        "0048656c6c6f", "000a00f5ff4865", "f348cdc9c90700ff"})
    @DisplayName("data that is not DEFLATE, refers to before its start or ends inside a stored block is 1007")
    void corrupt(String payload) {
        assertFails(CloseCode.INVALID_PAYLOAD, hex(payload));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 15})
    @DisplayName("messages of every window size inflate, cut in two at every byte and byte by byte")
    void everyCut(int bits) throws ProtocolException {
        byte[] message = Corpus.ECHOES.bytes(3000, bits);
        MessageDeflater deflater = new MessageDeflater(6, true, bits);
        try {
            for (int repeat = 0; repeat < 2; repeat++) {
                byte[] payload = remaining(deflater.deflate(ByteBuffer.wrap(message), true));
                if (repeat == 1) {
                    assertArrayEquals(message, inflate(payload, true));
                    break;
                }
                for (int cut = 0; cut <= payload.length; cut++) {
                    replace(16 * MIB, 200, true);
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    inflater.inflate(ByteBuffer.wrap(payload, 0, cut), false, collect(out));
                    inflater.inflate(ByteBuffer.wrap(payload, cut, payload.length - cut), true, collect(out));
                    assertArrayEquals(message, out.toByteArray(), "cut " + cut);
                }
            }
        } finally {
            deflater.release();
        }
    }

    @Test
    @DisplayName("each part is inflated completely when it arrives, before the message ends")
    void streaming() throws ProtocolException {
        byte[] message = Corpus.JSON.bytes(100_000, 3);
        byte[] payload = deflate(message);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        inflater.inflate(ByteBuffer.wrap(payload, 0, payload.length / 2), false, collect(out));
        assertTrue(out.size() > message.length / 3, out.size() + " bytes");
    }

    @Test
    @DisplayName("maxMessage: a message that inflates to the limit passes, one byte more is 1009")
    void limit() throws ProtocolException {
        for (int max : new int[] {1, 5, 8191, 8192, 8193, 100_000}) {
            replace(max, Integer.MAX_VALUE, true);
            assertEquals(max, inflate(deflate(new byte[max]), false).length);
            assertEquals(max, inflate(deflate(new byte[max]), true).length, "a second one");
            assertFails(CloseCode.MESSAGE_TOO_BIG, deflate(new byte[max + 1]));
        }
    }

    @Test
    @Shows({"CVE-2018-1000518", "CVE-2026-1526"})
    @DisplayName("a bomb of 1000:1 is 1009 at the limit, in one chunk of memory")
    void bomb() {
        replace(MIB, Integer.MAX_VALUE, true);
        byte[] bomb = deflate(new byte[64 * MIB]);
        assertTrue(bomb.length < 70_000, bomb.length + " bytes");
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int[] seen = {0};
        long before = threads.getCurrentThreadAllocatedBytes();
        ProtocolException e = assertThrows(ProtocolException.class,
            () -> inflater.inflate(ByteBuffer.wrap(bomb), true, piece -> seen[0] += piece.remaining()));
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(CloseCode.MESSAGE_TOO_BIG, e.closeCode());
        assertTrue(seen[0] <= MIB, seen[0] + " bytes were handed on");
        assertTrue(allocated < MIB / 4, allocated + " bytes were allocated");
    }

    @Test
    @DisplayName("suspend() ends the call after a piece, and the next calls give the rest: "
            + "nothing is lost or repeated, wherever it suspends")
    void suspended() throws ProtocolException {
        byte[] zeros = new byte[1_000_000];
        byte[] json = Corpus.JSON.bytes(100_000, 5);
        byte[] finals = join(FINAL_HELLO, FINAL_HELLO, HELLO);
        replace(16 * MIB, Integer.MAX_VALUE, true);
        for (byte[] payload : new byte[][] {deflate(zeros), deflate(json), finals, deflate(new byte[8192]),
            deflate(new byte[8193])}) {
            for (boolean drip : new boolean[] {false, true}) {
                byte[] expected = inflate(payload, drip);
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                int calls = 0;
                for (int i = 0; i < payload.length; i += drip ? 1 : payload.length) {
                    ByteBuffer part = ByteBuffer.wrap(payload, i, drip ? 1 : payload.length);
                    int before;
                    do {
                        before = out.size();
                        calls++;
                        // copy each piece, because it is only lent
                        part = ByteBuffer.allocateDirect(part.remaining()).put(part).flip();
                    } while (!inflater.inflate(part, !drip || i == payload.length - 1, piece -> {
                        out.writeBytes(remaining(piece));
                        inflater.suspend();
                    }) && out.size() - before <= 8192);
                }
                assertArrayEquals(expected, out.toByteArray());
                assertTrue(calls >= expected.length / 8192, calls + " calls");
            }
        }
        assertEquals("Hello", text(inflate(HELLO, false)));
    }

    @Test
    @DisplayName("suspend() neither helps a bomb nor turns honest data into one: received bytes count once")
    void suspendedRatio() throws ProtocolException {
        byte[] json = Corpus.JSON.bytes(4 * MIB, 1);
        replace(16 * MIB, 20, true);
        assertEquals(json.length, inPieces(deflate(json)));
        ProtocolException e = assertThrows(ProtocolException.class, () -> inPieces(deflate(new byte[4 * MIB])));
        assertEquals(CloseCode.POLICY_VIOLATION, e.closeCode());
    }

    private int inPieces(byte[] payload) throws ProtocolException {
        int[] length = {0};
        ByteBuffer part = ByteBuffer.wrap(payload);
        while (!inflater.inflate(part, true, piece -> {
            length[0] += piece.remaining();
            inflater.suspend();
        })) {
            assertTrue(length[0] <= 16 * MIB);
        }
        return length[0];
    }

    @Test
    @DisplayName("the ratio: it applies to messages that the default limits let pass")
    void ratioAtTheDefaults() {
        replace(Limits.defaults().maxMessage(), Deflate.on().maxRatio(), true);
        assertFails(CloseCode.POLICY_VIOLATION, deflate(new byte[1 << 18]));
    }

    @Test
    @DisplayName("the ratio: a bomb is 1008 as soon as it exceeds the free bytes, however large a message may be")
    void ratio() throws ProtocolException {
        replace(Integer.MAX_VALUE, 200, true);
        int free = MessageInflater.RATIO_FREE_BYTES;
        assertEquals(free, inflate(deflate(new byte[free]), false).length);
        int[] seen = {0};
        byte[] bomb = deflate(new byte[16 * MIB]);
        ProtocolException e = assertThrows(ProtocolException.class,
            () -> inflater.inflate(ByteBuffer.wrap(bomb), true, piece -> seen[0] += piece.remaining()));
        assertEquals(CloseCode.POLICY_VIOLATION, e.closeCode());
        // the whole bomb is in the input, so its first bytes count for all
        assertTrue(seen[0] < 201L * bomb.length, seen[0] + " bytes were handed on");
    }

    @Test
    @DisplayName("the ratio: data that stays below it passes at any size, and 1033 is never reached")
    void ratioBelow() throws ProtocolException {
        byte[] json = Corpus.JSON.bytes(4 * MIB, 1);
        replace(16 * MIB, 20, true);
        assertEquals(json.length, inflate(deflate(json), true).length);
        replace(16 * MIB, 1033, true);
        assertEquals(16 * MIB, inflate(deflate(new byte[16 * MIB]), true).length);
    }

    @Test
    @DisplayName("the ratio counts one message: earlier messages neither help nor harm")
    void ratioPerMessage() throws ProtocolException {
        byte[] noise = Corpus.NOISE.bytes(2 * MIB, 1);
        inflate(deflate(noise), false);
        assertFails(CloseCode.POLICY_VIOLATION, deflate(new byte[8 * MIB]));
    }

    @Test
    @DisplayName("FINAL_BLOCKS_MAX: a message of so many final blocks passes, one more is 1008")
    void finalBlockLimit() throws ProtocolException {
        byte[] blocks = new byte[2 * MessageInflater.FINAL_BLOCKS_MAX];
        for (int i = 0; i < blocks.length; i += 2) {
            blocks[i] = 3;
        }
        assertEquals(0, inflate(join(blocks, hex("00")), false).length);
        assertEquals(0, inflate(join(blocks, hex("00")), true).length);
        assertFails(CloseCode.POLICY_VIOLATION, join(blocks, hex("0300 00")));
    }

    @Test
    @DisplayName("an exception of the sink reaches the caller")
    void sinkThrows() {
        ProtocolException mine = new ProtocolException(CloseCode.UNSUPPORTED_DATA, "no");
        assertEquals(mine, assertThrows(ProtocolException.class,
            () -> inflater.inflate(ByteBuffer.wrap(HELLO), true, piece -> {
                throw mine;
            })));
    }

    @Test
    @DisplayName("no memory is held before the first message, between messages without takeover, and after the release")
    void memory() throws ProtocolException {
        assertFalse(inflater.isHolding());
        inflate(HELLO, false);
        assertTrue(inflater.isHolding());
        replace(MIB, 200, false);
        inflater.inflate(ByteBuffer.wrap(HELLO, 0, 3), false, piece -> { });
        assertTrue(inflater.isHolding());
        inflater.inflate(ByteBuffer.wrap(HELLO, 3, 4), true, piece -> { });
        assertFalse(inflater.isHolding());
        assertFails(CloseCode.INVALID_PAYLOAD, hex("f200110000"));
        MessageInflater kept = inflater;
        replace(MIB, 200, true);
        assertFalse(kept.isHolding());
        assertThrows(IllegalStateException.class, kept::release);
        assertThrows(IllegalStateException.class, () -> kept.inflate(ByteBuffer.wrap(HELLO), true, piece -> { }));
    }

    @Test
    @DisplayName("a limit below its smallest value is refused")
    void ranges() {
        assertThrows(IllegalArgumentException.class, () -> new MessageInflater(0, 200, true));
        assertThrows(IllegalArgumentException.class, () -> new MessageInflater(1, 0, true));
    }

    private void replace(long maxMessage, int maxRatio, boolean takeover) {
        inflater.release();
        inflater = new MessageInflater(maxMessage, maxRatio, takeover);
    }

    private void assertFails(int code, byte[] payload) {
        ProtocolException e = assertThrows(ProtocolException.class, () -> inflate(payload, false));
        assertEquals(code, e.closeCode(), e.getMessage());
    }

    private byte[] inflate(byte[] payload, boolean drip) throws ProtocolException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteBuffer all = ByteBuffer.allocateDirect(payload.length).put(payload).flip();
        for (int i = 0; drip && i < payload.length; i++) {
            inflater.inflate(all.slice(i, 1), false, collect(out));
        }
        inflater.inflate(drip ? ByteBuffer.allocate(0) : all, true, collect(out));
        return out.toByteArray();
    }

    private static MessageInflater.Sink collect(ByteArrayOutputStream out) {
        return piece -> {
            assertTrue(piece.hasRemaining());
            out.writeBytes(remaining(piece));
        };
    }

    /** Compresses with the JDK, not with our MessageDeflater. */
    private static byte[] deflate(byte[] message) {
        Deflater deflater = new Deflater(9, true);
        try {
            deflater.setInput(message);
            byte[] out = new byte[message.length + message.length / 8 + 64];
            int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
            return Arrays.copyOf(out, length - 4);
        } finally {
            deflater.end();
        }
    }

    private static String text(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        assertArrayEquals(bytes, utf8(text));
        return text;
    }
}
