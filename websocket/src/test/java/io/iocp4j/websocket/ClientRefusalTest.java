package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A client that gets something else than a WebSocket")
class ClientRefusalTest extends ClientFixture {
    private static final Duration SHORT = Duration.ofSeconds(1);

    private HandshakeException answered(String response) throws Exception {
        try (RawServer server = new RawServer(peer -> {
            peer.request().send(response);
            peer.awaitEnd();
        })) {
            return refused(HandshakeException.class, server.uri("/"));
        }
    }

    @Test
    @DisplayName("shows status, fields and body of the refusal")
    void refusal() throws Exception {
        HandshakeException refused = answered("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n"
                + "Content-Length: 8\r\n\r\nwho? \u00e4bc");
        assertEquals(401, refused.status());
        assertEquals("Basic", refused.headers().first("www-authenticate"));
        assertArrayEquals("who? \u00e4bc".getBytes(StandardCharsets.ISO_8859_1), refused.body());
        assertTrue(refused.getMessage().matches("the server ws://127\\.0\\.0\\.1:\\d+ answered 401"),
                refused.getMessage());
    }

    @Test
    @DisplayName("shows the refusals of our own server as well")
    void ourServer() throws Exception {
        try (TestServer server = TestServer.with(request -> {
            throw new HttpException(403, "not you");
        })) {
            HandshakeException refused = refused(HandshakeException.class, server.uri());
            assertEquals(403, refused.status());
            assertEquals("not you\n", refused.bodyText());
        }
    }

    @Test
    @DisplayName("tells the listener in the words of the exception, as an end that the peer began")
    void listener() throws Exception {
        try (RawServer server = new RawServer(peer -> peer.request().send("HTTP/1.1 204 No\r\n\r\n"))) {
            CompletableFuture<WebSocket> result = begin(server.uri("/"));
            CloseStatus end = recorder.end();
            assertEquals(new CloseStatus(1006, end.reason(), Initiator.REMOTE, false), end);
            assertTrue(end.reason().endsWith(" answered 204"), end.reason());
            assertTrue(result.handle((socket, thrown) -> thrown != null).get(5, TimeUnit.SECONDS));
        }
    }

    static Stream<Arguments> bodies() {
        String big = "x".repeat(HandshakeException.BODY_MAX);
        return Stream.of(
                Arguments.of("none", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", ""),
                Arguments.of("none by status", "HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n", ""),
                Arguments.of("chunked",
                "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc"),
                Arguments.of("as much as is kept", "HTTP/1.1 500 No\r\nContent-Length: 8192\r\n\r\n" + big, big),
                Arguments.of("more than is kept", "HTTP/1.1 500 No\r\nContent-Length: 999999\r\n\r\n" + big + "y", big),
                Arguments.of("more than is kept, in chunks",
                        "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2001\r\n" + big + "y\r\n", big),
                Arguments.of("until the end", "HTTP/1.1 500 No\r\n\r\n" + big + "y", big),
                Arguments.of("200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi"),
                Arguments.of("HTTP/1.0", "HTTP/1.0 400 No\r\nContent-Length: 2\r\n\r\nhi", "hi"),
                Arguments.of("malformed chunks", "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz",
                "ab"), Arguments.of("contradicting lengths",
                "HTTP/1.1 500 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", ""),
                Arguments.of("a redirect that is not followed",
                "HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 1\r\n\r\n.", "."));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("keeps up to 8 KiB of the body, however it is framed")
    @MethodSource("bodies")
    void body(String what, String response, String body) throws Exception {
        assertEquals(body, answered(response).bodyText(), what);
    }

    @Test
    @DisplayName("takes the end of the connection for the end of the body, also an early one and a reset")
    void bodyUntilEnd() throws Exception {
        for (boolean reset : new boolean[] {false, true}) {
            CountDownLatch told = new CountDownLatch(1);
            try (RawServer server = new RawServer(peer -> {
                peer.request().send("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nsorry");
                if (reset) {
                    peer.reset();
                } else {
                    peer.socket.shutdownOutput();
                }
                told.countDown();
            })) {
                HandshakeException refused = reset ? null : refused(HandshakeException.class, server.uri("/"));
                if (reset) {
                    // a reset may overtake the bytes before it
                    refused(Exception.class, server.uri("/"));
                } else {
                    assertEquals("sorry", refused.bodyText());
                }
                assertTrue(told.await(5, TimeUnit.SECONDS));
            }
        }
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("refuses what is no response, without a word of it in the message")
    @ValueSource(strings = {"\u0016\u0003\u0001", "SSH-2.0-x\r\n", "HTTP/2 101\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
            "HTTP/1.1 200 OK\r\nEVIL : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n EVIL\r\n\r\n", "\r\n\r\n"})
    void noHttp(String response) throws Exception {
        HandshakeException refused = answered(response);
        assertEquals(0, refused.status());
        assertEquals(502, ((HttpException) refused.getCause()).status());
        assertFalse(refused.getMessage().contains("EVIL"));
    }

    @Test
    @DisplayName("refuses a head above the limits")
    void limits() throws Exception {
        assertEquals(0, answered("HTTP/1.1 200 OK\r\nA: " + "x".repeat(33_000)).status());
        assertEquals(0, answered("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(65)).status());
        client = client.httpLimits(HttpLimits.defaults().maxHeaders(1));
        assertEquals(0, answered("HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\n").status());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("refuses a 101 that is not one for this handshake")
    @CsvSource({"no upgrade, 'Upgrade: websocket\r\n', ''", "other protocol, websocket, h2c",
            "no connection, 'Connection: Upgrade\r\n', ''", "wrong accept, 'Accept: ', 'Accept: x'",
            "extension, 'Upgrade: w', 'Sec-WebSocket-Extensions: x\r\nUpgrade: w'",
            "subprotocol, 'Upgrade: w', 'Sec-WebSocket-Protocol: x\r\nUpgrade: w'", "HTTP/1.0, HTTP/1.1, HTTP/1.0"})
    void bad101(String what, String from, String to) throws Exception {
        try (RawServer server = new RawServer(peer -> {
            peer.request().send(peer.switching().replaceFirst(from, to));
            peer.send(WireBytes.unmasked(0x81, "never seen".getBytes(StandardCharsets.UTF_8)));
            peer.awaitEnd();
        })) {
            assertEquals(101, refused(HandshakeException.class, server.uri("/")).status(), what);
        }
        assertTrue(recorder.events.isEmpty());
    }

    @Test
    @DisplayName("takes 8 interim responses, and refuses a ninth")
    void interim() throws Exception {
        String one = "HTTP/1.1 102 Processing\r\n\r\n";
        String last = "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";
        assertEquals(404, answered(one.repeat(ClientConnection.INTERIM_MAX) + last).status());
        assertEquals(102, answered(one.repeat(ClientConnection.INTERIM_MAX + 1) + last).status());
    }

    @Test
    @DisplayName("fails with EOF where the connection ends before its answer does, at every byte")
    void cut() throws Exception {
        String answer = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n";
        RawServer.Script[] scripts = new RawServer.Script[answer.length()];
        for (int i = 0; i < scripts.length; i++) {
            String part = answer.substring(0, i);
            scripts[i] = peer -> {
                peer.request().send(part);
                peer.socket.shutdownOutput();
                peer.awaitEnd();
            };
        }
        try (RawServer server = new RawServer(scripts)) {
            for (int i = 0; i < scripts.length; i++) {
                IoException failed = refused(IoException.class, server.uri("/"));
                assertEquals(IoError.EOF, failed.error(), "cut at " + i);
                assertTrue(failed.getMessage().endsWith("ended the connection before the end of its answer"),
                        failed.getMessage());
            }
        }
    }

    @Test
    @DisplayName("fails with CONNECTION_RESET where the connection is reset before the answer")
    void reset() throws Exception {
        try (RawServer server = new RawServer(peer -> peer.request().reset())) {
            IoException failed = refused(IoException.class, server.uri("/"));
            assertEquals(IoError.CONNECTION_RESET, failed.error());
            assertEquals("handshake", failed.operation());
        }
    }

    @ParameterizedTest(name = "[{index}] behind <{0}>")
    @Shows("Slowloris")
    @DisplayName("Slowloris: fails with TIMED_OUT when the answer does not come whole in time, however it drips")
    @ValueSource(strings = {"", "H", "HTTP/1.1 101 S\r\nUpgrade: webs", "HTTP/1.1 100 C\r\n\r\n"})
    void timedOut(String begun) throws Exception {
        client = client.connectTimeout(SHORT);
        try (RawServer server = new RawServer(peer -> {
            peer.send(begun).awaitEnd();
        })) {
            long start = System.nanoTime();
            IoException failed = refused(IoException.class, server.uri("/"));
            assertEquals(IoError.TIMED_OUT, failed.error());
            assertTrue(failed.getMessage().endsWith("no WebSocket within the connectTimeout of " + SHORT),
                    failed.getMessage());
            assertTrue(System.nanoTime() - start >= SHORT.toNanos(), "too early");
        }
    }

    @Test
    @DisplayName("shows a refusal whose body does not come in time, with what came of it")
    void slowBody() throws Exception {
        client = client.connectTimeout(SHORT);
        HandshakeException refused = answered("HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nhalf");
        assertEquals(500, refused.status());
        assertEquals("half", refused.bodyText());
    }
}
