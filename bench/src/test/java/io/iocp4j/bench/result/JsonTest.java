package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("JSON is read and written as RFC 8259 says")
class JsonTest {
    @Test
    @DisplayName("what was written is read as the same value")
    void roundTrip() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", "\" \\ / \b \f \n \r \t \u0001 \u00e9 \ud83d\ude00 \ud800");
        value.put("numbers", Arrays.asList(0L, -1L, Long.MAX_VALUE, 1.5, 1e300, -2.5e-10, null, true, false));
        value.put("empty", List.of(Map.of(), List.of()));
        value.put("nested", Map.of("a", List.of(Map.of("b", 1L))));
        assertEquals(value, Json.read(Json.write(value)));
        assertEquals("{\n\"a\": [\n {\"b\": 1, \"c\": [2, 3]},\n {}]\n}\n",
                Json.write(ordered("a", List.of(ordered("b", 1, "c", List.of(2, 3)), Map.of()))));
    }

    private static Map<String, Object> ordered(Object... pairs) {
        Map<String, Object> result = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            result.put((String) pairs[i], pairs[i + 1]);
        }
        return result;
    }

    @Test
    @DisplayName("escapes, white space and all forms of numbers are read")
    void forms() {
        assertEquals(Map.of("a", List.of("\u00e9/\b\f\n\r\t\"\\")),
                Json.read(" {\t\"a\" :\r\n[ \"\\u00E9\\/\\b\\f\\n\\r\\t\\\"\\\\\" ] } "));
        assertEquals(List.of(10.0, 0.5, -0.25, 1e20), Json.read("[1e1, 5E-1, -0.25, 100000000000000000000]"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "{\"a\":1,\"a\":2}", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u\uff11234\"", "\"a\nb\"",
        "01", "1.", ".5", "+1", "-", "1e", "NaN", "tru", "nul", "1 2", "[]]", "'a'"})
    @DisplayName("what is not JSON is refused, with the place")
    void refused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Json.read(text)).getMessage();
        assertTrue(message.matches("(?s)character \\d+: expected .*"), message);
    }

    @Test
    @DisplayName("nesting has a limit of 100, before the stack overflows")
    void nesting() {
        assertEquals(100, Json.write(Json.read("[".repeat(100) + "]".repeat(100))).chars().filter(c -> c == '[')
                .count());
        assertThrows(IllegalArgumentException.class, () -> Json.read("[".repeat(101) + "]".repeat(101)));
        assertThrows(IllegalArgumentException.class, () -> Json.read("[".repeat(1_000_000)));
    }

    @Test
    @DisplayName("what JSON cannot hold is not written")
    void notWritten() {
        assertThrows(IllegalArgumentException.class, () -> Json.write(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> Json.write(List.of(new Object())));
    }
}
