package io.iocp4j.websocket.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.core.Shows;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameEncoderTest {
    private final ByteBuffer out = ByteBuffer.allocate(32);

    @ParameterizedTest
    @CsvSource({"true,TEXT,5,8105", "false,TEXT,3,0103", "true,CONTINUATION,2,8002", "true,PING,5,8905",
        "true,PONG,125,8a7d", "true,CLOSE,0,8800", "true,BINARY,126,827e007e", "true,BINARY,256,827e0100",
        "true,BINARY,65535,827effff", "true,BINARY,65536,827f0000000000010000",
        "true,BINARY,9223372036854775807,827f7fffffffffffffff"})
    @Shows("B21")
    @DisplayName("a server's header has MASK 0 and the shortest length, as in RFC 6455 section 5.7")
    void unmaskedHeader(boolean fin, Opcode opcode, long length, String expected) {
        FrameEncoder.putHeader(out, fin, false, opcode, length);
        assertArrayEquals(WireBytes.hex(expected), WireBytes.remaining(out.flip()));
        assertEquals(expected.length() / 2, FrameEncoder.headerLength(length, false));
    }

    @ParameterizedTest
    @CsvSource({"true,TEXT,5,8185 37fa213d", "true,BINARY,126,82fe007e 37fa213d",
        "false,BINARY,65536,02ff0000000000010000 37fa213d"})
    @DisplayName("a client's header has MASK 1 and ends with the key, in network order for either buffer order")
    void maskedHeader(boolean fin, Opcode opcode, long length, String expected) {
        out.order(ByteOrder.LITTLE_ENDIAN);
        FrameEncoder.putHeader(out, fin, false, opcode, length, WireBytes.KEY);
        byte[] bytes = WireBytes.hex(expected);
        assertArrayEquals(bytes, WireBytes.remaining(out.flip()));
        assertEquals(bytes.length, FrameEncoder.headerLength(length, true));
    }

    @Test
    @DisplayName("RSV1 is set on the first frame of a compressed message")
    void rsv1() {
        FrameEncoder.putHeader(out, true, true, Opcode.TEXT, 1);
        assertArrayEquals(WireBytes.hex("c101"), WireBytes.remaining(out.flip()));
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTINUATION", "CLOSE", "PING", "PONG"})
    @DisplayName("RSV1 on any other frame is refused")
    void rsv1Refused(Opcode opcode) {
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.putHeader(out, true, true, opcode, 1));
        assertEquals(0, out.position());
    }

    @ParameterizedTest
    @EnumSource(names = {"CLOSE", "PING", "PONG"})
    @DisplayName("a control frame that is fragmented or longer than 125 bytes is refused")
    void controlRules(Opcode opcode) {
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.putHeader(out, false, false, opcode, 1));
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.putHeader(out, true, false, opcode, 126));
        assertEquals(0, out.position());
    }

    @Test
    @DisplayName("a negative length is refused")
    void negativeLength() {
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.headerLength(-1, true));
        assertThrows(IllegalArgumentException.class,
            () -> FrameEncoder.putHeader(out, true, false, Opcode.BINARY, Long.MIN_VALUE));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 126, 65536})
    @DisplayName("too little room writes nothing, exactly enough writes all")
    void room(long length) {
        int needed = FrameEncoder.headerLength(length, true);
        out.limit(needed - 1);
        assertThrows(BufferOverflowException.class,
            () -> FrameEncoder.putHeader(out, true, false, Opcode.BINARY, length, 1));
        assertEquals(0, out.position());
        out.limit(needed);
        FrameEncoder.putHeader(out, true, false, Opcode.BINARY, length, 1);
        assertEquals(needed, out.position());
    }

    @Test
    @DisplayName("a Close payload is the code in network order and the reason, nothing more")
    void closePayload() {
        assertArrayEquals(WireBytes.hex("03e8"), WireBytes.remaining(FrameEncoder.closePayload(1000, "")));
        assertArrayEquals(WireBytes.hex("03f1 c3bc"), WireBytes.remaining(FrameEncoder.closePayload(1009, "\u00FC")));
        assertEquals(125, FrameEncoder.closePayload(4999, "r".repeat(123)).remaining());
        assertEquals(125, FrameEncoder.closePayload(4999, "r" + "\u00FC".repeat(61)).remaining());
    }

    @Test
    @DisplayName("a reason of more than 123 bytes is refused, counted in UTF-8")
    void longReason() {
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.closePayload(1000, "r".repeat(124)));
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.closePayload(1000, "\u00FC".repeat(62)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000})
    @DisplayName("a code that may not be sent is refused")
    void unsendableCode(int code) {
        assertThrows(IllegalArgumentException.class, () -> FrameEncoder.closePayload(code, ""));
    }
}
