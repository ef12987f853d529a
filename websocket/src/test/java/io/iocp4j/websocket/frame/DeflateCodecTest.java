package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.Limits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the decoder, the inflater and the assembler together, as a server wires them. */
class DeflateCodecTest {
    private static final int RSV1 = 0x40;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int PING = 9;
    private static final byte[] HELLO = hex("f248cdc9c90700");

    private Limits limits = Limits.defaults();
    private MessageDeflater deflater;

    @BeforeEach
    void make() {
        deflater = new MessageDeflater(6, true, 15);
    }

    @AfterEach
    void release() {
        deflater.release();
    }

    @Test
    @DisplayName("one conversation: compressed and plain, whole and in fragments, with control frames between")
    void conversation() {
        byte[] wire = join(
            masked(FIN | RSV1 | TEXT, HELLO),
            masked(FIN | TEXT, "plain"),
            // the fragments of RFC 7692 section 7.2.3.1
            masked(RSV1 | TEXT, hex("f248cd")), masked(FIN | PING, hex("01")), masked(FIN, hex("c9c90700")),
            masked(FIN | RSV1 | BINARY, HELLO),
            masked(RSV1 | BINARY, new byte[0]), masked(0, new byte[0]), masked(FIN, hex("f200110000")),
            masked(FIN | RSV1 | TEXT, hex("00")),
            masked(FIN | RSV1 | BINARY, hex("00")),
            masked(BINARY, hex("01")), masked(FIN, hex("02")),
            masked(FIN | 8, hex("03e8")));
        List<String> expected = List.of("text Hello", "text plain", "ping 01", "text Hello", "binary 48656c6c6f",
            "binary 48656c6c6f", "text ", "binary ", "binary 0102", "close 1000");
        assertEquals(expected, events(wire, CodecEvents.WHOLE));
        assertEquals(expected, events(wire, CodecEvents.ONE_BYTE));
        for (long seed = 0; seed < 50; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            assertEquals(expected, events(wire, () -> random.nextInt(1, 12)), "seed=" + seed);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "RSV1 on a continuation,   4180 00000000 c080 00000000",
        "RSV1 on a ping,           c980 00000000",
        "RSV1 on a pong,           ca80 00000000",
        "RSV1 on a close,          c880 00000000",
        "RSV2,                     a180 00000000",
        "RSV3,                     9180 00000000",
        "RSV1 and RSV2,            e180 00000000"})
    @DisplayName("reserved bits other than RSV1 on the first frame of a message are 1002, also with the extension")
    void reservedBits(String what, String wire) {
        assertEquals(List.of("fail 1002"), events(hex(wire), CodecEvents.WHOLE), what);
    }

    @Test
    @DisplayName("without the extension RSV1 is 1002 at the decoder, and at the assembler if it reaches it")
    void notAgreed() throws ProtocolException {
        byte[] wire = masked(FIN | RSV1 | TEXT, HELLO);
        MessageInflater inflater = new MessageInflater(1, 1, true);
        MessageAssembler ready = new MessageAssembler(limits.maxMessage(), limits.maxFragments(),
            new CodecEvents(limits, true), inflater, false);
        ProtocolException early = assertThrows(ProtocolException.class,
            () -> new FrameDecoder(limits.maxFrame(), true).decode(ByteBuffer.wrap(wire, 0, 1), ready));
        assertEquals("reserved bit set without an extension", early.getMessage(), "at the first octet");
        inflater.release();
        CodecEvents events = new CodecEvents(limits, true);
        MessageAssembler plain = new MessageAssembler(limits.maxMessage(), limits.maxFragments(), events);
        ProtocolException e = assertThrows(ProtocolException.class,
            () -> new FrameDecoder(limits.maxFrame(), true, true).decode(ByteBuffer.wrap(wire), plain));
        assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
    }

    @Test
    @DisplayName("compressed text is refused at the first bad byte that is inflated, before its frame ends")
    void failFast() {
        byte[] payload = deflate(hex("61 62 f4 90 80 80 63 64"));
        byte[] more = join(payload, deflate(Corpus.NOISE.bytes(1000, 1)));
        byte[] frame = masked(RSV1 | TEXT, more);
        assertEquals(List.of("fail 1007"), events(Arrays.copyOf(frame, 8 + payload.length), CodecEvents.WHOLE));
        assertEquals(List.of("fail 1007"),
            events(masked(FIN | RSV1 | TEXT, deflate(hex("61c3"))), CodecEvents.WHOLE), "half a character at the end");
    }

    @Test
    @DisplayName("a character that fragments and chunks of the inflater have cut is whole again")
    void cutCharacters() {
        // three bytes per character, and 8,192 is not a multiple of three
        String text = "\u20AC".repeat(20_000);
        byte[] payload = deflate(WireBytes.utf8(text));
        byte[] wire = join(masked(RSV1 | TEXT, Arrays.copyOf(payload, 11)),
            masked(FIN, Arrays.copyOfRange(payload, 11, payload.length)));
        assertEquals(List.of("text " + text), events(wire, CodecEvents.WHOLE));
    }

    @Test
    @DisplayName("maxMessage counts inflated bytes: at the limit a message passes, one byte more is 1009")
    void limit() {
        limits = limits.maxMessage(1000);
        assertEquals(List.of("binary " + "00".repeat(1000)),
            events(masked(FIN | RSV1 | BINARY, deflate(new byte[1000])), CodecEvents.WHOLE));
        deflater.forget();
        assertEquals(List.of("fail 1009"),
            events(masked(FIN | RSV1 | BINARY, deflate(new byte[1001])), CodecEvents.WHOLE));
    }

    @Test
    @DisplayName("a message and a frame at the limit pass even if compression has made them longer")
    void longerOnTheWire() {
        limits = limits.maxMessage(1000).maxFrame(1000);
        byte[] noise = Corpus.NOISE.bytes(1000, 1);
        byte[] payload = deflate(noise);
        assertTrue(payload.length > 1000);
        assertEquals(List.of("binary " + HexFormat.of().formatHex(noise)),
            events(masked(FIN | RSV1 | BINARY, payload), CodecEvents.WHOLE));
    }

    @Test
    @DisplayName("a declared length beyond the limit and its growth is 1009 at the header, in one frame or in the sum")
    void declared() {
        limits = limits.maxMessage(1000);
        int most = 1000 + 125 + 64;
        assertEquals(List.of(), events(header(FIN | RSV1 | BINARY, most), CodecEvents.WHOLE));
        assertEquals(List.of("fail 1009"), events(header(FIN | RSV1 | BINARY, most + 1), CodecEvents.WHOLE));
        assertEquals(List.of("fail 1009"), events(header(FIN | BINARY, 1001), CodecEvents.WHOLE), "not compressed");
        byte[] first = masked(RSV1 | BINARY, new byte[] {0, 0, 0, -1, -1});
        assertEquals(List.of(), events(join(first, header(FIN, most - 5)), CodecEvents.WHOLE));
        assertEquals(List.of("fail 1009"), events(join(first, header(FIN, most - 4)), CodecEvents.WHOLE));
        limits = limits.maxFrame(500).maxMessage(1 << 20);
        assertEquals(List.of(), events(header(FIN | RSV1 | BINARY, 500 + 62 + 64), CodecEvents.WHOLE));
        assertEquals(List.of("fail 1009"), events(header(FIN | RSV1 | BINARY, 500 + 63 + 64), CodecEvents.WHOLE));
    }

    @Test
    @DisplayName("the number of fragments is limited for compressed messages too, 1008")
    void fragments() {
        limits = limits.maxFragments(2);
        byte[] wire = join(masked(RSV1 | TEXT, HELLO), masked(0, new byte[0]), masked(FIN, new byte[0]));
        assertEquals(List.of("fail 1008"), events(wire, CodecEvents.WHOLE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "000500fafe48656c6c6f00"})
    @DisplayName("corrupt data is 1007, and nothing of the message is delivered")
    void corrupt(String payload) {
        assertEquals(List.of("ping ", "fail 1007"), events(
            join(masked(FIN | PING, ""), masked(FIN | RSV1 | TEXT, hex(payload)), masked(FIN | TEXT, "never seen")),
            CodecEvents.WHOLE));
    }

    @Test
    @DisplayName("random conversations through deflater, encoder, decoder and inflater are byte-exact, at every window")
    void random() {
        for (long seed = 0; seed < 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            deflater.release();
            deflater = new MessageDeflater(random.nextInt(1, 10), random.nextBoolean(), random.nextInt(8, 16));
            ByteArrayOutputStream wire = new ByteArrayOutputStream();
            List<String> expected = new ArrayList<>();
            for (int message = 0; message < 6; message++) {
                byte[] data = Corpus.values()[random.nextInt(4)].bytes(random.nextInt(9000), seed);
                expected.add("binary " + HexFormat.of().formatHex(data));
                boolean compressed = random.nextInt(4) > 0;
                int from = 0;
                int opcode = BINARY | (compressed ? RSV1 : 0);
                boolean end;
                do {
                    int length = Math.min(random.nextInt(4000), data.length - from);
                    end = from + length == data.length;
                    ByteBuffer part = ByteBuffer.wrap(data, from, length);
                    byte[] payload = remaining(compressed ? deflater.deflate(part, end) : part);
                    wire.writeBytes(masked(opcode | (end ? FIN : 0), payload));
                    opcode = 0;
                    from += length;
                } while (!end);
            }
            IntSupplier pieces = () -> random.nextInt(1, 5000);
            // assertTrue, because assertEquals would print a megabyte if it failed
            assertTrue(expected.equals(events(wire.toByteArray(), pieces)), "seed=" + seed);
        }
    }

    private byte[] deflate(byte[] message) {
        return remaining(deflater.deflate(ByteBuffer.wrap(message), true));
    }

    private List<String> events(byte[] wire, IntSupplier pieces) {
        MessageInflater inflater = new MessageInflater(limits.maxMessage(), 200, true);
        try {
            return new CodecEvents(limits, true, inflater).feed(wire, pieces, ByteBuffer::allocateDirect);
        } finally {
            inflater.release();
        }
    }

    private static byte[] header(int firstOctet, int length) {
        return Arrays.copyOf(masked(firstOctet, new byte[length]), length < 126 ? 6 : 8);
    }
}
