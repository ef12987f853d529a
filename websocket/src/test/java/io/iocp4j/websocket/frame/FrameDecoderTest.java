package io.iocp4j.websocket.frame;

import static io.iocp4j.websocket.frame.WireBytes.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.Limits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.InvalidMarkException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameDecoderTest {
    /** Records headers and pieces as text. {@link #stopAt} and {@link #failAt} count calls from 1. */
    private static final class Recorder implements FrameListener {
        final List<String> calls = new ArrayList<>();
        FrameDecoder decoder;
        int stopAt;
        int failAt;
        Exception failure;

        @Override
        public void onFrameHeader(FrameHeader h) throws ProtocolException {
            record((h.fin() ? "fin " : "") + h.opcode() + " " + h.payloadLength());
        }

        @Override
        public void onFramePayload(ByteBuffer part, boolean last) throws ProtocolException {
            String text = new String(WireBytes.remaining(part), StandardCharsets.ISO_8859_1);
            record("[" + text + "]" + (last ? " last" : ""));
        }

        private void record(String call) throws ProtocolException {
            calls.add(call);
            if (calls.size() == stopAt) {
                decoder.stop();
            }
            if (calls.size() == failAt) {
                if (failure instanceof ProtocolException e) {
                    throw e;
                }
                throw (RuntimeException) failure;
            }
        }
    }

    private final Recorder recorder = new Recorder();

    @ParameterizedTest
    @CsvSource({
        "single unmasked text,   810548656c6c6f,             fin TEXT 5; [Hello] last",
        "unmasked fragments,     010348656c 80026c6f,        TEXT 3; [Hel] last; fin CONTINUATION 2; [lo] last",
        "unmasked ping,          890548656c6c6f,             fin PING 5; [Hello] last",
        "empty frame,            8100,                       fin TEXT 0; [] last",
        "16-bit length,          827e0100 41,                fin BINARY 256; [A]",
        "64-bit length,          827f0000000000010000 4142,  fin BINARY 65536; [AB]"})
    @DisplayName("a client decodes the examples of RFC 6455 section 5.7")
    void examplesFromServer(String name, String wire, String expected) throws ProtocolException {
        decoder(false).decode(ByteBuffer.wrap(hex(wire)), recorder);
        assertEquals(expected, String.join("; ", recorder.calls), name);
    }

    @ParameterizedTest
    @CsvSource({
        "single masked text,     818537fa213d7f9f4d5158,     fin TEXT 5; [Hello] last",
        "masked pong,            8a8537fa213d7f9f4d5158,     fin PONG 5; [Hello] last",
        "masked empty close,     888037fa213d,               fin CLOSE 0; [] last"})
    @DisplayName("a server decodes the masked examples of RFC 6455 section 5.7")
    void examplesFromClient(String name, String wire, String expected) throws ProtocolException {
        decoder(true).decode(ByteBuffer.wrap(hex(wire)), recorder);
        assertEquals(expected, String.join("; ", recorder.calls), name);
    }

    @ParameterizedTest
    @CsvSource({
        "RSV1,                                c1,                  1002", "RSV2,                  a1, 1002",
        "RSV3,                                91,                  1002", "RSV1 on a control frame, c9, 1002",
        "opcode 3,                            83,                  1002", "opcode 7 without FIN,  07, 1002",
        "opcode 11,                           8b,                  1002", "opcode 15,             8f, 1002",
        "fragmented Close,                    08,                  1002", "fragmented Ping,       09, 1002",
        "fragmented Pong,                     0a,                  1002", "masked,               8180, 1002",
        "Close with a 16-bit length,          887e,                1002", "Ping 126 bytes,       897e, 1002",
        "Pong with a 64-bit length,           8a7f,                1002",
        "0 in 16 bits,                        827e0000,            1002",
        "125 in 16 bits,                      827e007d,            1002",
        "0 in 64 bits,                        827f0000000000000000, 1002",
        "125 in 64 bits,                      827f000000000000007d, 1002",
        "65535 in 64 bits,                    827f000000000000ffff, 1002",
        "length 2^63,                         827f8000000000000000, 1002",
        "length 2^64-1,                       827fffffffffffffffff, 1002",
        "one byte over the limit,             827f0000000000100001, 1009",
        "length 2^31,                         827f0000000080000000, 1009",
        "length 2^63-1,                       827f7fffffffffffffff, 1009"})
    @Shows({"CVE-2020-13935", "CVE-2026-1528"})
    @DisplayName("a bad header fails at the octet that shows it, before any callback")
    void violations(String name, String wire, int closeCode) throws ProtocolException {
        FrameDecoder decoder = decoder(false);
        byte[] bytes = hex(wire);
        decoder.decode(ByteBuffer.wrap(bytes, 0, bytes.length - 1), recorder);
        ByteBuffer rest = ByteBuffer.wrap(hex(wire + "ffffff")).position(bytes.length - 1);
        ProtocolException e = assertThrows(ProtocolException.class, () -> decoder.decode(rest, recorder), name);
        assertEquals(closeCode, e.closeCode(), name);
        assertEquals(List.of(), recorder.calls, name);
        assertFalse(rest.hasRemaining(), "what follows a violation is discarded");
        assertEquals(2 + e.getMessage().length(),
            FrameEncoder.closePayload(e.closeCode(), e.getMessage()).remaining(), "fits a Close frame");
    }

    @Test
    @Shows("Masking")
    @DisplayName("Masking: a server refuses an unmasked frame with 1002")
    void unmaskedFromClient() {
        ByteBuffer wire = ByteBuffer.wrap(hex("8100"));
        ProtocolException e = assertThrows(ProtocolException.class, () -> decoder(true).decode(wire, recorder));
        assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
    }

    @Test
    @DisplayName("maxFrame: a frame of exactly the limit passes, one byte more fails with 1009")
    void frameLimit() throws ProtocolException {
        Limits limits = Limits.defaults().maxFrame(300);
        new FrameDecoder(limits.maxFrame(), false).decode(ByteBuffer.wrap(hex("827e012c")), recorder);
        assertEquals(List.of("fin BINARY 300"), recorder.calls);
        ProtocolException e = assertThrows(ProtocolException.class,
            () -> new FrameDecoder(limits.maxFrame(), false).decode(ByteBuffer.wrap(hex("827e012d")), recorder));
        assertEquals(CloseCode.MESSAGE_TOO_BIG, e.closeCode());
    }

    @Test
    @DisplayName("a failed decoder throws the same exception again and decodes nothing")
    void poisoned() {
        FrameDecoder decoder = decoder(false);
        ProtocolException first = assertThrows(ProtocolException.class,
            () -> decoder.decode(ByteBuffer.wrap(hex("ff")), recorder));
        ByteBuffer valid = ByteBuffer.wrap(hex("8100"));
        assertSame(first, assertThrows(ProtocolException.class, () -> decoder.decode(valid, recorder)));
        decoder.stop();
        assertSame(first, assertThrows(ProtocolException.class, () -> decoder.decode(valid.rewind(), recorder)));
        assertFalse(valid.hasRemaining());
        assertEquals(List.of(), recorder.calls);
    }

    @Test
    @DisplayName("a violation found by the listener fails the decoder too")
    void listenerViolation() {
        FrameDecoder decoder = decoder(false);
        recorder.failAt = 1;
        recorder.failure = new ProtocolException(CloseCode.POLICY_VIOLATION, "not today");
        ByteBuffer wire = ByteBuffer.wrap(hex("810141 810142"));
        assertSame(recorder.failure, assertThrows(ProtocolException.class, () -> decoder.decode(wire, recorder)));
        assertSame(recorder.failure, assertThrows(ProtocolException.class, () -> decoder.decode(wire, recorder)));
        assertEquals(List.of("fin TEXT 1"), recorder.calls);
    }

    @Test
    @DisplayName("an unchecked exception of the listener reaches the caller and stops the decoder")
    void listenerThrows() throws ProtocolException {
        FrameDecoder decoder = decoder(false);
        recorder.failAt = 2;
        recorder.failure = new IllegalStateException("from the application");
        ByteBuffer wire = ByteBuffer.wrap(hex("810141 810142"));
        assertSame(recorder.failure, assertThrows(IllegalStateException.class, () -> decoder.decode(wire, recorder)));
        assertFalse(wire.hasRemaining());
        decoder.decode(wire.rewind(), recorder);
        assertEquals(List.of("fin TEXT 1", "[A] last"), recorder.calls);
    }

    @ParameterizedTest
    @CsvSource({"1, fin TEXT 1", "2, fin TEXT 1; [A] last", "3, fin TEXT 1; [A] last; fin PING 0"})
    @DisplayName("stop in a header or payload callback discards the rest, also of later calls, even if it is wrong")
    void stop(int call, String expected) throws ProtocolException {
        FrameDecoder decoder = decoder(false);
        recorder.decoder = decoder;
        recorder.stopAt = call;
        ByteBuffer wire = ByteBuffer.wrap(hex("810141 8900 ffff"));
        decoder.decode(wire, recorder);
        assertFalse(wire.hasRemaining());
        decoder.decode(wire.rewind(), recorder);
        assertFalse(wire.hasRemaining());
        assertEquals(expected, String.join("; ", recorder.calls));
    }

    @Test
    @DisplayName("payload is unmasked in place inside the input, and the bytes around it do not change")
    void inPlace() throws ProtocolException {
        byte[] wire = hex("ee 818537fa213d7f9f4d5158 ee");
        decoder(true).decode(ByteBuffer.wrap(wire, 1, 11), recorder);
        assertArrayEquals(hex("ee 818537fa213d48656c6c6f ee"), wire);
    }

    @Test
    @DisplayName("a message as long as the one before, at its place of the same input, is lent in the same view")
    void sameView() throws ProtocolException {
        ByteBuffer input = ByteBuffer.allocateDirect(4 << 10);
        ByteBuffer first = lent(input, "820548656c6c6f", "Hello");
        // a listener may do all of this
        first.position(3).mark().limit(4).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer second = lent(input, "8205576f726c64", "World");
        assertSame(first, second);
        assertEquals(ByteOrder.BIG_ENDIAN, second.order());
        assertThrows(InvalidMarkException.class, second::reset);
        assertNotSame(second, lent(input, "8204576f726c", "Worl"), "shorter");
        assertNotSame(second, lent(input, "820548656c6c6f", "Hello"), "as long as the one before the last");
        assertNotSame(second, lent(ByteBuffer.allocateDirect(4 << 10), "820548656c6c6f", "Hello"), "another input");
        ByteBuffer large = ByteBuffer.allocateDirect(5 << 10);
        assertNotSame(lent(large, "820548656c6c6f", "Hello"), lent(large, "820548656c6c6f", "Hello"),
                "the decoder of a connection that rests must not keep large memory");
    }

    private final FrameDecoder viewing = decoder(false);

    /** Decodes one frame from the beginning of the input, and returns the view that was lent. */
    private ByteBuffer lent(ByteBuffer input, String wire, String expected) throws ProtocolException {
        List<ByteBuffer> views = new ArrayList<>();
        viewing.decode(input.clear().put(hex(wire)).flip(), new FrameListener() {
            @Override
            public void onFrameHeader(FrameHeader header) {
                assertEquals(expected.length(), header.payloadLength());
            }

            @Override
            public void onFramePayload(ByteBuffer part, boolean last) {
                assertEquals(expected, StandardCharsets.ISO_8859_1.decode(part.duplicate()).toString());
                assertEquals(0, part.position());
                assertEquals(expected.length(), part.capacity());
                views.add(part);
            }
        });
        return views.getFirst();
    }

    @Test
    @DisplayName("a read-only buffer is refused at a server and accepted at a client")
    void readOnly() throws ProtocolException {
        ByteBuffer masked = ByteBuffer.wrap(hex("818537fa213d7f9f4d5158")).asReadOnlyBuffer();
        assertThrows(IllegalArgumentException.class, () -> decoder(true).decode(masked, recorder));
        decoder(false).decode(ByteBuffer.wrap(hex("810141")).asReadOnlyBuffer(), recorder);
        assertEquals(List.of("fin TEXT 1", "[A] last"), recorder.calls);
    }

    private static FrameDecoder decoder(boolean expectMasked) {
        return new FrameDecoder(Limits.defaults().maxFrame(), expectMasked);
    }
}
