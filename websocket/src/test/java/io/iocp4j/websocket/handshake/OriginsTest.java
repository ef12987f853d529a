package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginsTest {
    @ParameterizedTest(name = "[{index}] Host {0}, Origin {1}: {2}")
    @Shows("CVE-2025-24010")
    @DisplayName("a page may connect to the host and port it came from, and nowhere else")
    @CsvSource({"h, http://h, true", "h, https://h, true", "h:80, http://h, true", "h, http://h:80, true",
            "h:443, https://h, true", "h, https://h:443, true", "H.Example, http://h.eXAMPLE, true",
            "h:8080, http://h:8080, true", "[::1]:8080, http://[::1]:8080, true", "127.0.0.1, http://127.0.0.1, true",
            "h:8080, http://h, false", "h, http://h:8080, false", "h:443, http://h, false", "h:80, https://h, false",
            "h, http://h.evil, false", "h, http://evil-h, false", "h.evil, http://h, false", "h, http://evil, false",
            "h, null, false", "h, NULL, false", "h, '', false", "h, h, false", "h, http://h/, false",
            "h, http://h@evil, false", "h, http://evil@h, false", "h, http://h http://evil, false",
            "h, file://h, false", "h, foo://h, false", "h, ws://h, false", "localhost, http://127.0.0.1, false",
            "'', http://, false"})
    void sameHost(String host, String origin, boolean allowed) {
        assertEquals(allowed, Origins.sameHost().allows(request("/", host, origin)));
    }

    @Test
    @Shows("CVE-2025-24010")
    @DisplayName("a request without Origin is allowed by every rule")
    void absent() {
        HttpRequest request = request("/", "h", null);
        assertTrue(Origins.sameHost().allows(request));
        assertTrue(Origins.any().allows(request));
        assertTrue(Origins.of("https://a").allows(request));
        assertTrue(Origins.of().allows(request));
    }

    @Test
    @DisplayName("two Origins, and an Origin without Host, are refused")
    void odd() {
        HttpHeaders twice = HttpHeaders.builder().add("Host", "h").add("Origin", "http://h").add("Origin", "http://h")
                .build();
        HttpRequest two = new HttpRequest("GET", "/", "/", null, twice, true);
        assertFalse(Origins.sameHost().allows(two));
        assertFalse(Origins.of("http://h").allows(two));
        assertFalse(Origins.sameHost().allows(request("/", null, "http://h")));
    }

    @Test
    @DisplayName("the host of an absolute target counts, not the Host field")
    void absoluteTarget() {
        assertTrue(Origins.sameHost().allows(request("http://h/", "other", "http://h")));
        assertFalse(Origins.sameHost().allows(request("http://h/", "other", "http://other")));
    }

    @Test
    @DisplayName("any() allows every page, null too")
    void any() {
        assertTrue(Origins.any().allows(request("/", "h", "null")));
        assertTrue(Origins.any().allows(request("/", "h", "http://evil")));
    }

    @ParameterizedTest(name = "[{index}] {0}: {1}")
    @DisplayName("of() allows exactly the listed origins")
    @CsvSource({"https://a.example, true", "HTTPS://A.EXAMPLE, true", "https://a.example:443, true",
            "http://b:8080, true", "capacitor://localhost, true", "http://a.example, false",
            "https://a.example:444, false", "http://b, false", "https://x.a.example, false", "null, false",
            "http://h, false"})
    void of(String origin, boolean allowed) {
        Origins origins = Origins.of("https://a.example", "http://b:8080", "capacitor://localhost");
        assertEquals(allowed, origins.allows(request("/", "h", origin)));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("of() refuses text that is not an origin")
    @ValueSource(strings = {"null", "*", "example.com", "https://*.example.com", "https://a/", ""})
    void badOf(String origin) {
        assertThrows(IllegalArgumentException.class, () -> Origins.of(origin));
    }

    private static HttpRequest request(String target, String host, String origin) {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        if (host != null) {
            headers.add("Host", host);
        }
        if (origin != null) {
            headers.add("Origin", origin);
        }
        return new HttpRequest("GET", target, "/", null, headers.build(), true);
    }
}
