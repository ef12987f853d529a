package io.iocp4j.websocket.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.frame.ProtocolException;
import io.iocp4j.websocket.http.HttpFixture;
import io.iocp4j.websocket.http.HttpHeaders;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
        foo                          | [foo]
        foo,bar;baz=2                | [foo, bar; baz=2]
        foo; x=1; x=2; X; y=1.5      | [foo; x=1; x=2; X; y=1.5]
        'foo , bar ; baz = 2 '       | [foo, bar; baz=2]
        'foo;\tx =\t"1"'             | [foo; x=1]
        foo; a="b"; c="d\\e"         | [foo; a=b; c=de]
        foo, foo; a, foo             | [foo, foo; a, foo]
        !#$%&*+-.^_`~0               | [!#$%&*+-.^_`~0]
        """)
    @DisplayName("extensions, parameters and quoted values are read, in their order")
    void read(String line, String expected) throws ProtocolException {
        assertEquals(expected, Extension.parse(headers(line)).toString());
    }

    @Test
    @DisplayName("several lines are one list; no line is an empty list; a missing value is not an empty one")
    void lines() throws ProtocolException {
        assertEquals("[a; x, b, c]", Extension.parse(headers("a;x", "b, c")).toString());
        assertEquals(List.of(), Extension.parse(HttpHeaders.empty()));
        Extension.Parameter flag = Extension.parse(headers("a;x")).getFirst().parameters().getFirst();
        assertEquals(new Extension.Parameter("x", null), flag);
    }

    @ParameterizedTest
    @ValueSource(strings = {";", ",;", "foo,;", "foo;,", "foo;", "foo;;bar", "foo;=", "foo;=1",
        "foo;a=", "foo;a=,bar", "foo=1", "foo bar", "foo;a b", "foo;a=b c",
        "foo;a=\"", "foo;a=\"b", "foo;a=\"\"", "foo;a=\"b\\",
        "foo;a=\"b\\\"", "foo;a=\"b c\"", "foo;a=\"b\\\"\"", "foo;a=\"b\"c", "foo;\"a\"=b", "\"foo\"", "f\u00F6\u00F6",
        "foo;a=\u00E9", "foo/bar", "foo;a=b=c", "foo;a=[b]", "foo\u0000", "foo;a=\"\u007F\""})
    @DisplayName("text that does not follow the grammar is refused, and the message has the index")
    void refused(String line) {
        ProtocolException e = assertThrows(ProtocolException.class, () -> Extension.parse(headersAsParsed(line)));
        assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
        assertTrue(e.getMessage().matches("malformed Sec-WebSocket-Extensions at index \\d+"), e.getMessage());
        assertThrows(ProtocolException.class, () -> Extension.parse(headersAsParsed("good; x=1", line)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"foo,", ",foo", " , foo ,\t, ", "foo,,", ",,,foo"})
    @DisplayName("empty elements beside an extension are skipped, as RFC 9110 section 5.6.1.2 asks of a recipient")
    void emptyElements(String line) throws ProtocolException {
        assertEquals("[foo]", Extension.parse(headersAsParsed(line)).toString());
        assertEquals("[foo, bar]", Extension.parse(headersAsParsed("", line, ",", "bar")).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \t", ",", ",   ,"})
    @DisplayName("a field without any extension is refused: the grammar wants at least one")
    void noElement(String line) {
        ProtocolException e = assertThrows(ProtocolException.class, () -> Extension.parse(headersAsParsed(line)));
        assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
        assertEquals("no extension in Sec-WebSocket-Extensions", e.getMessage());
        assertThrows(ProtocolException.class, () -> Extension.parse(headersAsParsed(line, line)));
    }

    @Test
    @DisplayName("NAMES_MAX: so many names in one line pass, one more is refused")
    void nameLimit() throws ProtocolException {
        String most = "a;b=c,".repeat(Extension.NAMES_MAX / 2 - 1);
        assertEquals(Extension.NAMES_MAX / 2, Extension.parse(headers(most + "a;b")).size());
        assertEquals(Extension.NAMES_MAX, Extension.parse(headers(most + "a;b", most + "a;b")).size());
        assertEquals(Extension.NAMES_MAX / 2, Extension.parse(headers(most + "a,")).size());
        for (String rest : new String[] {"a;b;c", "a;b,c", "a;b,", "a,,", ",,,"}) {
            ProtocolException e = assertThrows(ProtocolException.class, () -> Extension.parse(headers(most + rest)));
            assertEquals("more than 64 names in Sec-WebSocket-Extensions", e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a;b=c", "a;", "a;b", "a;b=\"c\"", "a,", "a;b=\"\\", ",", " ", "a \t"})
    @Shows({"CVE-2021-32640", "CVE-2020-7663"})
    @DisplayName("64 KiB of any repetition are read in a millisecond")
    void linear(String piece) {
        for (String last : new String[] {"", "\u0001", "\""}) {
            HttpHeaders headers = headersAsParsed(piece.repeat((64 << 10) / piece.length()) + last);
            Duration best = Duration.ofDays(1);
            for (int i = 0; i < 2_000 && best.compareTo(Duration.ofMillis(1)) > 0; i++) {
                long start = System.nanoTime();
                parseAnyhow(headers);
                Duration taken = Duration.ofNanos(System.nanoTime() - start);
                best = taken.compareTo(best) < 0 ? taken : best;
            }
            assertTrue(best.compareTo(Duration.ofMillis(1)) <= 0, "at best " + best);
        }
    }

    @Test
    @DisplayName("parsed extensions are written so that they parse to the same again; a mutation parses or is refused")
    void fuzz() {
        String alphabet = "ab1=;,\" \t\\\u0000\u00FF";
        int read = 0;
        for (long seed = 0; seed < 20_000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StringBuilder line = new StringBuilder("permessage-deflate; client_max_window_bits=\"15\", x;y=z");
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                int at = random.nextInt(line.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(3)) {
                    case 0 -> line.setCharAt(at, c);
                    case 1 -> line.insert(at, c);
                    default -> line.deleteCharAt(at);
                }
            }
            try {
                List<Extension> extensions = Extension.parse(headersAsParsed(line.toString()));
                String[] written = extensions.stream().map(Extension::toString).toArray(String[]::new);
                assertEquals(extensions, Extension.parse(headers(written)), "seed=" + seed + " " + line);
                read++;
            } catch (ProtocolException e) {
                assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode(), "seed=" + seed);
            }
        }
        assertTrue(read > 2000 && read < 18_000, read + " were read");
    }

    private static void parseAnyhow(HttpHeaders headers) {
        try {
            assertTrue(Extension.parse(headers).size() > 0);
        } catch (ProtocolException e) {
            assertEquals(CloseCode.PROTOCOL_ERROR, e.closeCode());
        }
    }

    private static HttpHeaders headers(String... lines) {
        HttpHeaders.Builder builder = HttpHeaders.builder();
        for (String line : lines) {
            builder.add("Sec-WebSocket-Extensions", line);
        }
        return builder.build();
    }

    /** Makes fields, also with characters that the reader of heads would have refused. */
    private static HttpHeaders headersAsParsed(String... lines) {
        return HttpFixture.parsed("sec-websocket-extensions", lines);
    }
}
