package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static io.iocp4j.websocket.http.HttpFixture.read;
import static io.iocp4j.websocket.http.HttpFixture.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRequestTest {
    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("path and query are told apart in every form of target")
    @CsvSource(nullValues = "none", value = {"/, /, none", "/a/b.html, /a/b.html, none", "/a?b=c?d, /a, b=c?d",
            "/a?, /a, ''", "/%7Ea, /~a, none", "//a, //a, none", "/...,/..., none", "/.a/b..c, /.a/b..c, none",
            "http://h/a?b, /a, b", "http://h, /, none", "http://h?q, /, q", "HTTPS://h:1/x, /x, none",
            "ws://[::1]:80/x, /x, none", "/a|b, /a|b, none", "/a?u=http://x/../y, /a, u=http://x/../y"})
    void target(String target, String path, String query) throws HttpException {
        HttpRequest request = read(get(target));
        assertEquals(path, request.path());
        assertEquals(query, request.query());
        assertEquals(target, request.target());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("a target that is no path, or one that leaves its folder, is refused with 400")
    @ValueSource(strings = {"a", "*", "h:80", "?q", "/..", "/.", "/a/../b", "/a/./b", "/a/..", "/%2e%2E/b", "/.%2e",
            "/%2e", "/a%2Fb", "/a%5cb", "/a\\b", "/a%00", "/a%", "/a%zz", "/a%F6", "/a#b", "/a?b#c",
            "ftp://h/", "://h/", "http:///a", "http://u@h/", "http://h:99999/", "file:///etc", "/a\u00e4"})
    void badTarget(String target) {
        assertEquals(400, refusal(get(target), HttpLimits.defaults()).status());
    }

    @Test
    @DisplayName("OPTIONS * has the path *")
    void asterisk() throws HttpException {
        assertEquals("*", read("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path());
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("parameters of the query are decoded")
    @CsvSource(nullValues = "none", value = {"a=1&b=2, a, 1", "a=1&b=2, b, 2", "a=1&a=2, a, 1", "a=1, c, none",
            "a, a, ''", "a&b=2, a, ''", "a=, a, ''", "a=b=c, a, b=c", "x+y=%26, x y, &", "%61=1, a, 1", "ab=1, a, none",
            "&&a=1, a, 1", "'', a, none", "=1, '', none", "a=1&, b, none", "A=1, a, none", "k=%E2%82%AC, k, €"})
    void parameter(String query, String name, String value) throws HttpException {
        assertEquals(value, read(get("/?" + query)).parameter(name));
    }

    @ParameterizedTest(name = "[{index}] {0}: {1} is {2}")
    @DisplayName("a query is decoded where somebody asks for a parameter: a pair that cannot be is as if it were not "
            + "there, and the "
            + "request is served")
    @CsvSource(nullValues = "none",
            value = {"x=%F6, x, none", "x=%, x, none", "x=%zz, x, none", "x=%00, x, none", "%F6=1, x, none",
        "%F6=1&x=2, x, 2", "x=%F6&x=2, x, 2", "x=1&y=%, x, 1", "x=1&%, x, 1", "x=%E2%82, x, none"})
    void malformedQuery(String query, String name, String value) throws HttpException {
        HttpRequest request = read(get("/healthz?" + query));
        assertEquals("/healthz", request.path());
        assertEquals(query, request.query());
        assertEquals(value, request.parameter(name));
    }

    @Test
    @DisplayName("without a query there are no parameters")
    void noQuery() throws HttpException {
        assertNull(read(get("/")).parameter("a"));
    }

    @ParameterizedTest(name = "[{index}] HTTP/{0} {1}")
    @DisplayName("HTTP/1.1 stays open unless told otherwise, HTTP/1.0 only if told")
    @CsvSource({"1.1, X, true", "1.1, close, false", "1.1, 'foo, Close', false", "1.1, keep-alive, true",
            "1.0, X, false", "1.0, Keep-Alive, true", "1.0, 'keep-alive, close', false"})
    void keepAlive(String version, String connection, boolean kept) throws HttpException {
        HttpRequest request = read("GET / HTTP/" + version + "\r\nHost: h\r\nConnection: " + connection + "\r\n\r\n");
        assertEquals(kept, request.keepAlive());
    }

    @Test
    @DisplayName("an absolute target replaces Host")
    void authority() throws HttpException {
        assertEquals("example.com", read(get("/")).authority());
        assertEquals("other:81", read(get("http://other:81/x")).authority());
        assertEquals("other", read(get("http://other?a=/")).authority());
        assertEquals("example.com", read(get("/?a=http://other/")).authority());
        assertNull(read("GET / HTTP/1.0\r\n\r\n").authority());
    }

    @Test
    @DisplayName("the length of the body is -1, the declared one, or chunked")
    void length() throws HttpException {
        assertEquals(-1, read(get("/")).contentLength());
        assertEquals(0, read(get("/", "Content-Length: 0")).contentLength());
        assertEquals(7, read(get("/", "Content-Length: 007")).contentLength());
        assertEquals(Long.MAX_VALUE, read(get("/", "Content-Length: 9223372036854775807")).contentLength());
        assertEquals(5, read(get("/", "Content-Length: 5", "content-length: 5")).contentLength());
        assertFalse(read(get("/", "Content-Length: 5")).chunked());
        assertTrue(read(get("/", "Transfer-Encoding: CHUNKED")).chunked());
        assertEquals(-1, read(get("/", "Transfer-Encoding: chunked")).contentLength());
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("empty elements of a list are passed over, in the coding of the body as elsewhere")
    @ValueSource(strings = {"chunked,", ", chunked", " ,\t, Chunked ,,", "\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: ,"})
    void emptyElements(String codings) throws HttpException {
        HttpRequest request =
                read(get("/", "Transfer-Encoding: " + codings, "Expect: ,100-continue,", "Connection: ,,close"));
        assertTrue(request.chunked());
        assertTrue(request.expectsContinue());
        assertFalse(request.keepAlive());
    }

    @Test
    @DisplayName("100-continue is expected only in HTTP/1.1")
    void expect() throws HttpException {
        assertTrue(read(get("/", "Expect: 100-Continue")).expectsContinue());
        assertFalse(read(get("/")).expectsContinue());
        assertFalse(read("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expectsContinue());
    }

    @Test
    @DisplayName("toString shows neither query nor fields")
    void noSecrets() throws HttpException {
        assertEquals("HttpRequest[GET /a]", read(get("/a?token=secret", "Cookie: secret")).toString());
    }

    @Test
    @DisplayName("only the query may be null")
    void nulls() {
        HttpHeaders none = HttpHeaders.empty();
        assertNull(new HttpRequest("GET", "/", "/", null, none, true).query());
        assertThrows(NullPointerException.class, () -> new HttpRequest(null, "/", "/", "", none, true));
        assertThrows(NullPointerException.class, () -> new HttpRequest("GET", null, "/", "", none, true));
        assertThrows(NullPointerException.class, () -> new HttpRequest("GET", "/", null, "", none, true));
        assertThrows(NullPointerException.class, () -> new HttpRequest("GET", "/", "/", "", null, true));
    }

    @Test
    @DisplayName("has cookies by name: of several lines, the first of a name, as they were sent")
    void cookies() throws Exception {
        HttpRequest request =
                HttpFixture.read(HttpFixture.get("/", "Cookie: a=1; bb=x=y;c=\"q\" ; a=2; ; =n; d", "Cookie: e="));
        assertEquals("1", request.cookie("a"));
        assertEquals("x=y", request.cookie("bb"));
        assertEquals("\"q\"", request.cookie("c"));
        assertEquals("", request.cookie("e"));
        assertNull(request.cookie("b"));
        assertNull(request.cookie("d"));
        assertNull(request.cookie("A"));
        assertNull(HttpFixture.read(HttpFixture.get("/")).cookie("a"));
    }
}
