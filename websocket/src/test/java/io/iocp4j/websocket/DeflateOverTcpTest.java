package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.FIN;
import static io.iocp4j.websocket.frame.WireBytes.hex;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.remaining;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.Corpus;
import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.handshake.Deflate;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that compresses, with a client of plain bytes and a reader of DEFLATE that is not the JDK's. */
class DeflateOverTcpTest {
    private static final int RSV1 = 0x40;
    private static final int TEXT = 0x81;
    private static final int BINARY = 0x82;
    private static final String OFFER = "permessage-deflate";
    private static final byte[] JSON = Corpus.JSON.bytes(5000, 1);

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        permessage-deflate                                    | permessage-deflate
        permessage-deflate; server_max_window_bits=9          | permessage-deflate; server_max_window_bits=9
        permessage-deflate; client_max_window_bits            | permessage-deflate
        permessage-deflate; server_no_context_takeover, other | permessage-deflate; server_no_context_takeover
        permessage-deflate; unknown                           | -
        other                                                 | -
        """)
    @DisplayName("the answer to an offer stands in the response and in the facts of the handshake")
    void negotiation(String offer, String answer) throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer client = new DeflatePeer(server, offer)) {
            assertEquals(answer, client.response.fields().get("sec-websocket-extensions"));
            List<String> expected = answer == null ? List.of() : List.of(answer);
            assertEquals(expected, recorder.socket().handshake().extensions());
        }
    }

    @Test
    @DisplayName("deflate is off unless switched on: the offer is declined, RSV1 is 1002")
    void offByDefault() throws IOException {
        try (TestServer server = TestServer.echo()) {
            RawClient raw = server.connect();
            raw.send(RawClient.upgradeHead("/", "Sec-WebSocket-Extensions: " + OFFER));
            assertNull(raw.response().fields().get("sec-websocket-extensions"));
            raw.send(masked(FIN | RSV1 | 1, hex("f248cdc9c90700")));
            raw.assertClose(CloseCode.PROTOCOL_ERROR);
            raw.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"permessage-deflate; =1", "", ","})
    @DisplayName("an offer that does not follow the grammar is 400, also one without an element")
    void malformedOffer(String offer) throws IOException {
        try (TestServer server = compressing(new Recorder(), Deflate.on()); RawClient raw = server.connect()) {
            raw.send(RawClient.upgradeHead("/", "Sec-WebSocket-Extensions: " + offer));
            assertEquals(400, raw.response().status());
        }
    }

    @Test
    @DisplayName("text and binary come back, compressed from the threshold on, plain below it")
    void threshold() throws IOException {
        try (TestServer server = compressing(new TestServer.EchoRecorder(), Deflate.on().threshold(300));
                DeflatePeer client = new DeflatePeer(server, OFFER)) {
            for (int length : new int[] {300, 301, 5000}) {
                byte[] message = Arrays.copyOf(JSON, length);
                client.raw.send(masked(TEXT, message));
                assertArrayEquals(message, client.inflated(TEXT));
                client.raw.send(masked(BINARY, message));
                assertArrayEquals(message, client.inflated(BINARY));
            }
            for (int length : new int[] {0, 1, 299}) {
                client.raw.send(masked(TEXT, Arrays.copyOf(JSON, length)));
                assertEquals(new String(JSON, 0, length, StandardCharsets.UTF_8), client.raw.text());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 15})
    @DisplayName("the window that the client asks for is kept to, message after message")
    void window(int bits) throws IOException {
        try (TestServer server = compressing(new Recorder(), Deflate.on());
                DeflatePeer client = new DeflatePeer(server, OFFER + "; server_max_window_bits=" + bits)) {
            for (long seed = 0; seed < 3; seed++) {
                byte[] message = Corpus.ECHOES.bytes(60_000, seed);
                client.raw.send(masked(BINARY, message));
                assertArrayEquals(message, client.inflated(BINARY));
            }
            assertTrue(client.reader.maxDistance <= 1 << bits, client.reader.maxDistance + "");
        }
    }

    @Test
    @DisplayName("a repeated message costs little with context takeover, and the same again without")
    void takeover() throws IOException {
        try (TestServer server = compressing(new Recorder(), Deflate.on());
                DeflatePeer with = new DeflatePeer(server, OFFER);
                DeflatePeer without = new DeflatePeer(server, OFFER + "; server_no_context_takeover")) {
            int first = echoed(with).length;
            int second = echoed(with).length;
            assertTrue(second < first / 4, first + " and then " + second);
            assertArrayEquals(echoed(without), echoed(without));
        }
    }

    @Test
    @DisplayName("what a client sends compressed arrives, with its context taken over")
    void receiving() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer client = new DeflatePeer(server, OFFER)) {
            client.raw.send(masked(TEXT | RSV1, hex("f248cdc9c90700")));
            client.raw.send(masked(TEXT | RSV1, hex("f200110000")));
            assertEquals("Hello", TestServer.take(recorder.events));
            assertEquals("Hello", TestServer.take(recorder.events));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "corrupt data,                1007, c1, ff",
        "text that is not UTF-8,      1007, c1, 00020 0fdff c3 28 00",
        "RSV1 on a ping,              1002, c9, 00",
        "RSV2,                        1002, e1, 00"})
    @DisplayName("each violation has its code and harms one connection only")
    void violations(String what, int code, String firstOctet, String payload) throws IOException {
        try (TestServer server = compressing(new Recorder(), Deflate.on());
                DeflatePeer other = new DeflatePeer(server, OFFER)) {
            DeflatePeer client = new DeflatePeer(server, OFFER);
            client.raw.send(masked(Integer.parseInt(firstOctet, 16), hex(payload)));
            client.raw.assertClose(code);
            client.raw.close();
            assertArrayEquals(JSON, other.reader.message(echoed(other)), what);
        }
    }

    @Test
    @Shows({"CVE-2018-1000518", "CVE-2026-1526"})
    @DisplayName("a bomb is 1008 for its ratio, with the default limits and with high ones, also one that "
        + "is no longer than a message may be; without a ratio it is 1009 at the limit of a message")
    void bombs() throws IOException {
        bomb(Deflate.on(), Limits.defaults(), 1 << 20, CloseCode.POLICY_VIOLATION);
        bomb(Deflate.on(), Limits.defaults().maxMessage(64 << 20), 32 << 20, CloseCode.POLICY_VIOLATION);
        bomb(Deflate.on().maxRatio(Integer.MAX_VALUE), Limits.defaults(), 32 << 20, CloseCode.MESSAGE_TOO_BIG);
    }

    private static void bomb(Deflate options, Limits limits, int bytes, int code) throws IOException {
        try (TestServer server = TestServer.with(o -> o
                .deflate(options).limits(limits), request -> new Recorder())) {
            DeflatePeer client = new DeflatePeer(server, OFFER);
            client.raw.send(masked(BINARY | RSV1, deflated(new byte[bytes])));
            client.raw.assertClose(code);
            client.raw.close();
        }
    }

    @Test
    @DisplayName("a streamed message is compressed frame by frame, and each frame can be read when it arrives")
    void streamed() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = compressing(recorder, Deflate.on());
                DeflatePeer client = new DeflatePeer(server, OFFER)) {
            WebSocket socket = recorder.socket();
            for (int repeat = 0; repeat < 2; repeat++) {
                try (OutputStream out = socket.outputStream()) {
                    out.write(JSON, 0, 2000);
                    out.flush();
                    RawClient.Frame frame = client.raw.frame();
                    assertEquals(0x02 | RSV1, frame.firstOctet());
                    assertArrayEquals(Arrays.copyOf(JSON, 2000), client.reader.message(untailed(frame.payload())));
                    out.write(JSON, 2000, 3000);
                }
                RawClient.Frame last = client.raw.frame();
                assertEquals(FIN, last.firstOctet());
                assertArrayEquals(Arrays.copyOfRange(JSON, 2000, 5000), client.reader.message(last.payload()));
            }
            socket.outputStream().close();
            RawClient.Frame empty = client.raw.frame();
            assertEquals(BINARY | RSV1, empty.firstOctet());
            assertArrayEquals(hex("00"), empty.payload());
        }
    }

    @Test
    @DisplayName("100 connections that come, compress both ways and go in every manner give all native memory back")
    void nothingLeaks() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = compressing(recorder, Deflate.on())) {
            for (int i = 0; i < 100; i++) {
                DeflatePeer client = new DeflatePeer(server, OFFER);
                client.raw.send(masked(TEXT | RSV1, deflated(utf8("a".repeat(2000)))));
                recorder.socket().trySend(ByteBuffer.wrap(JSON));
                assertArrayEquals(JSON, client.inflated(BINARY));
                switch (i % 4) {
                    case 0 -> client.close();
                    case 1 -> client.raw.reset();
                    case 2 -> client.raw.close();
                    default -> {
                        client.raw.send(masked(TEXT | RSV1, hex("ff")));
                        client.raw.close();
                    }
                }
                recorder.end();
            }
        }
        // the check for leaks behind every test class counts compressors and inflaters
    }

    private static byte[] echoed(DeflatePeer client) throws IOException {
        client.raw.send(masked(BINARY, JSON));
        return client.compressed(BINARY);
    }

    static TestServer compressing(WebSocketListener listener, Deflate options) throws IOException {
        return TestServer.with(o -> o.deflate(options), request -> listener);
    }

    private static byte[] deflated(byte[] message) {
        MessageDeflater deflater = new MessageDeflater(9, true, 15);
        try {
            return remaining(deflater.deflate(ByteBuffer.wrap(message), true));
        } finally {
            deflater.release();
        }
    }

    private static byte[] untailed(byte[] payload) {
        return Arrays.copyOf(payload, payload.length - 4);
    }
}
