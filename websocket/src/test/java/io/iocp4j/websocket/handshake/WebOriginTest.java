package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebOriginTest {
    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("an origin is parsed, with the default port of its scheme")
    @CsvSource({"http://h, http, h, 80", "https://h, https, h, 443", "HTTPS://H:8443, https, h, 8443",
            "http://h:80, http, h, 80", "capacitor://localhost, capacitor, localhost, -1",
            "a+b-c.1://h:5, a+b-c.1, h, 5"})
    void origin(String text, String scheme, String host, int port) {
        assertEquals(new WebOrigin(scheme, host, port), WebOrigin.parse(text));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("text that is not an origin is refused")
    @ValueSource(strings = {"null", "", "h", "://h", "http://", "http://h/", "http://h/path", "http://u@h", "http:h",
            "http://h:x", "http://h http://i", "1http://h", "h ttp://h", "http://h?x", "http://h#x", "http:///h"})
    void badOrigin(String text) {
        assertNull(WebOrigin.parse(text));
    }
}
