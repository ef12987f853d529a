package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CodecPartitionsTest {
    private static final byte[] REASON = join(hex("0fa0"), utf8("gone \u2013 bye"));
    private static final byte[] CONVERSATION = join(
        masked(FIN | 1, "Hello"), masked(FIN | 2, new byte[0]), masked(FIN | 1, "z".repeat(300)),
        masked(1, hex("61 f09f")), masked(FIN | 9, "in between"), masked(0, new byte[0]), masked(FIN | 10, ""),
        masked(FIN, hex("9880 62")), masked(2, new byte[126]), masked(FIN, new byte[66_000]),
        masked(FIN | 9, new byte[125]), masked(FIN | 8, REASON), masked(FIN | 1, "never seen"), hex("ffff"));
    private static final List<String> EVENTS = List.of(
        "text Hello", "binary ", "text " + "z".repeat(300), "ping " + HexFormat.of().formatHex(utf8("in between")),
        "pong ", "text a\uD83D\uDE00b", "binary " + "00".repeat(66_126), "ping " + "00".repeat(125),
        "close 4000 gone \u2013 bye");

    @Test
    @DisplayName("a conversation in one buffer gives its events, heap and direct")
    void whole() {
        assertEquals(EVENTS, CodecEvents.ofClientBytes(CONVERSATION, CodecEvents.WHOLE));
        assertEquals(EVENTS, server().feed(CONVERSATION, CodecEvents.WHOLE, ByteBuffer::allocateDirect));
    }

    @Test
    @Shows("B23")
    @DisplayName("the conversation one byte at a time gives the same events")
    void oneByteAtATime() {
        assertEquals(EVENTS, CodecEvents.ofClientBytes(CONVERSATION, CodecEvents.ONE_BYTE));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 7, 40, 1000, 70_000})
    @Shows("B23")
    @DisplayName("the conversation cut at random gives the same events")
    void randomCuts(int pieceMax) {
        for (long seed = 0; seed < 20; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            IntFunction<ByteBuffer> allocator =
                random.nextBoolean() ? ByteBuffer::allocate : ByteBuffer::allocateDirect;
            List<String> events = server().feed(CONVERSATION, () -> random.nextInt(1, pieceMax + 1), allocator);
            assertEquals(EVENTS, events, "seed=" + seed);
        }
    }

    @Test
    @Shows("B23")
    @DisplayName("a 1 MiB message, one byte at a time, equals the same message in one buffer")
    void largeDrip() {
        byte[] wire = masked(FIN | 1, "0123456789abcdef".repeat(1 << 16));
        assertEquals(CodecEvents.ofClientBytes(wire, CodecEvents.WHOLE),
            CodecEvents.ofClientBytes(wire, CodecEvents.ONE_BYTE));
    }

    @Test
    @Shows("B25")
    @DisplayName("10 MB of random bytes through encoder, masker, decoder and assembler are byte-exact")
    void byteExact() {
        long seed = 25;
        SplittableRandom random = new SplittableRandom(seed);
        byte[] payload = new byte[10_000_000];
        random.nextBytes(payload);
        int first = 4_000_001;
        ByteBuffer wire = ByteBuffer.allocate(payload.length + 28);
        putFrame(wire, false, Opcode.BINARY, ByteBuffer.wrap(payload.clone(), 0, first), random.nextInt());
        putFrame(wire, true, Opcode.CONTINUATION, ByteBuffer.wrap(payload.clone(), first, payload.length - first),
            random.nextInt());
        Limits limits = Limits.defaults().maxFrame(payload.length).maxMessage(payload.length);
        List<String> events = new CodecEvents(limits, true).feed(
            WireBytes.remaining(wire.flip()), () -> random.nextInt(1, 65_537), ByteBuffer::allocateDirect);
        assertEquals(1, events.size(), "seed=" + seed);
        // assertTrue, because assertEquals would print 40 MB if it failed
        assertEquals(true, events.getFirst().equals("binary " + HexFormat.of().formatHex(payload)), "seed=" + seed);
    }

    private static CodecEvents server() {
        return new CodecEvents(Limits.defaults(), true);
    }

    private static void putFrame(ByteBuffer out, boolean fin, Opcode opcode, ByteBuffer payload, int key) {
        FrameEncoder.putHeader(out, fin, false, opcode, payload.remaining(), key);
        Masker.mask(payload, key);
        out.put(payload);
    }
}
