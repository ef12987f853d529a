package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Bad input at each door of a relay, beside a viewer and a publisher that go on unharmed")
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
    void othersGoOn() throws Exception {
        for (int i = 0; i < 3; i++, next++) {
            publisher.frames(1);
            viewer.units((next % Sample.GOP == 0 ? "K" : "f") + next);
        }
        rig.await("one viewer is left", () -> rig.streams().stream().anyMatch(stream -> stream.get("path").equals("good")
                && stream.get("viewers").equals(1.0) && stream.get("epoch").equals(1.0) && stream.get("framesDropped").equals(0.0)));
    }

    @AfterAll
    static void stop() throws Exception {
        assertTrue(publisher.end().startsWith("HTTP/1.1 200 "));
        viewer.stream("waiting", 1);
        rig.close();
    }

    static Stream<String[]> requests() {
        String longLine = "x".repeat(1 << 20);
        return Stream.of(
                new String[] {"400", "zeros", "\0\0\0\0\0\0\0\0\r\n\r\n"},
                new String[] {"400", "a greeting of mail", "EHLO relay\r\n\r\n"},
                new String[] {"400", "TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003" + "\u00aa".repeat(508)},
                new String[] {"505", "HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
                new String[] {"400", "no host", "GET / HTTP/1.1\r\n\r\n"},
                new String[] {"400", "a blank before the colon", "GET /" + HOST + "A : b\r\n\r\n"},
                new String[] {"400", "two lengths", "PUT /publish/bad" + HOST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
                new String[] {"400", "length and chunks", "PUT /publish/bad" + HOST
                        + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
                new String[] {"400", "a chunk of no size", "PUT /publish/bad" + HOST + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
                new String[] {"400", "a chunk of 2^64", "PUT /publish/bad" + HOST
                        + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"},
                new String[] {"431", "a field of 1 MB", "GET /" + HOST + "A: " + longLine + "\r\n\r\n"},
                new String[] {"414", "an address of 1 MB", "GET /" + longLine + HOST + "\r\n"},
                new String[] {"431", "200,000 fields", "GET /" + HOST + "A: b\r\n".repeat(200_000) + "\r\n"},
                new String[] {"400", "a handshake without a key", UPGRADE + VERSION + "\r\n"},
                new String[] {"426", "a handshake of an old version", UPGRADE + KEY + "Sec-WebSocket-Version: 8\r\n\r\n"},
                new String[] {"403", "a handshake of a foreign page", UPGRADE + KEY + VERSION + "Origin: http://evil.example\r\n\r\n"});
    }

    @ParameterizedTest(name = "{1} is answered {0}")
    @MethodSource("requests")
    @DisplayName("instead of a request")
    void request(String status, String name, String sent) throws Exception {
        String answer = rig.connect().sendUntilRefused(sent.getBytes(StandardCharsets.ISO_8859_1)).rest();
        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertEquals(1, answer.lines().filter(line -> line.matches("HTTP/1.1 \\d{3} .*")).count(), "one answer");
    }

    @ParameterizedTest(name = "{0}: {2} is closed with {1}")
    @CsvSource({"unmasked text, 1002, 8101 61", "reserved opcode, 1002, 8381 00000000 61", "reserved control opcode, 1002, 8b80 00000000",
        "reserved bit, 1002, c181 00000000 61", "ping of 126 bytes, 1002, 89fe 007e 00000000", "ping in fragments, 1002, 0980 00000000",
        "continuation of nothing, 1002, 8080 00000000", "text inside of a text, 1002, 0180 00000000 8180 00000000",
        "length not minimal, 1002, 81fe 0001 00000000 61", "length of 2^63, 1002, 81ff 8000000000000000 00000000",
        "length of 2^62, 1009, 82ff 4000000000000000 00000000", "text of 64 KiB and a byte, 1009, 81ff 0000000000010001 00000000",
        "text that is not UTF-8, 1007, 8182 00000000 c328", "half a surrogate, 1007, 8183 00000000 eda080",
        "not UTF-8 in an unfinished text, 1007, 0181 00000000 ff", "close with half a code, 1002, 8881 00000000 03",
        "close with a code that nobody may send, 1002, 8882 00000000 03ed", "binary, 1003, 8281 00000000 61",
        "no control text, 1008, 8181 00000000 7b"})
    @DisplayName("instead of a frame of a viewer")
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

    static Stream<Object[]> media() {
        byte[] brand = box("ftyp", new byte[8]);
        byte[] none = new byte[0];
        byte[] moof = Arrays.copyOf(Sample.unit(0), ByteBuffer.wrap(Sample.unit(0)).getInt(0));
        return Stream.of(
                new Object[] {"zeros", new byte[64]},
                new Object[] {"a page", "<!doctype html><html><body>no video</body></html>".getBytes(StandardCharsets.US_ASCII)},
                new Object[] {"a box without an end", join(Sample.INIT, box("moof", 0, none))},
                new Object[] {"a box smaller than its header", join(Sample.INIT, box("moof", 7, none))},
                new Object[] {"a box of 2^63", join(Sample.INIT, box("moof", Long.MIN_VALUE, none))},
                new Object[] {"a box of 2^63 that is to be skipped", join(Sample.INIT, box("free", Long.MIN_VALUE, none))},
                new Object[] {"a box of 9 MiB", join(Sample.INIT, box("mdat", 9 << 20, none))},
                new Object[] {"a moov of 2 MiB", join(brand, box("moov", 2 << 20, none))},
                new Object[] {"moof before moov", join(brand, Sample.unit(0))},
                new Object[] {"moof without a brand", Sample.unit(0)},
                new Object[] {"mdat before moof", join(Sample.INIT, box("mdat", new byte[8]))},
                new Object[] {"moof after moof", join(Sample.INIT, join(moof, moof))},
                new Object[] {"an empty moov", join(brand, box("moov", none))},
                new Object[] {"boxes inside of boxes, 1,000 deep", join(brand, nested(1_000))},
                new Object[] {"an inner box larger than its outer one", join(brand, box("moov", box("trak", 1 << 20, none)))},
                new Object[] {"a box of no type", join(Sample.INIT, new byte[] {0, 0, 0, 16, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0})});
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("media")
    @DisplayName("instead of fragmented MP4 is answered with 400 and a sentence, and the connection is closed")
    void fragment(String name, byte[] bytes) throws Exception {
        TestPublisher bad = rig.publish("bad").chunk(bytes);
        String answer = bad.rest();
        assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
        String sentence = answer.substring(answer.indexOf("\r\n\r\n")).strip();
        assertTrue(sentence.length() > 10 && sentence.lines().count() == 1 && sentence.chars().allMatch(c -> c >= 0x20 && c < 0x7f),
                answer);
    }

    @Test
    @DisplayName("who sends half a request or half a handshake is answered 408 after 5 s and closed, who sends nothing is closed")
    void silence() throws Exception {
        RawPeer nothing = rig.connect();
        RawPeer half = rig.connect().send("GET / HTTP/1.1\r\nHo");
        RawPeer handshake = rig.connect().send(UPGRADE + KEY);
        for (RawPeer peer : new RawPeer[] {half, handshake}) {
            assertTrue(peer.rest().startsWith("HTTP/1.1 408 "));
        }
        assertEquals("", nothing.rest());
    }
}
