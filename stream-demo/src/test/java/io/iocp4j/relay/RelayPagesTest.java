package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Pages and other HTTP responses of a running relay")
@Timeout(120)
class RelayPagesTest {
    /** A file that a page or a script loads. */
    private static final Pattern LOADED =
            Pattern.compile("(?:src=|href=|from |import )[\"']([^\"']+\\.(?:js|css))[\"']");
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8", "css", "text/css; charset=utf-8");

    private RelayRig rig;

    @BeforeEach
    void start() throws IOException {
        rig = RelayRig.start();
    }

    @AfterEach
    void stop() {
        rig.close();
    }

    private static String header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    private void checkFile(String path, HttpResponse<String> response, String extension) {
        assertEquals(200, response.statusCode(), path);
        assertEquals(TYPES.get(extension), header(response, "Content-Type"), path);
        assertEquals("nosniff", header(response, "X-Content-Type-Options"), path);
        assertEquals("no-cache", header(response, "Cache-Control"), path);
        assertTrue(header(response, "Content-Security-Policy").startsWith("default-src 'self'; "), path);
        assertFalse(header(response, "Content-Security-Policy").contains("unsafe"), path);
    }

    private static String withCookies(int bytes) {
        return " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + "a".repeat(120) + "\r\nAccept: " + "b".repeat(140)
                + "\r\nCookie: " + "c".repeat(bytes) + "\r\n";
    }

    @ParameterizedTest
    @ValueSource(ints = {8 << 10, 32_000})
    @DisplayName("serves a browser that sends many cookies, which other programs on the same host have set")
    void cookies(int bytes) throws Exception {
        rig.publish("cam1").init();
        rig.await("a stream", () -> !rig.streams().isEmpty());
        String page = rig.connect().send("GET /" + withCookies(bytes) + "\r\n").head();
        assertTrue(page.startsWith("HTTP/1.1 200 "), page);
        String live = rig.connect().send("GET /live/cam1" + withCookies(bytes)
                + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").head();
        assertTrue(live.startsWith("HTTP/1.1 101 "), live);
    }

    @Test
    @DisplayName("the limit of a request's head is an option")
    void headLimit() throws Exception {
        assertTrue(rig.connect().send("GET /" + withCookies(33_000) + "\r\n").head().startsWith("HTTP/1.1 431 "));
        try (RelayRig small = RelayRig.start(RelayRig.settings().with(ServeSettings.MAX_HEAD, 1_000L))) {
            assertTrue(small.connect().send("GET /" + withCookies(600) + "\r\n").head().startsWith("HTTP/1.1 200 "));
            assertTrue(small.connect().send("GET /" + withCookies(1_000) + "\r\n").head().startsWith("HTTP/1.1 431 "));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/watch/cam1", "/watch/hall/cam_1-b"})
    @DisplayName("serves a page and all files that it loads, with content types and a strict security policy")
    void pages(String page) throws Exception {
        HttpResponse<String> html = rig.send("GET", page);
        checkFile(page, html, "html");
        assertFalse(html.body().contains("<script>") || html.body().matches("(?s).* on[a-z]+=.*"),
                "the policy forbids scripts inside the page");
        Map<String, String> seen = new HashMap<>();
        ArrayDeque<String> unread = new ArrayDeque<>(List.of(page));
        seen.put(page, html.body());
        while (!unread.isEmpty()) {
            String from = unread.poll();
            Matcher loaded = LOADED.matcher(seen.get(from));
            while (loaded.find()) {
                assertTrue(loaded.group(1).startsWith("."), "a link that leads out of a proxy's path: " + loaded);
                String path = URI.create(from).resolve(loaded.group(1)).getPath();
                if (!seen.containsKey(path)) {
                    HttpResponse<String> file = rig.send("GET", path);
                    checkFile(path, file, path.substring(path.lastIndexOf('.') + 1));
                    seen.put(path, file.body());
                    unread.add(path);
                }
            }
        }
        Set<String> known = Set.of("/style.css", "/index.js", "/player.js", "/connection.js", "/protocol.js",
                "/site.js");
        assertTrue(seen.keySet().containsAll(known), () -> seen.keySet().toString());
    }

    @Test
    @DisplayName("the list of streams has all values of each stream, ordered by path")
    void streamList() throws Exception {
        assertEquals(List.of(), rig.streams());
        TestPublisher publisher = rig.publish("hall/b").init().frames(17);
        rig.awaitFrames(17);
        rig.publish("hall/a").init().frames(2).end();
        rig.watch("hall/b").greeted().stream("live", 1);
        List<Map<String, Object>> streams = rig.streams();
        assertEquals(List.of("hall/a", "hall/b"), streams.stream().map(stream -> stream.get("path")).toList());
        assertEquals("waiting", streams.getFirst().get("state"));
        Map<String, Object> live = streams.getLast();
        long bytes = 0;
        for (int i = 0; i < 17; i++) {
            bytes += Sample.unit(i).length + MediaUnit.HEADER_BYTES;
        }
        long gop = Sample.unit(15).length + Sample.unit(16).length + 2 * MediaUnit.HEADER_BYTES;
        Map<String, Object> expected = Map.ofEntries(Map.entry("state", "live"), Map.entry("epoch", 1.0),
                Map.entry("container", "fmp4"), Map.entry("mime", "video/mp4; codecs=\"avc1.42c00a\""),
                Map.entry("width", 160.0), Map.entry("height", 90.0), Map.entry("viewers", 1.0),
                Map.entry("gopBytes", (double) gop), Map.entry("gopCached", true), Map.entry("framesIn", 17.0),
                Map.entry("bytesIn", (double) bytes), Map.entry("framesDropped", 0.0));
        expected.forEach((name, value) -> assertEquals(value, live.get(name), name));
        assertTrue((Double) live.get("fps") >= 17 / 6.0 && (Double) live.get("bitrate") > 0, live::toString);
        assertTrue((Double) live.get("uptimeMs") >= 0 && (Double) live.get("uptimeMs") < 30_000);
        publisher.end();
    }

    @Test
    @DisplayName("/healthz is ok, there is no icon, and GET /live/... asks for an upgrade to WebSocket")
    void small() throws Exception {
        HttpResponse<String> health = rig.send("GET", "/healthz");
        assertEquals("ok\n", health.body());
        assertEquals("no-store", header(health, "Cache-Control"));
        assertEquals(204, rig.send("GET", "/favicon.ico").statusCode());
        HttpResponse<String> live = rig.send("GET", "/live/cam1");
        assertEquals(426, live.statusCode());
        assertEquals("websocket", header(live, "Upgrade"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/watch/a", "/player.js", "/healthz", "/api/v1/streams", "/nothing.js"})
    @DisplayName("HEAD is answered like GET, without the content")
    void head(String path) throws Exception {
        HttpResponse<String> get = rig.send("GET", path);
        HttpResponse<String> head = rig.send("HEAD", path);
        assertEquals(get.statusCode(), head.statusCode());
        assertEquals("", head.body());
        assertEquals(header(get, "Content-Length"), header(head, "Content-Length"));
        assertEquals(header(get, "Content-Type"), header(head, "Content-Type"));
    }

    @ParameterizedTest
    @CsvSource({"POST, /, 'GET, HEAD'", "DELETE, /healthz, 'GET, HEAD'", "OPTIONS, /api/v1/streams, 'GET, HEAD'",
        "PUT, /live/a, 'GET, HEAD'", "GET, /publish/a, 'PUT, POST'", "HEAD, /publish/a, 'PUT, POST'",
        "DELETE, /publish/a, 'PUT, POST'"})
    @DisplayName("another method is refused with 405 and the list of allowed methods")
    void method(String method, String path, String allow) throws Exception {
        HttpResponse<String> response = rig.send(method, path);
        assertEquals(405, response.statusCode());
        assertEquals(allow, header(response, "Allow"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/nothing.js", "/.js", "/index", "/INDEX.HTML", "/index.html/", "//index.html",
        "/web/index.html", "/watch/", "/watch", "/watch/a.b", "/watch/a/b/c/d/e", "/api/v1/streams/", "/api",
        "/../Pages.class", "/Pages.class", "/./index.js", "/%2e%2e/Pages.class", "/..%2fPages.class",
        "/..%5cPages.class", "/%2e%2e%2f%2e%2e%2fmodule-info.class", "/a%00.js", "/index.js%00.html",
        "/style.css;x", "/%zz", "/\\index.html"})
    @DisplayName("a path without a page, or that leads out of the folder of pages, is answered with 404 or 400")
    void notThere(String path) throws Exception {
        String rest = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        String answer = rig.connect().send("GET " + path + rest).rest();
        assertTrue(answer.startsWith("HTTP/1.1 404 ") || answer.startsWith("HTTP/1.1 400 "), answer);
        assertFalse(answer.contains("\u00CA\u00FE\u00BA\u00BE"), "a class file");
    }
}
