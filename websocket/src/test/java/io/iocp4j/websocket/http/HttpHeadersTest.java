package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpHeadersTest {
    private static final HttpHeaders HEADERS = HttpHeaders.builder()
            .add("Host", "a").add("Accept", "x").add("accept", "y, z").build();

    @Test
    @DisplayName("names are found in any case, all values in order")
    void lookup() {
        assertEquals("a", HEADERS.first("hOST"));
        assertEquals("x", HEADERS.first("ACCEPT"));
        assertEquals(List.of("x", "y, z"), HEADERS.all("Accept"));
        assertNull(HEADERS.first("Hos"));
        assertEquals(List.of(), HEADERS.all("Hosts"));
        assertEquals(3, HEADERS.size());
    }

    @Test
    @DisplayName("forEach gives every line in order with the case as sent")
    void order() {
        List<String> lines = new ArrayList<>();
        HEADERS.forEach((name, value) -> lines.add(name + "=" + value));
        assertEquals(List.of("Host=a", "Accept=x", "accept=y, z"), lines);
    }

    @Test
    @DisplayName("built fields do not change with their builder")
    void immutable() {
        HttpHeaders.Builder builder = HttpHeaders.builder().add("A", "1");
        HttpHeaders built = builder.build();
        builder.add("B", "2").set("A", "3");
        assertEquals("1", built.first("A"));
        assertNull(built.first("B"));
        assertEquals(List.of("3"), builder.build().all("a"));
        assertThrows(UnsupportedOperationException.class, () -> built.all("A").add("4"));
    }

    @Test
    @DisplayName("set replaces all lines of a name")
    void set() {
        HttpHeaders changed = HEADERS.toBuilder().set("ACCEPT", "q").build();
        assertEquals(List.of("q"), changed.all("Accept"));
        assertEquals("a", changed.first("Host"));
        assertEquals(2, HEADERS.all("Accept").size());
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("a token is found in comma lists")
    @ValueSource(strings = {"upgrade", "Upgrade", "keep-alive, Upgrade", "keep-alive,Upgrade", " \tupgrade\t ",
            ", ,upgrade", "upgrade,", "a,b,c,UPGRADE,d"})
    void tokenFound(String value) {
        assertTrue(HttpHeaders.builder().add("Connection", value).build().hasToken("connection", "Upgrade"));
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("a part of an element, or an element of more words, is not the token")
    @ValueSource(strings = {"", ",", "upgrades", "xupgrade", "up grade", "upgrade;q=1", "keep-alive", "upgrad",
            "upgrade x", "\"upgrade\""})
    void tokenMissing(String value) {
        assertFalse(HttpHeaders.builder().add("Connection", value).build().hasToken("connection", "Upgrade"));
    }

    @Test
    @DisplayName("the elements of a list come from all its lines, in order, without empty ones and white space "
            + "around them")
    void elements() {
        HttpHeaders lists = HttpHeaders.builder().add("L", " a b ,, c").add("x", "y").add("l", "").add("L", ",\t, d ,")
                .add("M", " , ,")
                .build();
        assertEquals(List.of("a b", "c", "d"), lists.elements("L"));
        assertEquals(List.of(), lists.elements("M"));
        assertEquals(List.of(), lists.elements("N"));
    }

    @Test
    @DisplayName("a token is found on a later line, and the empty token never")
    void tokenOnLaterLine() {
        assertTrue(HEADERS.hasToken("accept", "Z"));
        assertFalse(HEADERS.hasToken("accept", ""));
        assertFalse(HEADERS.hasToken("host", "x"));
    }

    @ParameterizedTest(name = "[{index}]")
    @DisplayName("a name that is no token is refused")
    @ValueSource(strings = {"", " ", "A B", "A:", "A\r\nB", "Ä", "(A)", "A\u0000", "\u010Aa"})
    void badName(String name) {
        assertThrows(IllegalArgumentException.class, () -> HttpHeaders.builder().add(name, "v"));
        assertThrows(IllegalArgumentException.class, () -> HttpHeaders.builder().set(name, "v"));
    }

    @ParameterizedTest(name = "[{index}]")
    @Shows("CR/LF in header or reason")
    @DisplayName("CR/LF in header or reason: a value that would break its line, or turn into one that does, is refused")
    @ValueSource(strings = {"a\r\nSet-Cookie: x", "\r", "\n", "\u0000", "\u007F", "\u001B[2J", "\u010A", "\u560D"})
    void badValue(String value) {
        assertThrows(IllegalArgumentException.class, () -> HttpHeaders.builder().add("A", value));
        assertThrows(IllegalArgumentException.class, () -> HttpHeaders.builder().set("A", value));
    }

    @ParameterizedTest(name = "[{index}]")
    @DisplayName("TAB and the upper half of ISO 8859-1 may stand in a value")
    @CsvSource({"'a\tb'", "é", "\u00FF", "''"})
    void goodValue(String value) {
        assertEquals(value, HttpHeaders.builder().add("A", value).build().first("a"));
    }

    @Test
    @DisplayName("toString shows no values")
    void noSecrets() {
        HttpHeaders headers = HttpHeaders.builder().add("Authorization", "secret").build();
        assertEquals("HttpHeaders[Authorization]", headers.toString());
    }
}
