package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.fragmentedText;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.unmasked;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WebSocketViolationTest {
    private static final Limits LIMITS = Limits.defaults().maxFrame(1000).maxMessage(2000).maxFragments(4);

    static Stream<Arguments> violations() {
        byte[] x = utf8("x");
        return Stream.of(
                violation("reserved bit 1", 1002, masked(0xC1, x)),
                violation("reserved bit 3", 1002, masked(0x91, x)),
                violation("opcode 3", 1002, masked(0x83, x)),
                violation("opcode 11", 1002, masked(0x8B, x)),
                violation("first octet alone", 1002, hex("FF")),
                violation("frame without a mask", 1002, unmasked(0x81, x)),
                violation("Close without a mask", 1002, unmasked(0x88, hex("03e8"))),
                violation("fragmented ping", 1002, masked(0x09, x)),
                violation("ping of 126 bytes, declared only", 1002, hex("89FE")),
                violation("16-bit length for 125 bytes", 1002, hex("81FE007D")),
                violation("64-bit length for 65535 bytes", 1002, hex("81FF000000000000FFFF")),
                violation("64-bit length below zero", 1002, hex("81FF8000000000000000")),
                violation("continuation of nothing", 1002, masked(0x80, x)),
                violation("message inside a message", 1002, join(masked(0x01, x), masked(0x81, x))),
                violation("Close of one byte", 1002, masked(0x88, x)),
                violation("Close 999", 1002, masked(0x88, hex("03e7"))),
                violation("Close 1005", 1002, masked(0x88, hex("03ed"))),
                violation("Close 1006", 1002, masked(0x88, hex("03ee"))),
                violation("Close 1015", 1002, masked(0x88, hex("03f7"))),
                violation("Close 5000", 1002, masked(0x88, hex("1388"))),
                violation("Close with a reason that is not UTF-8", 1007, masked(0x88, hex("03e8ff"))),
                violation("text that is not UTF-8", 1007, masked(0x81, hex("c0af"))),
                violation("text cut inside a character", 1007, masked(0x81, hex("e282"))),
                violation("first bad byte of a frame that is not complete", 1007,
                        Arrays.copyOf(masked(0x81, bad(900)), 12)),
                violation("first bad byte of a message that is not complete", 1007, masked(0x01, hex("61ff"))),
                violation("1001 bytes declared, none sent", 1009, hex("82FE03E9")),
                violation("2^62 bytes declared, none sent", 1009, hex("82FF4000000000000000")),
                violation("fragments of 2001 bytes in all", 1009,
                        join(masked(0x02, new byte[1000]), masked(0x00, new byte[1000]), hex("0081"), hex("00000000"))),
                violation("five fragments", 1008, fragmentedText(x, x, x, x, x)),
                violation("five empty fragments", 1008, fragmentedText(hex(""), hex(""), hex(""), hex(""), hex(""))));
    }

    private static Arguments violation(String what, int code, byte[] bytes) {
        return Arguments.of(what, code, bytes);
    }

    private static byte[] bad(int length) {
        byte[] payload = new byte[length];
        Arrays.fill(payload, (byte) 'a');
        payload[2] = (byte) 0xFF;
        return payload;
    }

    @ParameterizedTest(name = "[{index}] {0} -> {1}")
    @Shows("B19")
    @DisplayName("a violation is answered with a Close frame and FIN, and harms its own connection only")
    @MethodSource("violations")
    void violationEndsItsConnection(String what, int code, byte[] bytes) throws Exception {
        Recorder recorder = new Recorder();
        Iterator<WebSocketListener> listeners = List.<WebSocketListener>of(recorder, new Echo()).iterator();
        try (TestServer server = TestServer.with(o -> o.limits(LIMITS), request -> listeners.next());
                RawClient guilty = server.upgraded();
                RawClient other = server.upgraded()) {
            WebSocket socket = recorder.socket();
            guilty.send(bytes);
            assertEquals(code, guilty.frame().closeCode(), what);
            guilty.assertEnd();
            guilty.end();

            CloseStatus status = recorder.end();
            assertEquals(code, status.code());
            assertEquals(Initiator.LOCAL, status.initiator());
            assertFalse(socket.closed().get(5, TimeUnit.SECONDS).clean());
            assertTrue(recorder.events.isEmpty(), "no part of it reached the application: " + recorder.events);
            other.text("still here");
            assertEquals("still here", other.text());
        }
        assertTrue(recorder.ends.isEmpty(), "one onClose only");
    }

    @Test
    @DisplayName("what stood before the violation in the same packet is delivered and answered first")
    void goodThenBad() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.upgraded()) {
            client.send(join(masked(0x81, "good"), masked(0x89, "p"), masked(0x83, "bad"), masked(0x81, "after")));
            assertEquals("good", client.text());
            assertEquals(0x8A, client.frame().firstOctet());
            client.assertClose(1002);
        }
    }

    @Test
    @DisplayName("a peer that goes on sending after its violation can still read the Close frame")
    void floodBehindTheViolation() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.upgraded()) {
            client.send(join(masked(0x83, "bad"), new byte[300_000]));
            client.send(new byte[300_000]);
            client.assertClose(1002);
        }
    }

    @Test
    @DisplayName("frames exactly at the limits pass")
    void atTheLimits() throws Exception {
        try (TestServer server = TestServer.with(o -> o.limits(LIMITS), request -> new Echo());
                RawClient client = server.upgraded()) {
            client.send(join(masked(0x02, new byte[1000]), masked(0x00, new byte[999]), masked(0x00, new byte[1]),
                    masked(0x80, "")));
            RawClient.Frame echo = client.frame();
            assertEquals(0x82, echo.firstOctet());
            assertEquals(2000, echo.payload().length);
        }
    }
}
