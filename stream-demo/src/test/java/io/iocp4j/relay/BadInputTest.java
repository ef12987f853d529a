package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A relay refuses invalid input, and its other viewers and publishers are not affected")
@Timeout(160)
class BadInputTest {
    private static final String HOST = " HTTP/1.1\r\nHost: localhost\r\n";
    private static final String UPGRADE = "GET /live/good" + HOST + "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    private static final String KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    private static final String VERSION = "Sec-WebSocket-Version: 13\r\n";

    private static RelayRig rig;
    private static TestPublisher publisher;
    private static TestViewer viewer;
    private static int next;

    @BeforeAll
    static void start() throws Exception {
        rig = RelayRig.start();
        publisher = rig.publish("good").init().frames(1);
        rig.awaitFrames(1);
        viewer = rig.watch("good").greeted();
        viewer.stream("live", 1);
        viewer.units("init 0", "K0c");
        next = 1;
    }

    @AfterEach
    void othersContinue() throws Exception {
        for (int i = 0; i < 3; i++, next++) {
            publisher.frames(1);
            viewer.units((next % Sample.GOP == 0 ? "K" : "f") + next);
        }
        rig.await("the good stream is as before", () -> rig.streams().stream().anyMatch(BadInputTest::isUnaffected));
    }

    private static boolean isUnaffected(Map<String, Object> stream) {
        return stream.get("path").equals("good") && stream.get("viewers").equals(1.0)
                && stream.get("epoch").equals(1.0) && stream.get("framesDropped").equals(0.0);
    }

    @AfterAll
    static void stop() throws Exception {
        assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
        viewer.stream("waiting", 1);
        rig.close();
    }

    static Stream<Arguments> requests() {
        String longLine = "x".repeat(1 << 20);
        String tls = "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003";
        String publish = "PUT /publish/bad" + HOST;
        String chunked = publish + "Transfer-Encoding: chunked\r\n\r\n";
        return Stream.of(
                Arguments.of("400", "zeros", "\0\0\0\0\0\0\0\0\r\n\r\n"),
                Arguments.of("400", "an SMTP greeting", "EHLO relay\r\n\r\n"),
                Arguments.of("400", "TLS", tls + "\u00aa".repeat(508)),
                Arguments.of("505", "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                Arguments.of("400", "no Host field", "GET / HTTP/1.1\r\n\r\n"),
                Arguments.of("400", "a space before the colon", "GET /" + HOST + "A : b\r\n\r\n"),
                Arguments.of("400", "two content lengths",
                        publish + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
                Arguments.of("400", "a content length and chunks",
                        publish + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Arguments.of("400", "a chunk size that is not a number", chunked + "xyz\r\n"),
                Arguments.of("400", "a chunk of 2^64 bytes", chunked + "10000000000000000\r\n"),
                Arguments.of("431", "a header field of 1 MiB", "GET /" + HOST + "A: " + longLine + "\r\n\r\n"),
                Arguments.of("414", "a request target of 1 MiB", "GET /" + longLine + HOST + "\r\n"),
                Arguments.of("431", "200,000 header fields", "GET /" + HOST + "A: b\r\n".repeat(200_000) + "\r\n"),
                Arguments.of("400", "a handshake without a key", UPGRADE + VERSION + "\r\n"),
                Arguments.of("426", "a handshake with an old version",
                        UPGRADE + KEY + "Sec-WebSocket-Version: 8\r\n\r\n"),
                Arguments.of("403", "a handshake from a page of another site",
                        UPGRADE + KEY + VERSION + "Origin: http://evil.example\r\n\r\n"));
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource("requests")
    @DisplayName("an invalid request is answered once, with an error status")
    void request(String status, String name, String sent) throws Exception {
        String answer = rig.connect().sendUntilRefused(sent.getBytes(StandardCharsets.ISO_8859_1)).rest();
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertEquals(1, answer.lines().filter(line -> line.matches("HTTP/1.1 \\d{3} .*")).count(), answer);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(textBlock = """
            unmasked text,                       1002, 8101 61
            reserved opcode,                     1002, 8381 00000000 61
            reserved control opcode,             1002, 8b80 00000000
            reserved bit,                        1002, c181 00000000 61
            ping of 126 bytes,                   1002, 89fe 007e 00000000
            fragmented ping,                     1002, 0980 00000000
            continuation without a message,      1002, 8080 00000000
            text inside a fragmented text,       1002, 0180 00000000 8180 00000000
            length not minimal,                  1002, 81fe 0001 00000000 61
            length of 2^63,                      1002, 81ff 8000000000000000 00000000
            length of 2^62,                      1009, 82ff 4000000000000000 00000000
            text of 64 KiB and a byte,           1009, 81ff 0000000000010001 00000000
            text that is not UTF-8,              1007, 8182 00000000 c328
            half a surrogate pair,               1007, 8183 00000000 eda080
            not UTF-8 in an unfinished text,     1007, 0181 00000000 ff
            close with half a code,              1002, 8881 00000000 03
            close with a reserved code,          1002, 8882 00000000 03ed
            binary,                              1003, 8281 00000000 61
            text that is not JSON,               1008, 8181 00000000 7b
            """)
    @DisplayName("an invalid frame from a viewer closes its connection with the matching close code")
    void frame(String name, int code, String hex) throws Exception {
        RawPeer peer = rig.connect().upgrade("/live/good").send(HexFormat.of().parseHex(hex.replace(" ", "")));
        assertEquals(code, peer.closeCode());
    }

    private static byte[] box(String type, long size, byte[] body) {
        boolean wide = size < 0 || size > 0xffff_ffffL;
        ByteBuffer box = ByteBuffer.allocate((wide ? 16 : 8) + body.length).putInt(wide ? 1 : (int) size)
                .put(type.getBytes(StandardCharsets.ISO_8859_1));
        return (wide ? box.putLong(size) : box).put(body).array();
    }

    private static byte[] box(String type, byte[] body) {
        return box(type, 8 + body.length, body);
    }

    private static byte[] nested(int depth) {
        byte[] box = new byte[0];
        for (int i = 0; i < depth; i++) {
            box = box("trak", box);
        }
        return box("moov", box);
    }

    private static byte[] join(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }

    static Stream<Arguments> media() {
        byte[] brand = box("ftyp", new byte[8]);
        byte[] none = new byte[0];
        byte[] moof = Arrays.copyOf(Sample.unit(0), ByteBuffer.wrap(Sample.unit(0)).getInt(0));
        byte[] page = "<!doctype html><html><body>no video</body></html>".getBytes(StandardCharsets.US_ASCII);
        byte[] unprintable = {0, 0, 0, 16, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0};
        return Stream.of(
                Arguments.of("zeros", new byte[64]),
                Arguments.of("an HTML page", page),
                Arguments.of("a box without an end (size 0)", join(Sample.INIT, box("moof", 0, none))),
                Arguments.of("a box smaller than its header", join(Sample.INIT, box("moof", 7, none))),
                Arguments.of("a box of 2^63 bytes", join(Sample.INIT, box("moof", Long.MIN_VALUE, none))),
                Arguments.of("a skipped box of 2^63 bytes", join(Sample.INIT, box("free", Long.MIN_VALUE, none))),
                Arguments.of("a box of 9 MiB", join(Sample.INIT, box("mdat", 9 << 20, none))),
                Arguments.of("a moov of 2 MiB", join(brand, box("moov", 2 << 20, none))),
                Arguments.of("moof before moov", join(brand, Sample.unit(0))),
                Arguments.of("moof before ftyp", Sample.unit(0)),
                Arguments.of("mdat before moof", join(Sample.INIT, box("mdat", new byte[8]))),
                Arguments.of("moof after moof", join(Sample.INIT, join(moof, moof))),
                Arguments.of("an empty moov", join(brand, box("moov", none))),
                Arguments.of("boxes nested 1,000 levels deep", join(brand, nested(1_000))),
                Arguments.of("a box larger than its parent", join(brand, box("moov", box("trak", 1 << 20, none)))),
                Arguments.of("a box type that is not printable", join(Sample.INIT, unprintable)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("media")
    @DisplayName("invalid media is answered with 400 and a reason of one line, and the connection is closed")
    void media(String name, byte[] bytes) throws Exception {
        TestPublisher bad = rig.publish("bad").chunk(bytes);
        String answer = bad.rest();
        assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
        String reason = answer.substring(answer.indexOf("\r\n\r\n")).strip();
        assertTrue(reason.length() > 10 && reason.chars().allMatch(c -> c >= 0x20 && c < 0x7f), answer);
    }

    @Test
    @DisplayName("after 5 s, an incomplete request or handshake is answered with 408; a silent connection is closed")
    void incomplete() throws Exception {
        RawPeer nothing = rig.connect();
        RawPeer half = rig.connect().send("GET / HTTP/1.1\r\nHo");
        RawPeer handshake = rig.connect().send(UPGRADE + KEY);
        for (RawPeer peer : new RawPeer[] {half, handshake}) {
            assertTrue(peer.rest().startsWith("HTTP/1.1 408 "));
        }
        assertEquals("", nothing.rest());
    }
}
