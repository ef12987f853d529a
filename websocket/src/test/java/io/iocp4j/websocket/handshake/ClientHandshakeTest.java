package io.iocp4j.websocket.handshake;

import static io.iocp4j.websocket.http.HttpFixture.bytes;
import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponseHead;
import io.iocp4j.websocket.http.HttpResponseReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The client's half of the handshake")
class ClientHandshakeTest {
    /** The nonce of RFC 6455 section 1.3. */
    private static final byte[] NONCE = "the sample nonce".getBytes(StandardCharsets.US_ASCII);
    private static final String ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    private static final String UPGRADE = "Upgrade: websocket\r\n";
    private static final String CONNECTION = "Connection: Upgrade\r\n";
    private static final String STATUS = "HTTP/1.1 101 Switching Protocols\r\n";
    private static final String GOOD = STATUS + UPGRADE + CONNECTION + ACCEPT + "\r\n";

    private static ClientHandshake offering(String... subprotocols) {
        return new ClientHandshake(WebSocketUri.of(URI.create("ws://server.example.com/chat?a=b")), HttpHeaders.empty(),
                ClientHandshake.requireSubprotocols(subprotocols), Deflate.off(), NONCE);
    }

    private static HttpResponseHead head(String text) throws HttpException {
        HttpResponseHead head = new HttpResponseReader(HttpLimits.defaults()).read(bytes(text));
        assertNotNull(head, text);
        return head;
    }

    private static String check(ClientHandshake handshake, String response) throws Exception {
        return handshake.check(head(response)).subprotocol();
    }

    private static String sent(ClientHandshake handshake) {
        HttpRequest request = handshake.request();
        return text(ClientHandshake.encode(request.method(), request.target(), request.headers()));
    }

    @Test
    @DisplayName("sends the request of the RFC's example, and then the fields of the application")
    void request() {
        HttpHeaders headers = HttpHeaders.builder().add("Origin", "https://example.com").add("Cookie", "a=b").build();
        WebSocketUri server = WebSocketUri.of(URI.create("ws://Server.example.com:8080/chat?a=b"));
        ClientHandshake handshake = new ClientHandshake(server, headers,
                ClientHandshake.requireSubprotocols("chat", "superchat"), Deflate.off(), NONCE);
        assertEquals("""
                GET /chat?a=b HTTP/1.1
                Host: server.example.com:8080
                Upgrade: websocket
                Connection: Upgrade
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                Sec-WebSocket-Version: 13
                Sec-WebSocket-Protocol: chat, superchat
                Origin: https://example.com
                Cookie: a=b

                """.replace("\n", "\r\n"), sent(handshake));
    }

    @Test
    @DisplayName("is accepted by our server, and accepts the response of our server")
    void bothHalves() throws Exception {
        HttpRequest request = HttpFixture.read(sent(offering("v2", "v1")));
        ServerHandshake.check(request, Origins.sameHost());
        String chosen = ServerHandshake.subprotocol(request, List.of("v1"));
        String answer = text(ServerHandshake.switching(request, chosen, null).encode(false, true));
        assertEquals("v1", check(offering("v2", "v1"), answer));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("accepts a valid response in all of its forms")
    @MethodSource("goodAnswers")
    void good(String what, String response) throws Exception {
        assertNull(check(offering("a"), response), what);
    }

    static Stream<Arguments> goodAnswers() {
        return Stream.of(
                Arguments.of("plain", GOOD),
                Arguments.of("empty elements",
                GOOD.replace("websocket", ", websocket ,").replace("Connection: U", "Connection: , ,U")),
                Arguments.of("empty lines", GOOD.replace(UPGRADE, "Upgrade:\r\n" + UPGRADE + "Upgrade: ,\r\n")),
                Arguments.of("Connection is a list", GOOD.replace("Connection: Upgrade",
                "Connection: keep-alive, Upgrade")), Arguments.of("Connection is two lines", GOOD.replace(CONNECTION,
                "Connection: keep-alive\r\n" + CONNECTION)), Arguments.of("other case", GOOD.replace("websocket",
                "WebSocket").replace("Connection: U", "CONNECTION: u")), Arguments.of("white space",
                GOOD.replace("websocket", "\t websocket \t")), Arguments.of("no reason",
                GOOD.replace(" Switching Protocols", "")), Arguments.of("further fields", GOOD.replace(UPGRADE, UPGRADE
                + "Server: x\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n")));
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @Shows({"101 body bytes", "Content-Length on upgrade"})
    @DisplayName("101 body bytes, Content-Length on upgrade: a 101 ends at its empty line, "
            + "whatever its fields say about a body")
    @ValueSource(strings = {"Content-Length: 0", "Content-Length: 5", "Content-Length: x",
        "Content-Length: 5\r\nContent-Length: 6",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Trailer: A", "TE: trailers"})
    void framingFields(String lines) throws Exception {
        ByteBuffer in = bytes(GOOD.replace(UPGRADE, UPGRADE + lines + "\r\n") + "frames");
        HttpResponseHead head = new HttpResponseReader(HttpLimits.defaults()).read(in);
        assertNull(offering().check(head).subprotocol());
        assertEquals("frames", text(in));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("refuses each malformed 101")
    @MethodSource("badAnswers")
    void bad(String what, String response) throws Exception {
        HttpResponseHead head = head(response);
        HandshakeException refused = assertThrows(HandshakeException.class, () -> offering().check(head), what);
        assertEquals(101, refused.status());
        assertEquals(head.headers(), refused.headers());
        assertEquals(0, refused.body().length);
    }

    static Stream<Arguments> badAnswers() {
        return Stream.of(
                bad("no Upgrade", UPGRADE, ""),
                bad("empty Upgrade", UPGRADE, "Upgrade:\r\n"),
                bad("Upgrade with nothing but commas", UPGRADE, "Upgrade: , ,\r\n"),
                bad("other Upgrade", UPGRADE, "Upgrade: h2c\r\n"),
                bad("Upgrade is a list", UPGRADE, "Upgrade: websocket, h2c\r\n"),
                bad("Upgrade with a version", UPGRADE, "Upgrade: websocket/13\r\n"),
                bad("two Upgrades", UPGRADE, UPGRADE + UPGRADE),
                bad("Upgrade misspelt", UPGRADE, "Upgrade: websoc\u00e9et\r\n"),
                bad("no Connection", CONNECTION, ""),
                bad("empty Connection", CONNECTION, "Connection:\r\n"),
                bad("Connection: close", CONNECTION, "Connection: close\r\n"),
                bad("Connection: keep-alive", CONNECTION, "Connection: keep-alive\r\n"),
                bad("Connection has a part of the token", CONNECTION, "Connection: Upgrades, xUpgrade\r\n"),
                bad("Connection in quotes", CONNECTION, "Connection: \"Upgrade\"\r\n"),
                bad("no Accept", ACCEPT, ""),
                bad("empty Accept", ACCEPT, "Sec-WebSocket-Accept:\r\n"),
                bad("Accept of another key", "s3pPLMBi", "s3pPLMBj"),
                bad("Accept in another case", "s3pPLMBi", "S3pPLMBi"),
                bad("Accept without padding", "xOo=", "xOo"),
                bad("Accept with more padding", "xOo=", "xOo=="),
                bad("Accept is the key", ACCEPT, "Sec-WebSocket-Accept: " + HttpFixture.KEY + "\r\n"),
                bad("Accept with a comma", "xOo=", "xOo=,"),
                bad("two Accepts", ACCEPT, ACCEPT + ACCEPT),
                bad("two different Accepts", ACCEPT, ACCEPT + "Sec-WebSocket-Accept: x\r\n"),
                bad("HTTP/1.0", "HTTP/1.1", "HTTP/1.0"),
                bad("an extension", UPGRADE, UPGRADE + "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
                bad("an unknown extension", UPGRADE, UPGRADE + "Sec-WebSocket-Extensions: x; y=1\r\n"),
                bad("no extension but a comma", UPGRADE, UPGRADE + "Sec-WebSocket-Extensions: ,\r\n"),
                bad("an empty extension", UPGRADE, UPGRADE + "Sec-WebSocket-Extensions:\r\n"),
                bad("a subprotocol, none offered", UPGRADE, UPGRADE + "Sec-WebSocket-Protocol: a\r\n"),
                bad("an empty subprotocol, none offered", UPGRADE, UPGRADE + "Sec-WebSocket-Protocol:\r\n"));
    }

    private static Arguments bad(String what, String from, String to) {
        String response = GOOD.replaceFirst(Pattern.quote(from),
                Matcher.quoteReplacement(to));
        return Arguments.of(what, response.equals(GOOD) ? "nothing replaced" : response);
    }

    @ParameterizedTest(name = "offered <{0}>, answered <{1}>: <{2}>")
    @Shows("Sub-protocol answer not offered")
    @DisplayName("Sub-protocol answer not offered: accepts an offered one or none, and nothing else")
    @CsvSource({"a, a, a", "a b, b, b", "a b, '', -", "a, b, -", "a, A, -", "a b, 'a, b', -", "a b, 'a,b', -",
            "a, 'a,', -", "a, 'a a', -", "a, a;q=1, -", "a b, 'a\u0001b', -", "'', a, -", "a, '\"a\"', -",
            "a b c, c, c", "a, ab, -", "ab, a, -", "a, 'a\t', a"})
    void subprotocols(String offered, String answered, String chosen) throws Exception {
        ClientHandshake handshake = offered.isEmpty() ? offering() : offering(offered.split(" "));
        String line = "Sec-WebSocket-Protocol: " + answered.replace('\u0001', '\t') + "\r\n";
        HttpResponseHead head = head(GOOD.replace(UPGRADE, UPGRADE + line));
        if (chosen.equals("-")) {
            assertThrows(HandshakeException.class, () -> handshake.check(head));
        } else {
            assertEquals(chosen, handshake.check(head).subprotocol());
        }
    }

    @Test
    @DisplayName("refuses a second line of Sec-WebSocket-Protocol, even an equal one")
    void twoSubprotocols() throws Exception {
        String line = "Sec-WebSocket-Protocol: a\r\n";
        assertEquals("a", check(offering("a", "b"), GOOD.replace(UPGRADE, UPGRADE + line)));
        assertThrows(HandshakeException.class, () -> check(offering("a", "b"), GOOD.replace(UPGRADE, UPGRADE + line
                + line)));
        assertThrows(HandshakeException.class, () -> check(offering("a", "b"), GOOD.replace(UPGRADE, UPGRADE + line
                + "Sec-WebSocket-Protocol: b\r\n")));
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("refuses to offer a subprotocol that is not a token, or one twice")
    @ValueSource(strings = {"", " ", "a b", "a,b", "a/b", "a\r\nX: y", "\u00e4", "\"a\"", "a|a"})
    void badOffers(String names) {
        String[] split = names.equals("a|a") ? new String[] {"a", "a"} : new String[] {names};
        assertThrows(IllegalArgumentException.class, () -> ClientHandshake.requireSubprotocols(split));
    }

    @ParameterizedTest
    @DisplayName("refuses fields of the application that it sets itself")
    @ValueSource(strings = {"Host", "host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Expect",
            "Sec-WebSocket-Key", "sec-websocket-protocol", "Sec-WebSocket-Anything"})
    void reserved(String name) {
        assertThrows(IllegalArgumentException.class, () -> ClientHandshake.requireAllowed(name));
        ClientHandshake.requireAllowed("Origin");
        ClientHandshake.requireAllowed("Authorization");
    }
}
