package io.iocp4j.websocket.http.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {
    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("host and port are parsed")
    @CsvSource({"example.com, example.com, -1", "EXAMPLE.com:8080, example.com, 8080", "h:, h, -1", "h:0, h, 0",
            "h:65535, h, 65535", "h:00080, h, 80", "127.0.0.1:80, 127.0.0.1, 80", "[::1], [::1], -1",
            "[::FFFF:127.0.0.1]:443, [::ffff:127.0.0.1], 443", "'', '', -1", "a_b-c~d, a_b-c~d, -1"})
    void good(String text, String host, int port) {
        assertEquals(new Authority(host, port), Authority.parse(text));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("text that is not a host with an optional port is refused")
    @ValueSource(strings = {":80", ":", "h:65536", "h:100000", "h:-1", "h:+1", "h:8x", "h:80:80", "::1", "[", "[]",
            "[:]", "[::1", "[::1]80", "[::g]", "[h]", "]", "a b", "a,b", "a/b", "user@h", "a\\b", "a?b", "a#b", "ä",
            "h:\uFF18"})
    void bad(String text) {
        assertNull(Authority.parse(text));
    }
}
