package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeTest {
    @Test
    @DisplayName("each kind of value is read")
    void values() {
        assertEquals(Map.of("a", Arrays.asList(1.0, -2.5e3, true, false, null), "b", Map.of(), "c", List.of()),
                JsonTree.read(" {\"a\" : [1, -2.5e3,true , false,null],\"b\":{}, \"c\":[ ]}\n"));
    }

    @Test
    @DisplayName("a string may hold every kind of escape")
    void escapes() {
        assertEquals("\"\\/\b\f\n\r\t\u00e9\u20ac", JsonTree.read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\u20ac\""));
    }

    @Test
    @DisplayName("what was written is read back")
    void roundTrip() {
        Map<String, Object> value = Map.of("text", "a\"b\\c\n\u0001\u20ac", "number", 0.25, "yes", true,
                "inner", Map.of("empty", Map.of()));
        assertEquals(value, JsonTree.read(JsonTree.write(value)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[1", "[1,]", "{\"a\"}", "{a:1}", "\"a", "\"\\x\"", "\"\\u12\"", "tru", "1 2",
        "nul", "-", "[]]"})
    @DisplayName("anything else is refused")
    void refused(String text) {
        assertThrows(IllegalArgumentException.class, () -> JsonTree.read(text));
    }
}
