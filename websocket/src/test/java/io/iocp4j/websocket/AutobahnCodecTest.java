package io.iocp4j.websocket;

import static io.iocp4j.websocket.WireBytes.FIN;
import static io.iocp4j.websocket.WireBytes.fragmentedText;
import static io.iocp4j.websocket.WireBytes.hex;
import static io.iocp4j.websocket.WireBytes.join;
import static io.iocp4j.websocket.WireBytes.masked;
import static io.iocp4j.websocket.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a server has to make of the frames that the Autobahn test suite sends, by its case numbers; each case in one
 * buffer and one byte at a time. UTF-8, section 6, is in {@link AutobahnUtf8Test}.
 */
class AutobahnCodecTest {
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final byte[] CLOSE_1000 = masked(FIN | CLOSE, hex("03e8"));
    private static final String FAIL = "fail 1002";

    record Case(String number, byte[] wire, List<String> events) {
        @Override
        public String toString() {
            return number;
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"framing", "pings", "reservedBits", "opcodes", "fragmentation", "fragmentedInterleaved", "closing",
        "closeCodes", "autoFragment"})
    @DisplayName("Autobahn case")
    void verdict(Case c) {
        assertEquals(c.events, CodecEvents.ofClientBytes(c.wire, CodecEvents.WHOLE));
        assertEquals(c.events, CodecEvents.ofClientBytes(c.wire, CodecEvents.ONE_BYTE));
    }

    static Stream<Case> framing() {
        int[] sizes = {0, 125, 126, 127, 128, 65535, 65536, 65536};
        return IntStream.range(0, sizes.length).boxed().flatMap(i -> {
            byte[] stars = bytes('*', sizes[i]);
            byte[] high = bytes(0xFE, sizes[i]);
            return Stream.of(
                is("1.1." + (i + 1), join(masked(FIN | TEXT, stars), CLOSE_1000),
                    "text " + "*".repeat(sizes[i]), "close 1000"),
                is("1.2." + (i + 1), join(masked(FIN | BINARY, high), CLOSE_1000),
                    "binary " + "fe".repeat(sizes[i]), "close 1000"));
        });
    }

    static Stream<Case> pings() {
        byte[] longest = bytes(0xFE, 125);
        byte[] pong = masked(FIN | PONG, "unsolicited pong payload");
        String pongEvent = "pong " + hexOf("unsolicited pong payload");
        byte[][] ten = new byte[10][];
        String[] tenEvents = new String[10];
        for (int i = 0; i < 10; i++) {
            ten[i] = masked(FIN | PING, "payload-" + i);
            tenEvents[i] = "ping " + hexOf("payload-" + i);
        }
        return Stream.of(
            is("2.1", masked(FIN | PING, ""), "ping "),
            is("2.2", masked(FIN | PING, "Hello, world!"), "ping " + hexOf("Hello, world!")),
            is("2.3", masked(FIN | PING, hex("00fffefdfcfb00ff")), "ping 00fffefdfcfb00ff"),
            is("2.4 and 2.6", masked(FIN | PING, longest), "ping " + "fe".repeat(125)),
            is("2.5", masked(FIN | PING, bytes(0xFE, 126)), FAIL),
            is("2.7", join(masked(FIN | PONG, ""), CLOSE_1000), "pong ", "close 1000"),
            is("2.8", join(pong, CLOSE_1000), pongEvent, "close 1000"),
            is("2.9", join(pong, masked(FIN | PING, "ping payload")), pongEvent, "ping " + hexOf("ping payload")),
            is("2.10 and 2.11", join(ten), tenEvents));
    }

    static Stream<Case> reservedBits() {
        byte[] hello = masked(FIN | TEXT, "Hello, world!");
        byte[] ping = masked(FIN | PING, "");
        return Stream.of(
            is("3.1", masked(FIN | 0x10 | TEXT, "Hello, world!"), FAIL),
            is("3.2", join(hello, masked(FIN | 0x20 | TEXT, "Hello, world!"), ping), "text Hello, world!", FAIL),
            is("3.3", join(hello, masked(FIN | 0x30 | TEXT, "Hello, world!"), ping), "text Hello, world!", FAIL),
            is("3.4", join(hello, masked(FIN | 0x40 | TEXT, "Hello, world!"), ping), "text Hello, world!", FAIL),
            is("3.5", masked(FIN | 0x50 | BINARY, hex("00fffefdfcfb00ff")), FAIL),
            is("3.6", masked(FIN | 0x60 | PING, "Hello, world!"), FAIL),
            is("3.7", masked(FIN | 0x70 | CLOSE, ""), FAIL));
    }

    static Stream<Case> opcodes() {
        byte[] hello = masked(FIN | TEXT, "Hello, world!");
        byte[] ping = masked(FIN | PING, "");
        return IntStream.rangeClosed(1, 5).boxed().flatMap(i -> Stream.of(2 + i, 10 + i).map(opcode -> {
            String number = (opcode < 8 ? "4.1." : "4.2.") + i;
            byte[] reserved = masked(FIN | opcode, i % 2 == 0 ? "reserved opcode payload" : "");
            return i < 3
                ? is(number, join(reserved, ping), FAIL)
                : is(number, join(hello, reserved, ping), "text Hello, world!", FAIL);
        }));
    }

    static Stream<Case> fragmentation() {
        byte[] whole = masked(FIN | TEXT, "Hello, world!");
        byte[] finalOrphan = masked(FIN, "non-continuation payload");
        byte[] orphan = masked(0, "non-continuation payload");
        byte[] two = join(masked(TEXT, "fragment1"), masked(FIN, "fragment2"));
        return Stream.of(
            is("5.1", join(masked(PING, "fragment1"), masked(FIN, "fragment2")), FAIL),
            is("5.2", join(masked(PONG, "fragment1"), masked(FIN, "fragment2")), FAIL),
            is("5.3 to 5.5", two, "text fragment1fragment2"),
            is("5.9 to 5.11", join(finalOrphan, whole), FAIL),
            is("5.12 to 5.14", join(orphan, whole), FAIL),
            is("5.15", join(two, orphan, whole), "text fragment1fragment2", FAIL),
            is("5.16", join(orphan, masked(TEXT, "fragment1"), masked(FIN, "fragment2")), FAIL),
            is("5.17", join(finalOrphan, masked(TEXT, "fragment1"), masked(FIN, "fragment2")), FAIL),
            is("5.18", join(masked(TEXT, "fragment1"), masked(FIN | TEXT, "fragment2")), FAIL));
    }

    static Stream<Case> fragmentedInterleaved() {
        byte[] ping = masked(FIN | PING, "ping payload");
        String pingEvent = "ping " + hexOf("ping payload");
        return Stream.of(
            is("5.6 to 5.8", join(masked(TEXT, "fragment1"), ping, masked(FIN, "fragment2")),
                pingEvent, "text fragment1fragment2"),
            is("5.19 and 5.20", join(masked(TEXT, "fragment1"), masked(0, "fragment2"), ping, masked(0, "fragment3"),
                masked(0, "fragment4"), ping, masked(FIN, "fragment5")),
                pingEvent, pingEvent, "text fragment1fragment2fragment3fragment4fragment5"));
    }

    static Stream<Case> closing() {
        byte[] hello = masked(FIN | TEXT, "Hello World!");
        byte[] ping = masked(FIN | PING, "");
        byte[] quarterMegabyte = masked(FIN | TEXT, bytes('*', 256 << 10));
        return Stream.of(
            is("7.1.1", join(hello, CLOSE_1000), "text Hello World!", "close 1000"),
            is("7.1.2", join(CLOSE_1000, CLOSE_1000), "close 1000"),
            is("7.1.3", join(CLOSE_1000, ping), "close 1000"),
            is("7.1.4", join(CLOSE_1000, hello), "close 1000"),
            is("7.1.5", join(masked(TEXT, "fragment1"), CLOSE_1000, masked(FIN, "fragment2")), "close 1000"),
            is("7.1.6", join(quarterMegabyte, CLOSE_1000, ping), "text " + "*".repeat(256 << 10), "close 1000"),
            is("7.3.1", masked(FIN | CLOSE, ""), "close 1005"),
            is("7.3.2", masked(FIN | CLOSE, "a"), FAIL),
            is("7.3.3", CLOSE_1000, "close 1000"),
            is("7.3.4", masked(FIN | CLOSE, join(hex("03e8"), utf8("Hello World!"))), "close 1000 Hello World!"),
            is("7.3.5", masked(FIN | CLOSE, join(hex("03e8"), bytes('*', 123))), "close 1000 " + "*".repeat(123)),
            is("7.3.6", masked(FIN | CLOSE, join(hex("03e8"), bytes('*', 124))), FAIL),
            is("7.5.1", masked(FIN | CLOSE, hex("03e8 cebae1bdb9cf83cebcceb5 eda080 656469746564")), "fail 1007"));
    }

    static Stream<Case> closeCodes() {
        int[] valid = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999};
        int[] invalid = {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999};
        int[] informational = {5000, 65535};
        return Stream.of(
            IntStream.range(0, valid.length).mapToObj(i -> is("7.7." + (i + 1), close(valid[i]), "close " + valid[i])),
            IntStream.range(0, invalid.length).mapToObj(i -> is("7.9." + (i + 1), close(invalid[i]), FAIL)),
            IntStream.range(0, informational.length)
                .mapToObj(i -> is("7.13." + (i + 1), close(informational[i]), FAIL)),
            IntStream.of(1012, 1013, 1014).mapToObj(i -> is("registered later: " + i, close(i), "close " + i)),
            Stream.of(is("never on the wire: 1015", close(1015), FAIL)))
            .flatMap(cases -> cases);
    }

    static Stream<Case> autoFragment() {
        byte[][] pieces = new byte[(65536 + 1299) / 1300][];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = bytes('*', Math.min(1300, 65536 - 1300 * i));
        }
        return Stream.of(is("10.1.1", fragmentedText(pieces), "text " + "*".repeat(65536)));
    }

    private static Case is(String number, byte[] wire, String... events) {
        return new Case(number, wire, List.of(events));
    }

    private static byte[] close(int code) {
        return masked(FIN | CLOSE, new byte[] {(byte) (code >>> 8), (byte) code});
    }

    private static byte[] bytes(int value, int count) {
        byte[] bytes = new byte[count];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static String hexOf(String text) {
        return HexFormat.of().formatHex(utf8(text));
    }
}
