package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpResponseTest {
    private static final String SAFETY = "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n";
    private static final Pattern DATE =
            Pattern.compile("\\r\\nDate: (\\w{3}, \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT)(?=\\r\\n)");

    /** The response without its Date, of which there has to be one, and that of now. */
    private static String undated(ByteBuffer encoded) {
        List<MatchResult> dates = DATE.matcher(text(encoded)).results().toList();
        assertEquals(1, dates.size(), text(encoded));
        Instant date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(dates.getFirst().group(1), Instant::from);
        assertTrue(Duration.between(date, Instant.now()).abs().toMinutes() < 5, dates.getFirst().group(1));
        return DATE.matcher(text(encoded)).replaceFirst("");
    }

    @Test
    @DisplayName("HTML and JSON in UTF-8 have their types")
    void types() {
        assertEquals("text/html; charset=utf-8", HttpResponse.html(200, "<p>").headers().first("Content-Type"));
        assertEquals("application/json", HttpResponse.json(200, "{}").headers().first("Content-Type"));
        assertEquals("b", HttpHeaders.of("A", "b").first("a"));
        assertThrows(IllegalArgumentException.class, () -> HttpHeaders.of("A", "b\nc"));
    }

    @Test
    @DisplayName("a text response is encoded with type, safety fields, length in bytes, and connection")
    void wholeText() {
        String encoded = undated(HttpResponse.text(200, "\u00e4b").encode(false, true));
        assertEquals("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" + SAFETY
                + "Content-Length: 3\r\nConnection: keep-alive\r\n\r\n\u00c3\u00a4b", encoded);
    }

    @Test
    @DisplayName("the answer to HEAD has the length but not the content")
    void head() {
        String encoded = undated(HttpResponse.json(200, "{\"a\":1}").encode(true, false));
        assertEquals("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + SAFETY
                + "Content-Length: 7\r\nConnection: close\r\n\r\n", encoded);
    }

    @Test
    @DisplayName("a response without content says so")
    void empty() {
        assertEquals("HTTP/1.1 503 Service Unavailable\r\n" + SAFETY
                + "Content-Length: 0\r\nConnection: close\r\n\r\n", undated(HttpResponse.of(503).encode(false, false)));
    }

    @Test
    @DisplayName("safety fields that are set are not set twice")
    void safetyOverridden() {
        String encoded = undated(HttpResponse.of(200).withHeader("cache-control", "max-age=60")
                .withHeader("x-content-type-options", "none").encode(false, true));
        assertEquals("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\nx-content-type-options: none\r\n"
                + "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n", encoded);
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("every final response has the time that it is in Date (RFC 9110 section 6.6.1), unless the "
            + "application gave one")
    @ValueSource(ints = {200, 204, 301, 304, 400, 404, 431, 500, 503})
    void date(int status) {
        undated(HttpResponse.of(status).encode(false, true));
        undated(HttpResponse.of(status).encode(true, false));
        String given = text(HttpResponse.of(status).withHeader("date", "Sun, 06 Nov 1994 08:49:37 GMT")
                .encode(false, true));
        assertTrue(given.contains("\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), given);
        assertFalse(given.contains("Date: "), given);
    }

    @Test
    @DisplayName("100 has nothing but its status, 101 only its own fields")
    void informational() {
        assertEquals("HTTP/1.1 100 Continue\r\n\r\n", text(HttpResponse.of(100).encode(false, true)));
        assertEquals("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
                text(HttpResponse.of(101).withHeader("Upgrade", "x").encode(false, false)));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("204 and 304 have no length")
    @ValueSource(ints = {204, 304})
    void noLength(int status) {
        String encoded = undated(HttpResponse.of(status).encode(false, true));
        assertTrue(encoded.endsWith(SAFETY + "Connection: keep-alive\r\n\r\n"), encoded);
    }

    @Test
    @DisplayName("Connection names Upgrade where the response has that field")
    void upgradeNamed() {
        String encoded = text(HttpResponse.of(426).withHeader("Upgrade", "websocket").encode(false, false));
        assertTrue(encoded.startsWith("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"), encoded);
        assertTrue(encoded.endsWith("\r\nConnection: Upgrade, close\r\n\r\n"), encoded);
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("a status has its reason phrase, an unknown one an empty phrase")
    @CsvSource({"101, Switching Protocols", "206, Partial Content", "304, Not Modified", "400, Bad Request",
            "403, Forbidden", "404, Not Found", "405, Method Not Allowed", "408, Request Timeout",
            "413, Content Too Large", "414, URI Too Long", "426, Upgrade Required", "429, Too Many Requests",
            "431, Request Header Fields Too Large", "500, Internal Server Error", "501, Not Implemented",
            "503, Service Unavailable", "505, HTTP Version Not Supported", "299, ''"})
    void reasons(int status, String reason) {
        String encoded = text(HttpResponse.of(status).encode(false, false));
        assertTrue(encoded.startsWith("HTTP/1.1 " + status + " " + reason + "\r\n"), encoded);
    }

    @Test
    @DisplayName("a field is replaced by withHeader and repeated by withHeaders; the first response stays as it was")
    void fields() {
        HttpResponse plain = HttpResponse.of(200);
        HttpResponse one = plain.withHeader("A", "1").withHeader("a", "2");
        assertEquals(List.of("2"), one.headers().all("A"));
        HttpHeaders cookies = HttpHeaders.builder().add("Set-Cookie", "x").add("Set-Cookie", "y").build();
        assertEquals(List.of("x", "y"), one.withHeaders(cookies).headers().all("set-cookie"));
        assertNull(plain.headers().first("A"));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("fields that are computed cannot be set")
    @ValueSource(strings = {"Content-Length", "content-length", "Transfer-Encoding", "CONNECTION"})
    void computed(String name) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(200).withHeader(name, "1"));
        HttpHeaders headers = HttpHeaders.builder().add(name, "1").build();
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(200).withHeaders(headers));
    }

    @ParameterizedTest(name = "[{index}]")
    @Shows("CR/LF in header or reason")
    @DisplayName("CR/LF in header or reason: they and other control characters in a field are refused")
    @CsvSource({"A, 'x\r\nB: y'", "A, 'x\ny'", "A, '\u0000'", "'A\r\nB', y", "'A B', y", "'', y", "A, '\u010d\u010a'"})
    void injection(String name, String value) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(200).withHeader(name, value));
    }

    @Test
    @DisplayName("a content type with a line break is refused")
    void contentTypeInjection() {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.bytes(200, "a/b\r\nX: y", new byte[0]));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("a number that is no status is refused")
    @ValueSource(ints = {-1, 0, 99, 600, 1000})
    void badStatus(int status) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.of(status));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("content with a status that has none is refused")
    @ValueSource(ints = {100, 101, 204, 205, 304})
    void contentWithoutPlace(int status) {
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.text(status, "x"));
    }

    @Test
    @DisplayName("content is copied in and lent read-only")
    void ownership() {
        byte[] source = "abc".getBytes(StandardCharsets.US_ASCII);
        HttpResponse response = HttpResponse.bytes(200, "a/b", source);
        source[0] = 'X';
        assertEquals("abc", text(response.content()));
        assertTrue(response.content().isReadOnly());
        response.encode(false, true).put(0, (byte) 'X');
        assertTrue(text(response.encode(false, true)).startsWith("HTTP/1.1 200 OK\r\n"));
    }

    @Test
    @DisplayName("an HttpException becomes a response with its status, fields and message")
    void exception() {
        HttpHeaders allow = HttpHeaders.builder().add("Allow", "GET").build();
        HttpResponse response = new HttpException(405, "no", allow).response();
        assertEquals(405, response.status());
        assertEquals("GET", response.headers().first("allow"));
        assertEquals("no\n", text(response.content()));
        assertEquals(0, new HttpException(400, "no").headers().size());
        assertThrows(IllegalArgumentException.class, () -> new HttpException(200, "no"));
        assertThrows(IllegalArgumentException.class, () -> new HttpException(600, "no"));
    }
}
