package io.iocp4j.websocket;

import static io.iocp4j.websocket.RawClient.upgradeHead;
import static io.iocp4j.websocket.frame.WireBytes.fragmentedText;
import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.masked;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.RawClient.Response;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponse;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HandshakeOverTcpTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(UpgradeHandler.class);

    private static final String GOOD = upgradeHead("/");
    /** Text "Hello", a message in three fragments, a ping: every kind of header but the long ones. */
    private static final byte[] CONVERSATION = join(masked(0x81, "Hello"),
            fragmentedText(utf8("a"), utf8("€"), utf8("c")),
            masked(0x89, "ping"));

    private static void assertConversation(RawClient client) throws Exception {
        assertEquals("Hello", client.text());
        assertEquals("a€c", client.text());
        RawClient.Frame pong = client.frame();
        assertEquals(0x8A, pong.firstOctet());
        assertEquals("ping", pong.text());
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(405, GOOD.replace("GET", "POST"), "allow", "GET"),
                Arguments.of(426, GOOD.replace("Connection: Upgrade", "Connection: close"), "upgrade", "websocket"),
                Arguments.of(426, GOOD.replace("Version: 13", "Version: 8"), "sec-websocket-version", "13"),
                Arguments.of(400, GOOD.replace(HttpFixture.KEY, "short"), "connection", "close"),
                Arguments.of(400, upgradeHead("/", "Sec-WebSocket-Protocol: a,b c"), "connection", "close"),
                Arguments.of(400, upgradeHead("/", "Content-Length: 1"), "connection", "close"),
                Arguments.of(403, upgradeHead("/", "Origin: http://evil.example"), "connection", "close"),
                Arguments.of(401, upgradeHead("/private"), "www-authenticate", "Basic"),
                Arguments.of(500, upgradeHead("/throws"), "connection", "close"),
                Arguments.of(500, upgradeHead("/error"), "connection", "close"),
                Arguments.of(500, upgradeHead("/null"), "connection", "close"));
    }

    private static WebSocketListener decide(UpgradeExchange exchange) throws HttpException {
        return switch (exchange.request().path()) {
            case "/private" -> throw new HttpException(401, "who are you?",
                    HttpHeaders.builder().add("WWW-Authenticate", "Basic").build());
            case "/throws" -> throw new IllegalStateException("on purpose");
            case "/error" -> throw new AssertionError("on purpose");
            case "/null" -> null;
            default -> new Echo();
        };
    }

    @ParameterizedTest(name = "[{index}] {0} {2}: {3}")
    @DisplayName("a refused handshake gets a complete answer with its fields, then FIN")
    @MethodSource("refusals")
    void refused(int status, String head, String field, String value) throws Exception {
        try (TestServer server = TestServer.with(HandshakeOverTcpTest::decide);
                RawClient client = server.connect()) {
            client.send(join(utf8(head), masked(0x81, "never read")));
            Response response = client.response();
            assertEquals(status, response.status());
            assertEquals(value, response.fields().get(field));
            assertTrue(response.fields().get("connection").endsWith("close"), response.fields().toString());
            client.assertEnd();
            assertEquals(0, server.server.webSockets());
        }
    }

    @Test
    @DisplayName("an accepted handshake is answered with exactly the fields of RFC 6455 section 4.2.2")
    void accepted() throws Exception {
        try (TestServer server = TestServer.with(o -> o.subprotocols("v2", "v1"), request -> new Echo());
                RawClient client = server.connect()) {
            client.send(upgradeHead("/", "Sec-WebSocket-Protocol: v1, v2, v3",
                    "Sec-WebSocket-Extensions: permessage-deflate"));
            Response response = client.response();
            assertEquals(101, response.status());
            assertEquals("{connection=Upgrade, sec-websocket-accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, "
                    + "sec-websocket-protocol=v2, upgrade=websocket}", response.fields().toString());
        }
    }

    @Test
    @DisplayName("a client that expects 100-continue gets 100 before 101 (RFC 9110 section 7.8), and none "
            + "before a refusal")
    void expects() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.connect();
                RawClient refused = server.connect()) {
            client.send(upgradeHead("/", "Expect: 100-continue"));
            assertEquals(100, client.response().status());
            assertEquals(101, client.response().status());
            client.text("hello");
            assertEquals("hello", client.text());
            refused.send(upgradeHead("/", "Expect: 100-continue", "Origin: http://evil"));
            assertEquals(403, refused.response().status());
            refused.assertEnd();
        }
    }

    @Test
    @Shows("B22")
    @DisplayName("frames in the same packet as the handshake are taken, and a message \"GET\" is a message")
    void dataInTheSamePacket() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.connect()) {
            client.send(join(utf8(GOOD), CONVERSATION, masked(0x81, "GET")));
            assertEquals(101, client.response().status());
            assertConversation(client);
            assertEquals("GET", client.text());
        }
    }

    @Test
    @Shows("B22")
    @DisplayName("the whole life of a WebSocket in one packet, FIN included")
    void everythingInOnePacket() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.webSockets(() -> recorder); RawClient client = server.connect()) {
            client.send(join(utf8(GOOD), masked(0x81, "only"), masked(0x88, "")));
            client.end();
            assertEquals(101, client.response().status());
            assertEquals("only", TestServer.take(recorder.events));
            client.assertClose(CloseCode.NO_STATUS);
            assertEquals(CloseCode.NO_STATUS, recorder.end().code());
        }
    }

    @Test
    @Shows("B23")
    @DisplayName("a handshake and frames that come byte by byte give the same conversation")
    void byteByByte() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.connect()) {
            for (byte b : join(utf8(GOOD), CONVERSATION)) {
                client.send(new byte[] {b});
            }
            assertEquals(101, client.response().status());
            assertConversation(client);
        }
    }

    @Test
    @Shows("B23")
    @DisplayName("frames cut in two at every byte give the same conversation")
    void framesCutAtEveryByte() throws Exception {
        try (TestServer server = TestServer.echo(); RawClient client = server.upgraded()) {
            for (int cut = 1; cut < CONVERSATION.length; cut++) {
                client.send(Arrays.copyOfRange(CONVERSATION, 0, cut));
                client.send(Arrays.copyOfRange(CONVERSATION, cut, CONVERSATION.length));
                assertConversation(client);
            }
        }
    }

    @Test
    @Shows("B22")
    @DisplayName("handshake and frames cut in two at every byte give the same conversation")
    void handshakeCutAtEveryByte() throws Exception {
        byte[] all = join(utf8(GOOD), CONVERSATION);
        try (TestServer server = TestServer.echo()) {
            for (int cut = 1; cut < all.length; cut++) {
                try (RawClient client = server.connect()) {
                    client.send(Arrays.copyOfRange(all, 0, cut));
                    client.send(Arrays.copyOfRange(all, cut, all.length));
                    assertEquals(101, client.response().status());
                    assertConversation(client);
                }
            }
        }
    }

    @Test
    @DisplayName("an upgrade may follow ordinary requests on the same connection, also in the same packet")
    void upgradeAfterPages() throws Exception {
        try (TestServer server = TestServer.with(o -> o, request -> new Echo(),
                exchange -> exchange.respond(HttpResponse.text(200, exchange.request().path())));
                RawClient client = server.connect()) {
            client.send(join(utf8(HttpFixture.get("/1")), utf8(HttpFixture.get("/2")), utf8(GOOD), CONVERSATION));
            assertEquals("/1", client.response().body());
            assertEquals("/2", client.response().body());
            assertEquals(101, client.response().status());
            assertConversation(client);
        }
    }
}
