package io.iocp4j.websocket.handshake;

import static io.iocp4j.websocket.http.HttpFixture.KEY;
import static io.iocp4j.websocket.http.HttpFixture.bytes;
import static io.iocp4j.websocket.http.HttpFixture.get;
import static io.iocp4j.websocket.http.HttpFixture.read;
import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpLimits;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpRequestReader;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerHandshakeTest {
    private static final String GOOD = get("/chat", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: " + KEY, "Sec-WebSocket-Version: 13");
    private static final String KEY_LINE = "Sec-WebSocket-Key: " + KEY + "\r\n";
    private static final String VERSION_LINE = "Sec-WebSocket-Version: 13\r\n";

    static Stream<Arguments> refusals() {
        return Stream.of(
                refused(405, "POST", "GET /", "POST /"),
                refused(405, "HEAD", "GET /", "HEAD /"),
                refused(405, "get", "GET /", "get /"),
                refused(426, "HTTP/1.0", "HTTP/1.1", "HTTP/1.0"),
                refused(426, "no Upgrade", "Upgrade: websocket\r\n", ""),
                refused(426, "other protocol", "Upgrade: websocket", "Upgrade: h2c"),
                refused(426, "longer protocol name", "Upgrade: websocket", "Upgrade: websockets"),
                refused(426, "no Connection", "Connection: Upgrade\r\n", ""),
                refused(426, "Connection without upgrade", "Connection: Upgrade", "Connection: keep-alive"),
                refused(426, "no version", VERSION_LINE, ""),
                refused(426, "version 8", "Version: 13", "Version: 8"),
                refused(426, "version 14", "Version: 13", "Version: 14"),
                refused(426, "list of versions", "Version: 13", "Version: 13, 8"),
                refused(426, "version 013", "Version: 13", "Version: 013"),
                refused(426, "version twice", VERSION_LINE, VERSION_LINE + VERSION_LINE),
                refused(426, "old draft: neither version nor key", KEY_LINE + VERSION_LINE, ""),
                refused(400, "no key", KEY_LINE, ""),
                refused(400, "key twice", KEY_LINE, KEY_LINE + KEY_LINE),
                refused(400, "empty key", KEY, ""),
                refused(400, "key of 15 bytes", KEY, "dGhlIHNhbXBsZSBub25j"),
                refused(400, "key of 17 bytes", KEY, "dGhlIHNhbXBsZSBub25jZTE="),
                refused(400, "key of 18 bytes", KEY, "dGhlIHNhbXBsZSBub25jZTEy"),
                refused(400, "key without padding", KEY, "dGhlIHNhbXBsZSBub25jZQ"),
                refused(400, "key in the URL alphabet", KEY, "dGhlIHNhbXBsZSBub25j-_=="),
                refused(400, "padding in the key", KEY, "dGhlIHNhbXBsZSBub2=jZQ=="),
                refused(400, "space in the key", KEY, "dGhlIHNhbXBs SBub25jZQ=="),
                refused(400, "body", VERSION_LINE, VERSION_LINE + "Content-Length: 1\r\n"),
                refused(400, "chunked body", VERSION_LINE, VERSION_LINE + "Transfer-Encoding: chunked\r\n"),
                refused(403, "page of another host", VERSION_LINE, VERSION_LINE + "Origin: http://evil\r\n"),
                refused(403, "opaque origin", VERSION_LINE, VERSION_LINE + "Origin: null\r\n"));
    }

    private static Arguments refused(int status, String what, String part, String replacement) {
        assertTrue(GOOD.contains(part), part);
        return Arguments.of(status, what, GOOD.replace(part, replacement));
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @Shows({"CVE-2024-37890", "CVE-2026-54466", "Content-Length on upgrade"})
    @DisplayName("Content-Length on upgrade, a missing field, an old draft: "
            + "a request that is not a valid opening request is refused with its status")
    @MethodSource("refusals")
    void refusal(int status, String what, String head) throws HttpException {
        HttpRequest request = read(head);
        HttpException refusal =
                assertThrows(HttpException.class, () -> ServerHandshake.check(request, Origins.sameHost()));
        assertEquals(status, refusal.status(), what);
        assertEquals(status == 405 ? "GET" : null, refusal.headers().first("Allow"));
        assertEquals(status == 426 ? "websocket" : null, refusal.headers().first("Upgrade"));
        assertEquals(status == 426 ? "13" : null, refusal.headers().first("Sec-WebSocket-Version"));
    }

    @ParameterizedTest(name = "[{index}] {0} -> {1}")
    @DisplayName("what the RFC leaves free is accepted")
    @CsvSource({"Upgrade: websocket, Upgrade: WebSocket", "Upgrade: websocket, 'Upgrade: h2c, websocket'",
            "Connection: Upgrade, 'connection: keep-alive, upgrade'", "/chat, http://example.com/chat",
            "Sec-WebSocket-Version, SEC-WEBSOCKET-VERSION", "Version: 13, 'Version: 13\r\nContent-Length: 0'",
            "Version: 13, 'Version: 13\r\nOrigin: https://example.com'", "ZQ==, ZR=="})
    void accepted(String part, String replacement) throws HttpException {
        assertTrue(GOOD.contains(part), part);
        HttpRequest request = read(GOOD.replace(part, replacement));
        assertDoesNotThrow(() -> ServerHandshake.check(request, Origins.sameHost()));
    }

    @Test
    @DisplayName("the origin is asked last: a rule sees only valid opening requests")
    void originLast() throws HttpException {
        HttpRequest request = read(GOOD.replace(KEY_LINE, ""));
        assertEquals(400, assertThrows(HttpException.class, () -> ServerHandshake.check(request, r -> {
            throw new AssertionError("asked");
        })).status());
    }

    @ParameterizedTest(name = "[{index}] {0}: {1}")
    @DisplayName("an upgrade is recognised by its Upgrade field, never in HTTP/1.0")
    @CsvSource({"Upgrade: websocket, true", "Upgrade: WEBSOCKET, true", "'Upgrade: a, websocket', true",
            "Upgrade: websocket/13, false", "Upgrade: h2c, false", "X: websocket, false"})
    void isUpgrade(String line, boolean upgrade) throws HttpException {
        assertEquals(upgrade, ServerHandshake.isUpgrade(read(get("/", line))));
        assertFalse(ServerHandshake.isUpgrade(read("GET / HTTP/1.0\r\n" + line + "\r\n\r\n")));
    }

    @Test
    @DisplayName("the sample key of RFC 6455 section 1.3 has the accept value given there")
    void sampleKey() {
        assertEquals("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ServerHandshake.accept(KEY));
    }

    @Test
    @DisplayName("the response that opens the connection is exactly this")
    void switching() throws HttpException {
        assertEquals("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection: Upgrade\r\n\r\n",
                text(ServerHandshake.switching(read(GOOD), null, null).encode(false, true)));
    }

    @Test
    @DisplayName("the chosen subprotocol is in the response, and one that was not offered is refused")
    void switchingWithSubprotocol() throws HttpException {
        HttpRequest request = read(GOOD.replace(KEY_LINE, KEY_LINE + "Sec-WebSocket-Protocol: a, b\r\n"));
        assertEquals("b", ServerHandshake.switching(request, "b", null).headers().first("Sec-WebSocket-Protocol"));
        assertNull(ServerHandshake.switching(request, null, null).headers().first("Sec-WebSocket-Protocol"));
        assertThrows(IllegalArgumentException.class, () -> ServerHandshake.switching(request, "c", null));
        assertThrows(IllegalArgumentException.class, () -> ServerHandshake.switching(request, "B", null));
    }

    @ParameterizedTest(name = "[{index}] {0}: {1}")
    @DisplayName("the first subprotocol of the server's list that the client offers is chosen")
    @CsvSource(nullValues = "none", value = {"'v1, v2', v2", "v1, v1", "'v1,v3', v1", "v3, none", "V1, none",
            "' v1 ,\tv2 ', v2", "'v1\r\nSec-WebSocket-Protocol: v2', v2", "v, none", "v11, none",
            "'v1, ', v1", "',v1', v1", "'v3,, \t,v1', v1", "'\r\nSec-WebSocket-Protocol: v1', v1"})
    void subprotocol(String offered, String chosen) throws HttpException {
        HttpRequest request = read(get("/", "Sec-WebSocket-Protocol: " + offered));
        assertEquals(chosen, ServerHandshake.subprotocol(request, List.of("v2", "v1")));
    }

    @Test
    @DisplayName("without an offer, or without a list, no subprotocol is chosen")
    void noSubprotocol() throws HttpException {
        assertNull(ServerHandshake.subprotocol(read(GOOD), List.of("v1")));
        assertNull(ServerHandshake.subprotocol(read(get("/", "Sec-WebSocket-Protocol: v1")), List.of()));
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("a malformed offer of subprotocols is refused with 400, even if none is supported")
    @ValueSource(strings = {"", ",", " , ,", "a b", "a;b", "\"a\"", "a/b", "a,a", "a, b,, a", "\u00e4", "a,\u00a0"})
    void badSubprotocol(String offered) throws HttpException {
        HttpRequest request = read(get("/", "Sec-WebSocket-Protocol: " + offered));
        assertEquals(400, assertThrows(HttpException.class,
                () -> ServerHandshake.subprotocol(request, List.of())).status());
    }

    @Test
    @Shows({"CVE-2021-32640", "CVE-2020-7663"})
    @DisplayName("64 KiB of hostile lists are read without being understood")
    void hostileLists() throws HttpException {
        String spaces = " ".repeat(16_000);
        String extensions = "a; b=\"" + "\\".repeat(16_000) + ", ".repeat(8_000) + spaces + ";x";
        String head = GOOD.replace(VERSION_LINE, VERSION_LINE + "Sec-WebSocket-Extensions: " + extensions + "\r\n"
                + "Connection: a" + spaces + ",b\r\n");
        HttpLimits limits = HttpLimits.defaults().maxHeaderBytes(1 << 17);
        HttpRequest request = new HttpRequestReader(limits).read(bytes(head));
        assertDoesNotThrow(() -> ServerHandshake.check(request, Origins.sameHost()));
        assertNull(ServerHandshake.switching(request, null, null).headers().first("Sec-WebSocket-Extensions"));
        assertTrue(extensions.length() > 40_000);
    }
}
