package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The JSON of control texts")
class JsonTest {
    @Test
    @DisplayName("reads strings, numbers, booleans and null, with white space between all tokens")
    void values() {
        Map<String, Object> read = Json.parse(
                " {\t\"s\" : \"x\" ,\r\n\"n\":-1.5e2,\"t\":true,\"f\":false , \"z\":null,\"\":0} ");
        assertEquals("x", read.get("s"));
        assertEquals(-150.0, read.get("n"));
        assertEquals(true, read.get("t"));
        assertEquals(false, read.get("f"));
        assertTrue(read.containsKey("z"));
        assertNull(read.get("z"));
        assertEquals(0.0, read.get(""));
        assertEquals(6, read.size());
        assertEquals(Map.of(), Json.parse("{}"));
    }

    @Test
    @DisplayName("reads every escape sequence, and two escaped surrogates as one character")
    void escapes() {
        assertEquals("\"\\/\b\f\n\r\t", Json.parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}").get("a"));
        assertEquals("\u00e4\ud83d\ude00", Json.parse("{\"a\":\"\\u00E4\\uD83d\\uDe00\"}").get("a"));
        assertEquals("\ud83d\ude00", Json.parse("{\"a\":\"\ud83d\ude00\"}").get("a"));
        assertEquals("\ud83d", Json.parse("{\"a\":\"\\ud83d\"}").get("a"), "half a pair is a string in JSON");
    }

    @Test
    @DisplayName("if two members have the same name, the last one counts")
    void sameName() {
        assertEquals(2.0, Json.parse("{\"a\":1,\"a\":2}").get("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "1", "\"a\"", "[]", "[{}]", "{}{}", "{} x", "\ufeff{}", "{\u00a0}",
        "{", "}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}",
        "{\"a\":{}}", "{\"a\":[]}", "{\"a\":{\"b\":1}}",
        "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul", "{\"a\":NaN}", "{\"a\":Infinity}",
        "{\"a\":-}", "{\"a\":1e}", "{\"a\":--1}", "{\"a\":0x10}", "{\"a\":1d}", "{\"a\":1.2.3}", "{\"a\":\u0661}",
        "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\n\"}", "{\"a\":\"\u0000\"}",
        "{\"a\":\"\\q\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u-123\"}",
        "{\"a\":\"\\u\uff11\uff12\uff13\uff14\"}"})
    @DisplayName("refuses anything but one flat object, with a message that does not contain the text")
    void refused(String text) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
        assertTrue(e.getMessage().matches("unexpected character at \\d+|ends too early"), e.getMessage());
    }

    @Test
    @DisplayName("refuses 100,000 nested objects at the second one, without recursion")
    void depth() {
        String deep = "{\"a\":".repeat(100_000);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Json.parse(deep));
        assertEquals("unexpected character at 5", e.getMessage());
    }

    @Test
    @DisplayName("reads a number that is too large for a double as infinity, also one of 60,000 digits")
    void largeNumbers() {
        assertEquals(Double.POSITIVE_INFINITY, Json.parse("{\"a\":1e999}").get("a"));
        assertEquals(Double.POSITIVE_INFINITY, Json.parse("{\"a\":" + "1".repeat(60_000) + "}").get("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cam1", "a\"b\\c", "\n\r\t\b\f\u0000\u001f\u007f", "</script><!-- ", "\u2028\u2029",
        "\u00e4\ud83d\ude00", "\ud83d"})
    @DisplayName("a quoted string is ASCII without markup or line breaks, and is read back unchanged")
    void quote(String value) {
        String quoted = Json.quote(value);
        assertTrue(quoted.chars().allMatch(c -> c >= 0x20 && c < 0x7F), quoted);
        assertFalse(quoted.contains("<"), quoted);
        assertEquals(value, Json.parse("{\"a\":" + quoted + "}").get("a"));
    }
}
