package io.iocp4j.websocket.http.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PercentDecoderTest {
    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("a path is decoded once, to UTF-8")
    @CsvSource({"/a, /a", "/a%20b, '/a b'", "/%41%7a%7A, /Azz", "/%C3%A4, /ä", "/%E2%82%AC, /€",
            "/%F0%9F%8E%AC, /🎬", "/a+b, /a+b", "/%2541, /%41", "/%25, /%", "'', ''"})
    void path(String text, String decoded) {
        assertEquals(decoded, PercentDecoder.decodePath(text));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("an ambiguous path is refused")
    @ValueSource(strings = {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/%-1", "/%+1", "/% 1", "/%u0041", "/%00", "/%2F",
            "/%2f", "/%5C", "/%5c", "/a\\b", "/%0A", "/%0D", "/%1F", "/%7F", "/ä", "/%C3", "/%C3%C3", "/%A4",
            "/%C0%AF", "/%C0%80", "/%ED%A0%80", "/%F4%90%80%80", "/%FF", "/%\uFF14\uFF11"})
    void badPath(String text) {
        assertNull(PercentDecoder.decodePath(text));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("in a query a plus is a space, and every character except NUL may be escaped")
    @CsvSource({"a+b, 'a b'", "a%2Bb, a+b", "%2F%5C, '/\\'", "%C3%A4, ä", "a\\b, 'a\\b'"})
    void query(String text, String decoded) {
        assertEquals(decoded, PercentDecoder.decodeQuery(text));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("a query with a bad escape, malformed UTF-8 or NUL is refused")
    @ValueSource(strings = {"%", "a=%4", "%zz", "%00", "%C3", "%C3&=%A4", "ä"})
    void badQuery(String text) {
        assertNull(PercentDecoder.decodeQuery(text));
    }

    @Test
    @DisplayName("exactly 22 characters are hexadecimal digits")
    void hexDigits() {
        int sum = 0;
        int digits = 0;
        for (int c = 0; c <= Character.MAX_VALUE; c++) {
            int value = PercentDecoder.hexDigit(c);
            digits += value >= 0 ? 1 : 0;
            sum += Math.max(0, value);
        }
        assertEquals(22, digits);
        assertEquals(45 + 2 * 75, sum);
    }
}
