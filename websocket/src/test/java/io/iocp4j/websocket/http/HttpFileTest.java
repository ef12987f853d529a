package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A file as an answer")
class HttpFileTest {
    private static final String DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

    @TempDir
    Path directory;
    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = Files.writeString(directory.resolve("a.txt"), "0123456789");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("1994-11-06T08:49:37.5Z")));
    }

    private HttpResponse answer(String method, String... lines) throws IOException {
        return HttpFile.of(file).answer(HttpFixture.read(HttpFixture.get("/", lines).replace("GET", method)));
    }

    private static String content(HttpResponse response) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        response.stream().writeTo(out);
        assertEquals(response.stream().length(), out.size());
        assertEquals(out.size(), response.stream().keptBytes(), "a file smaller than a piece");
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("has length, type, ETag, Last-Modified, and tells that it has ranges")
    void whole() throws Exception {
        HttpResponse response = answer("GET");
        assertEquals(200, response.status());
        assertEquals("0123456789", content(response));
        HttpHeaders headers = response.headers();
        assertEquals("text/plain; charset=utf-8", headers.first("Content-Type"));
        assertEquals(DATE, headers.first("Last-Modified"));
        assertEquals("bytes", headers.first("Accept-Ranges"));
        assertEquals("no-cache", headers.first("Cache-Control"));
        String text = HttpFixture.text(response.encodeHead(true, true));
        assertEquals("10", HttpFixture.parsed("x", text.replaceAll("(?s).*Content-Length: (\\d+).*", "$1")).first("x"));
        assertEquals(200, answer("HEAD").status());
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @DisplayName("answers a range of bytes, and as a whole what may be ignored")
    @CsvSource(delimiter = '|', value = {
        "bytes=0-0 | 206 | 0", "bytes=2-4 | 206 | 234", "bytes=7- | 206 | 789", "bytes=-3 | 206 | 789",
                "bytes=-30 | 206 | 0123456789",
        "bytes=5-999 | 206 | 56789", "BYTES=1-1 | 206 | 1", "bytes=9-999999999999999999 | 206 | 9",
        "bytes=10- | 416 | ", "bytes=-0 | 416 | ",
        "bytes=4-2 | 200 | 0123456789", "bytes=a-b | 200 | 0123456789", "bytes=- | 200 | 0123456789",
                "bytes=1-2,4-5 | 200 | 0123456789",
        "lines=1-2 | 200 | 0123456789", "bytes=1-9999999999999999999 | 200 | 0123456789",
                "bytes=+1-2 | 200 | 0123456789",
        "bytes= | 200 | 0123456789", "bytes=1-2- | 200 | 0123456789"})
    void ranges(String range, int status, String content) throws Exception {
        HttpResponse response = answer("GET", "Range: " + range);
        assertEquals(status, response.status());
        if (status == 416) {
            assertEquals("bytes */10", response.headers().first("Content-Range"));
            assertNull(response.stream());
        } else {
            assertEquals(content, content(response));
        }
        if (status == 206) {
            int first = "0123456789".indexOf(content);
            assertEquals("bytes " + first + "-" + (first + content.length() - 1) + "/10", response.headers()
                    .first("Content-Range"));
        }
        assertEquals(200, answer("HEAD", "Range: " + range).status());
    }

    @ParameterizedTest(name = "{0}: {1}")
    @DisplayName("obeys conditions in their order; ETAG stands for its own tag")
    @CsvSource(delimiter = '|', value = {
        "If-None-Match: ETAG | 304", "If-None-Match: W/ETAG | 304", "If-None-Match: \"x\", ETAG | 304",
                "If-None-Match: * | 304",
        "If-None-Match: \"x\" | 200", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT | 304",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT | 200",
                "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT | 304",
        "If-Modified-Since: Sun Nov  6 08:49:37 1994 | 304", "If-Modified-Since: yesterday | 200",
        "If-None-Match: \"x\"; If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT | 200",
        "If-Match: ETAG | 200", "If-Match: * | 200", "If-Match: W/ETAG | 412", "If-Match: \"x\" | 412",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT | 200",
                "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT | 412",
        "If-Match: ETAG; If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT | 200",
        "If-Range: ETAG; Range: bytes=1-1 | 206", "If-Range: \"x\"; Range: bytes=1-1 | 200",
                "If-Range: W/ETAG; Range: bytes=1-1 | 200",
        "If-Range: Sun, 06 Nov 1994 08:49:37 GMT; Range: bytes=1-1 | 206",
        "If-Range: Sun, 06 Nov 1994 08:49:36 GMT; Range: bytes=1-1 | 200"})
    void conditions(String fields, int status) throws Exception {
        String etag = answer("GET").headers().first("ETag");
        HttpResponse response = answer("GET", fields.replace("ETAG", etag).split("; "));
        assertEquals(status, response.status());
        assertEquals(etag, response.headers().first("ETag"));
        assertEquals(DATE, response.headers().first("Last-Modified"));
    }

    @Test
    @DisplayName("has another tag when it has changed, or its time of change has")
    void changes() throws Exception {
        String etag = answer("GET").headers().first("ETag");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("1994-11-06T08:49:37.6Z")));
        assertEquals(200, answer("GET", "If-None-Match: " + etag).status());
        Files.writeString(file, "longer than that");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("1994-11-06T08:49:37.5Z")));
        assertEquals(200, answer("GET", "If-None-Match: " + etag).status());
    }

    @Test
    @DisplayName("that has become shorter since it was asked for throws in the middle")
    void shorter() throws Exception {
        HttpResponse response = answer("GET");
        Files.writeString(file, "012");
        assertThrows(IOException.class, () -> content(response));
    }

    @Test
    @DisplayName("has no content where it is empty, and no range")
    void empty() throws Exception {
        Files.writeString(file, "");
        assertEquals("", content(answer("GET")));
        assertEquals(416, answer("GET", "Range: bytes=0-").status());
        assertEquals(416, answer("GET", "Range: bytes=-1").status());
    }

    @Test
    @DisplayName("refuses other methods, what is not there, and what is no file")
    void refuses() throws Exception {
        HttpException method = assertThrows(HttpException.class, () -> answer("DELETE"));
        assertEquals(405, method.status());
        assertEquals("GET, HEAD", method.headers().first("Allow"));
        HttpRequest get = HttpFixture.read(HttpFixture.get("/"));
        assertEquals(404, assertThrows(HttpException.class, () -> HttpFile.of(directory.resolve("no")).answer(get))
                .status());
        assertEquals(404, assertThrows(HttpException.class, () -> HttpFile.of(directory).answer(get)).status());
        assertEquals(404, assertThrows(HttpException.class, () -> HttpFile.of(file.resolve("b")).answer(get)).status());
    }

    @Test
    @DisplayName("that may not be read is refused, instead of 200 and a connection that breaks")
    void unreadable() {
        assumeTrue(file.toFile().setReadable(false) && !Files.isReadable(file), "somebody who may read everything");
        assertEquals(403, assertThrows(HttpException.class, () -> answer("GET")).status());
    }

    @ParameterizedTest
    @DisplayName("has a type by its suffix, unless one is said")
    @CsvSource({"a.html, text/html; charset=utf-8", "A.PNG, image/png", "a.tar.gz, application/gzip",
            "a, application/octet-stream",
        "a.unknown, application/octet-stream", ".js, text/javascript; charset=utf-8"})
    void types(String name, String type) throws Exception {
        Path named = Files.writeString(directory.resolve(name), "x");
        HttpRequest get = HttpFixture.read(HttpFixture.get("/"));
        assertEquals(type, HttpFile.of(named).answer(get).headers().first("Content-Type"));
        assertEquals("a/b", HttpFile.of(named).contentType("a/b").cacheControl("max-age=1").answer(get).headers()
                .first("Content-Type"));
    }
}
