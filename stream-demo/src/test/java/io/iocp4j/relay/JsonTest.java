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
    @DisplayName("reads strings, numbers, booleans and null, with blanks anywhere between")
    void values() {
        Map<String, Object> read = Json.parse(" {\t\"s\" : \"x\" ,\r\n\"n\":-1.5e2,\"t\":true,\"f\":false , \"z\":null,\"\":0} ");
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
    @DisplayName("reads every escape, and surrogates as a pair")
    void escapes() {
        assertEquals("\"\\/\b\f\n\r\t", Json.parse("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}").get("a"));
        assertEquals("\u00e4\ud83d\ude00", Json.parse("{\"a\":\"\\u00E4\\uD83d\\uDe00\"}").get("a"));
        assertEquals("\ud83d\ude00", Json.parse("{\"a\":\"\ud83d\ude00\"}").get("a"));
        assertEquals("\ud83d", Json.parse("{\"a\":\"\\ud83d\"}").get("a"), "half a pair is a string in JSON");
    }

    @Test
    @DisplayName("of two members of one name the last counts")
    void sameName() {
        assertEquals(2.0, Json.parse("{\"a\":1,\"a\":2}").get("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "}", "null", "1", "\"a\"", "[]", "[{}]", "{}{}", "{} x", "{,}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul", "{\"a\":NaN}", "{\"a\":Infinity}",
        "{\"a\":-}", "{\"a\":1e}", "{\"a\":--1}", "{\"a\":0x10}", "{\"a\":1d}", "{\"a\":1.2.3}", "{\"a\":\"", "{\"a\":\"\\",
        "{\"a\":\"\\q\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u-123\"}", "{\"a\":\"\\u\uff11\uff12\uff13\uff14\"}",
        "{\"a\":\"\n\"}", "{\"a\":\"\u0000\"}", "{\"a\":{}}", "{\"a\":[]}", "{\"a\":{\"b\":1}}", "\ufeff{}", "{\u00a0}", "{\"a\":\u0661}"})
    @DisplayName("refuses with an IllegalArgumentException, in a sentence without the text itself, what is not one flat object")
    void refused(String text) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
        assertTrue(e.getMessage().matches("unexpected character at \\d+|ends too early"), e.getMessage());
    }

    @Test
    @DisplayName("a depth of 100,000 is refused at its second level, without recursion")
    void depth() {
        String deep = "{\"a\":".repeat(100_000);
        assertEquals("unexpected character at 5", assertThrows(IllegalArgumentException.class, () -> Json.parse(deep)).getMessage());
    }

    @Test
    @DisplayName("numbers beyond double become infinite, and long ones take no time")
    void largeNumbers() {
        assertEquals(Double.POSITIVE_INFINITY, Json.parse("{\"a\":1e999}").get("a"));
        assertEquals(Double.POSITIVE_INFINITY, Json.parse("{\"a\":" + "1".repeat(60_000) + "}").get("a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cam1", "a\"b\\c", "\n\r\t\b\f\u0000\u001f\u007f", "</script><!-- ", "\u2028\u2029",
        "\u00e4\ud83d\ude00", "\ud83d"})
    @DisplayName("what is quoted is ASCII without markup or line ends, and reads back the same")
    void quote(String value) {
        String quoted = Json.quote(value);
        assertTrue(quoted.chars().allMatch(c -> c >= 0x20 && c < 0x7F), quoted);
        assertFalse(quoted.contains("<"), quoted);
        assertEquals(value, Json.parse("{\"a\":" + quoted + "}").get("a"));
    }
}
