package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.drip;
import static io.iocp4j.websocket.http.HttpFixture.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link HttpRequestReader} must not let through. */
class HttpRequestRefusalTest {
    private final HttpRequestReader reader = new HttpRequestReader(HttpLimits.defaults());

    static Stream<Arguments> badHeads() {
        String host = "Host: h\r\n";
        return Stream.of(
                bad(400, "space before the method", " GET / HTTP/1.1\r\n"),
                bad(400, "no target", "GET HTTP/1.1\r\n"),
                bad(400, "empty target", "GET  HTTP/1.1\r\n"),
                bad(400, "two spaces", "GET /  HTTP/1.1\r\n"),
                bad(400, "space behind the version", "GET / HTTP/1.1 \r\n"),
                bad(400, "space in the target", "GET /a b HTTP/1.1\r\n"),
                bad(400, "tabs for spaces", "GET\t/\tHTTP/1.1\r\n"),
                bad(400, "method only", "GET\r\n"),
                bad(400, "HTTP/0.9", "GET /\r\n"),
                bad(400, "version in lower case", "GET / http/1.1\r\n"),
                bad(400, "version of one digit", "GET / HTTP/1\r\n"),
                bad(400, "version of three digits", "GET / HTTP/1.10\r\n"),
                bad(400, "no version", "GET / FOO\r\n"),
                bad(400, "high byte in the target", "GET /\u00e4 HTTP/1.1\r\n"),
                bad(400, "control byte in the target", "GET /\u0001 HTTP/1.1\r\n"),
                bad(400, "DEL in the target", "GET /\u007f HTTP/1.1\r\n"),
                bad(400, "bare LF behind the request line", "GET / HTTP/1.1\n"),
                bad(400, "bare CR in the request line", "GET /\rX HTTP/1.1\r\n"),
                bad(400, "bare LF before the request", "\nGET / HTTP/1.1\r\n"),
                bad(400, "CR CR LF", "GET / HTTP/1.1\r\r\n"),
                bad(505, "HTTP/2 preface", "PRI * HTTP/2.0\r\n"),
                bad(505, "HTTP/1.2", "GET / HTTP/1.2\r\n"),
                bad(505, "HTTP/0.9 by name", "GET / HTTP/0.9\r\n"),
                bad(505, "HTTP/3.0", "GET / HTTP/3.0\r\n"),
                bad(400, "no Host", field("")),
                bad(400, "two Hosts", field(host + host)),
                bad(400, "two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\n" + host + host + "\r\n"),
                bad(400, "list of Hosts", field("Host: a, b\r\n")),
                bad(400, "Host with a path", field("Host: a/b\r\n")),
                bad(400, "Host with a user", field("Host: u@h\r\n")),
                bad(400, "bare CR in a value", field(host + "A: b\rc\r\n")),
                bad(400, "bare LF behind a field", field(host + "A: b\n")),
                bad(400, "NUL in a value", field(host + "A: \u0000\r\n")),
                bad(400, "control byte in a value", field(host + "A: \u001b\r\n")),
                bad(400, "DEL in a value", field(host + "A: \u007f\r\n")),
                bad(400, "folded field", field(host + "A: b\r\n c\r\n")),
                bad(400, "folded field with TAB", field(host + "A: b\r\n\tc\r\n")),
                bad(400, "white space before the first field", field(" A: b\r\n" + host)),
                bad(400, "line of spaces", field(host + "  \r\n")),
                bad(400, "space before the colon", field("Host : h\r\n")),
                bad(400, "TAB before the colon", field("Host\t: h\r\n")),
                bad(400, "empty name", field(host + ": b\r\n")),
                bad(400, "no colon", field(host + "A\r\n")),
                bad(400, "name of two words", field(host + "A B: c\r\n")),
                bad(400, "high byte in a name", field(host + "\u00c4: c\r\n")),
                bad(400, "name in parentheses", field(host + "(A): c\r\n")),
                bad(400, "both lengths", field(host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
                bad(400, "different lengths", field(host + "Content-Length: 5\r\nContent-Length: 6\r\n")),
                bad(400, "same length in two spellings", field(host + "Content-Length: 5\r\nContent-Length: 05\r\n")),
                bad(400, "list of lengths", field(host + "Content-Length: 5, 5\r\n")),
                bad(400, "empty length", field(host + "Content-Length:\r\n")),
                bad(400, "negative length", field(host + "Content-Length: -1\r\n")),
                bad(400, "length with plus", field(host + "Content-Length: +1\r\n")),
                bad(400, "hexadecimal length", field(host + "Content-Length: 0x5\r\n")),
                bad(400, "length of two words", field(host + "Content-Length: 5 5\r\n")),
                bad(400, "length above long", field(host + "Content-Length: 9223372036854775808\r\n")),
                bad(400, "length far above long", field(host + "Content-Length: 99999999999999999999999\r\n")),
                bad(400, "length in superscript", field(host + "Content-Length: \u00b2\r\n")),
                bad(400, "chunked in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                bad(501, "other coding", field(host + "Transfer-Encoding: gzip\r\n")),
                bad(501, "two codings", field(host + "Transfer-Encoding: gzip, chunked\r\n")),
                bad(501, "chunked twice", field(host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
                bad(501, "chunked in quotes", field(host + "Transfer-Encoding: \"chunked\"\r\n")),
                bad(501, "identity", field(host + "Transfer-Encoding: identity\r\n")),
                bad(501, "two codings with an empty element", field(host + "Transfer-Encoding: chunked,,chunked\r\n")),
                bad(400, "both lengths with an empty element",
                field(host + "Content-Length: 5\r\nTransfer-Encoding: ,chunked\r\n")),
                bad(400, "a length is no list", field(host + "Content-Length: 5,\r\n")),
                bad(501, "codings of nothing but commas", field(host + "Transfer-Encoding: , ,\r\n")),
                bad(501, "empty coding", field(host + "Transfer-Encoding:\r\n")));
    }

    private static Arguments bad(int status, String what, String head) {
        return Arguments.of(status, what, head);
    }

    private static String field(String fields) {
        return "GET / HTTP/1.1\r\n" + fields + "\r\n";
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("a bad head is refused with its status")
    @MethodSource("badHeads")
    void refused(int status, String what, String head) {
        assertEquals(status, refusal(head, HttpLimits.defaults()).status(), what);
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("a bad head that drips in is refused with the same status")
    @MethodSource("badHeads")
    void refusedDripping(int status, String what, String head) {
        HttpException refusal = assertThrows(HttpException.class, () -> drip(head, reader), what);
        assertEquals(status, refusal.status());
    }

    @ParameterizedTest(name = "[{index}] first byte {0}")
    @DisplayName("what is not HTTP is refused at its first wrong byte")
    @ValueSource(ints = {0x16, 0x00, 0x81, 0xFF, '{', '<', ':', '/', ' ', '\t', '"', 0x7F})
    void garbage(int first) {
        ByteBuffer in = ByteBuffer.wrap(new byte[] {(byte) first, 'A'});
        assertEquals(400, assertThrows(HttpException.class, () -> reader.read(in)).status());
        assertEquals(1, in.remaining());
    }
}
