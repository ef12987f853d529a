package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.net.URI;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The URI of a WebSocket")
class WebSocketUriTest {
    private static final HttpResponseHead FOUND = new HttpResponseHead(302, true, HttpHeaders.empty());

    private static WebSocketUri of(String uri) {
        return WebSocketUri.of(URI.create(uri));
    }

    @ParameterizedTest
    @DisplayName("has host, port and resource")
    @CsvSource({"ws://example.com, false, example.com, 80, /, example.com",
            "wss://example.com, true, example.com, 443, /, example.com",
            "WS://EXAMPLE.com:80/, false, example.com, 80, /, example.com", "ws://h:443/a, false, h, 443, /a, h:443",
            "wss://h:80/a?b=c/d?e, true, h, 80, /a?b=c/d?e, h:80", "ws://h?x, false, h, 80, /?x, h",
            "ws://h:/, false, h, 80, /, h", "ws://[::1]:7000/p, false, [::1], 7000, /p, [::1]:7000",
            "ws://my_service:8080/, false, my_service, 8080, /, my_service:8080",
            "ws://h/a%20b/../c, false, h, 80, /a%20b/../c, h",
            "ws://h/gr\u00fcn?\u00e4, false, h, 80, /gr%C3%BCn?%C3%A4, h"})
    void parts(String uri, boolean secure, String host, int port, String resource, String authority) {
        WebSocketUri endpoint = of(uri);
        assertEquals(new WebSocketUri(secure, host, port, resource), endpoint);
        assertEquals(authority, endpoint.authority());
        assertEquals(host + ":" + port, endpoint.hostAndPort());
    }

    @Test
    @DisplayName("has an IPv6 address without brackets as its name for resolution")
    void hostName() {
        assertEquals("::1", of("ws://[::1]/").hostName());
        assertEquals("example.com", of("ws://example.com/").hostName());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("is refused if it has another scheme, no host, a fragment or a user, or is malformed")
    @ValueSource(strings = {"http://h/", "https://h/", "h", "//h/", "/", "ws:h", "ws:///", "ws://:80/", "ws://h/#",
            "ws://h/#f", "ws://u@h/", "ws://u:p@h/", "ws://@h/", "ws://h:0/", "ws://h:65536/", "ws://h:x/",
            "ws://h:-1/", "wss:x", "file:///etc/passwd"})
    void refused(String uri) {
        assertThrows(IllegalArgumentException.class, () -> of(uri));
    }

    @Test
    @DisplayName("shows neither path nor query in logs")
    void description() {
        assertEquals("wss://h:443", of("wss://h/secret?token=1").toString());
    }

    @ParameterizedTest
    @DisplayName("resolves a redirect: relative, to another host, from http and https, without a fragment")
    @CsvSource({"ws://h:1/a/b?c, d, ws://h:1/a/d", "ws://h:1/a/b?c, /d?e, ws://h:1/d?e",
            "ws://h:1/a/b, ?q, ws://h:1/a/?q", "ws://h/a, //other/b, ws://other/b",
            "ws://h/a, ws://other:7/b, ws://other:7/b", "ws://h/a, http://other/b, ws://other/b",
            "ws://h/a, https://other/b, wss://other/b", "ws://h/a, wss://h/b, wss://h/b",
            "wss://h/a, https://other, wss://other/", "wss://h/a, ../b#frag, wss://h/../b",
            "ws://h/a, HTTPS://H/b, wss://h/b"})
    void redirects(String from, String location, String to) throws HandshakeException {
        assertEquals(of(to), of(from).redirect(location, FOUND));
    }

    @ParameterizedTest
    @Shows("CVE-2026-42498")
    @DisplayName("refuses a redirect that leaves wss, leaves HTTP, has a password or is malformed")
    @CsvSource({"wss://h/, ws://h/", "wss://h/, http://h/", "wss://h/, http://other/", "ws://h/, ftp://h/",
            "ws://h/, javascript:alert(1)", "ws://h/, mailto:a@b", "ws://h/, ws://u:p@h/", "ws://h/, 'http://h/a b'",
            "ws://h/, 'ws://h:99999/'", "ws://h/, 'http://'", "ws://h/, 'http:///x'", "ws://h/, '%'"})
    void refusedRedirects(String from, String location) {
        HandshakeException refused = assertThrows(HandshakeException.class, () -> of(from).redirect(location, FOUND));
        assertEquals(302, refused.status());
        assertFalse(refused.getMessage().contains(location), "text of the peer in a message");
    }

    @Test
    @DisplayName("has the same origin as another one if scheme, host and port are equal")
    void origins() {
        assertTrue(of("ws://h/a").isSameOrigin(of("ws://H:80/b?c")));
        assertFalse(of("ws://h/").isSameOrigin(of("ws://h:81/")));
        assertFalse(of("ws://h/").isSameOrigin(of("ws://g/")));
        assertFalse(of("ws://h:443/").isSameOrigin(of("wss://h/")));
    }
}
