package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.bytes;
import static io.iocp4j.websocket.http.HttpFixture.drip;
import static io.iocp4j.websocket.http.HttpFixture.get;
import static io.iocp4j.websocket.http.HttpFixture.read;
import static io.iocp4j.websocket.http.HttpFixture.refusal;
import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HttpRequestReaderTest {
    private static final String UPGRADE = get("/chat?a=1", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: " + HttpFixture.KEY, "Sec-WebSocket-Version: 13");
    private static final String POST = "POST /live/cam%201 HTTP/1.0\r\nContent-Length:3\r\n"
            + "X: \u00e4 \tb\t \r\nEmpty:\r\n\r\n";
    private static final String BLANK_FIRST = "\r\n\r\n" + get("/");

    private final HttpRequestReader reader = new HttpRequestReader(HttpLimits.defaults());

    static Stream<String> requests() {
        return Stream.of(UPGRADE, POST, BLANK_FIRST);
    }

    @Test
    @DisplayName("a request is parsed")
    void whole() throws HttpException {
        HttpRequest request = read(POST);
        assertEquals("POST", request.method());
        assertEquals("/live/cam 1", request.path());
        assertFalse(request.http11());
        assertEquals(3, request.contentLength());
        assertEquals("\u00e4 \tb", request.headers().first("x"));
        assertEquals("", request.headers().first("empty"));
        assertEquals(3, request.headers().size());
    }

    @ParameterizedTest(name = "[{index}]")
    @Shows("B23")
    @DisplayName("a request cut at any place is the same request")
    @MethodSource("requests")
    void twoPieces(String head) throws HttpException {
        List<String> expected = describe(read(head));
        for (int cut = 0; cut < head.length(); cut++) {
            HttpRequestReader fresh = new HttpRequestReader(HttpLimits.defaults());
            assertNull(fresh.read(bytes(head.substring(0, cut))), "complete at " + cut);
            HttpRequest request = fresh.read(bytes(head.substring(cut)));
            assertNotNull(request, "cut at " + cut);
            assertEquals(expected, describe(request), "cut at " + cut);
        }
    }

    @ParameterizedTest(name = "[{index}]")
    @Shows("B23")
    @DisplayName("a request that arrives byte by byte is the same request")
    @MethodSource("requests")
    void byteByByte(String head) throws HttpException {
        assertEquals(describe(read(head)), describe(drip(head, reader)));
    }

    @Test
    @Shows("B22")
    @DisplayName("the bytes after the head stay in the buffer, and the next request can be read from them")
    void rest() throws HttpException {
        ByteBuffer in = bytes(UPGRADE + "\u0081\u0085GET /");
        assertNotNull(reader.read(in));
        assertEquals("\u0081\u0085GET /", text(in));

        ByteBuffer pipelined = bytes(get("/1") + get("/2"));
        reader.reset();
        assertEquals("/1", reader.read(pipelined).path());
        reader.reset();
        assertEquals("/2", reader.read(pipelined).path());
        assertFalse(pipelined.hasRemaining());
    }

    @Test
    @DisplayName("a method of 20 bytes is read, the 21st byte is refused at once")
    void methodLength() throws HttpException {
        String longest = "M".repeat(HttpRequestReader.MAX_METHOD_BYTES);
        assertEquals(longest, read(longest + " / HTTP/1.1\r\nHost: h\r\n\r\n").method());
        assertEquals(400, refusal(longest + "M", HttpLimits.defaults()).status());
    }

    @Test
    @DisplayName("4 empty lines before a request are tolerated, a fifth is not")
    void blankLines() throws HttpException {
        String allowed = "\r\n".repeat(HttpRequestReader.MAX_BLANK_LINES);
        assertEquals("/", read(allowed + get("/")).path());
        assertEquals(400, refusal(allowed + "\r\n", HttpLimits.defaults()).status());
    }

    @Test
    @DisplayName("a head of exactly maxHeaderBytes is read, one byte more is 431")
    void headLimit() throws HttpException {
        HttpLimits limits = HttpLimits.defaults();
        int padding = limits.maxHeaderBytes() - get("/", "A: ").length();
        String exact = get("/", "A: " + "x".repeat(padding));
        assertEquals(limits.maxHeaderBytes(), exact.length());
        assertEquals(padding, read(exact).headers().first("A").length());
        // empty lines before the request do not count
        assertNotNull(read("\r\n" + exact));
        assertEquals(431, refusal(get("/", "A: x" + "x".repeat(padding)), limits).status());
    }

    @Test
    @DisplayName("8 KB of cookies beside the usual fields of a browser are read: cookies have no port, "
            + "and another server on the host may have set them (RFC 6265 section 8.5)")
    void manyCookies() throws HttpException {
        HttpRequest request = read(get("/", "User-Agent: Mozilla/5.0 " + "x".repeat(120), "Accept: text/html,*/*;q=0.8",
                "Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br, zstd", "Connection: keep-alive",
                "Cookie: " + "a=b; ".repeat(1600), "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"));
        assertEquals(7999, request.headers().first("Cookie").length());
    }

    @Test
    @DisplayName("a request line that fills maxHeaderBytes is 414, at the first byte above the limit")
    void requestLineLimit() throws HttpException {
        HttpLimits limits = new HttpLimits(64, 1, 16, 0);
        String line = "GET /" + "x".repeat(limits.maxHeaderBytes() - 5);
        HttpRequestReader small = new HttpRequestReader(limits);
        assertNull(small.read(bytes(line)));
        assertEquals(414, assertThrows(HttpException.class, () -> small.read(bytes("x"))).status());
        String shorter = "GET /" + "x".repeat(limits.maxHeaderBytes() - 5 - 11) + " HTTP/1.1\r\n";
        assertEquals(limits.maxHeaderBytes(), shorter.length());
        assertEquals(431, refusal(shorter + "\r", limits).status());
    }

    @Test
    @Shows("CVE-2024-37890")
    @DisplayName("64 fields are read, 65 are 431")
    void fieldCount() throws HttpException {
        String[] lines = new String[HttpLimits.defaults().maxHeaders() - 1];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "A" + i + ": b";
        }
        assertEquals(64, read(get("/", lines)).headers().size());
        String oneMore = get("/", lines).replace("A0: b\r\n", "A0: b\r\nB: c\r\n");
        assertEquals(431, refusal(oneMore, HttpLimits.defaults()).status());
    }

    @Test
    @Shows("CVE-2023-43669")
    @DisplayName("8 KiB that arrive byte by byte are read, and a byte costs the same after 1 MiB")
    void drippingHead() throws HttpException {
        String head = headOf(8192);
        assertEquals(describe(read(head)), describe(drip(head, reader)));
        String longest = headOf(1 << 20);
        HttpRequestReader wide = new HttpRequestReader(HttpLimits.defaults().maxHeaderBytes(longest.length()));
        // a reader that rescanned the head at each byte would look at 5 * 10^11 bytes
        assertNotNull(assertTimeout(Duration.ofSeconds(10), () -> drip(longest, wide)));
    }

    private static String headOf(int bytes) {
        String head = get("/", "Cookie: " + "x".repeat(bytes - get("/", "Cookie: ").length()));
        assertEquals(bytes, head.length());
        return head;
    }

    @Test
    @DisplayName("after a refusal the reader refuses every call")
    void poisoned() {
        HttpException first = assertThrows(HttpException.class, () -> reader.read(bytes("\u0000")));
        ByteBuffer good = bytes(get("/"));
        assertSame(first, assertThrows(HttpException.class, () -> reader.read(good)));
        assertEquals(0, good.position());
        assertThrows(IllegalStateException.class, reader::reset);
        assertFalse(reader.isStarted());
    }

    @Test
    @DisplayName("reset() is needed between two requests, and forgets an incomplete one")
    void reset() throws HttpException {
        assertNotNull(reader.read(bytes(get("/"))));
        assertThrows(IllegalStateException.class, () -> reader.read(bytes(get("/"))));
        reader.reset();
        assertNull(reader.read(bytes("GET /half HTTP/1.1\r\nHost: a\r\nX: y\r")));
        reader.reset();
        HttpRequest request = reader.read(bytes(get("/next")));
        assertEquals("/next", request.path());
        assertEquals(1, request.headers().size());
    }

    @Test
    @DisplayName("isStarted() is true from the first byte of a request until its last")
    void started() throws HttpException {
        assertFalse(reader.isStarted());
        reader.read(bytes("\r\n"));
        assertFalse(reader.isStarted());
        String head = get("/");
        for (int i = 0; i < head.length() - 1; i++) {
            reader.read(bytes(head.substring(i, i + 1)));
            assertTrue(reader.isStarted(), "after byte " + i);
        }
        reader.read(bytes("\n"));
        assertFalse(reader.isStarted());
    }

    @Test
    @DisplayName("mutated requests are read or refused, with the same result in one piece and byte by byte")
    void mutations() {
        long seed = 20_261_122L;
        SplittableRandom random = new SplittableRandom(seed);
        String interesting = "\r\n :\t/%?#\u0000\u00ff,0;\\";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder head = new StringBuilder(round % 2 == 0 ? UPGRADE : POST);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                int at = random.nextInt(head.length());
                char replacement = interesting.charAt(random.nextInt(interesting.length()));
                switch (random.nextInt(3)) {
                    case 0 -> head.setCharAt(at, replacement);
                    case 1 -> head.insert(at, replacement);
                    default -> head.deleteCharAt(at);
                }
            }
            String mutated = head.toString();
            assertEquals(outcome(mutated, false), outcome(mutated, true), () -> "seed " + seed + ": " + mutated);
        }
    }

    private static List<String> outcome(String head, boolean dripping) {
        HttpRequestReader fresh = new HttpRequestReader(HttpLimits.defaults());
        try {
            HttpRequest request = dripping ? drip(head, fresh) : fresh.read(bytes(head));
            return request == null ? List.of("incomplete") : describe(request);
        } catch (HttpException refused) {
            return List.of(refused.status() + " " + refused.getMessage());
        }
    }

    private static List<String> describe(HttpRequest request) {
        List<String> parts = new ArrayList<>(List.of(request.method(), request.target(), request.path(),
                String.valueOf(request.query()), String.valueOf(request.http11())));
        request.headers().forEach((name, value) -> parts.add(name + ": " + value));
        return parts;
    }
}
