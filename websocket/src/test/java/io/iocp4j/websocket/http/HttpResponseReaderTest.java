package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.bytes;
import static io.iocp4j.websocket.http.HttpFixture.drip;
import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The head of a response")
class HttpResponseReaderTest {
    private static final String SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            + "Connection: keep-alive, Upgrade\r\nEmpty:\r\nX:\t\u00e4 b \r\n\r\n";

    private final HttpResponseReader reader = new HttpResponseReader(HttpLimits.defaults());

    private static HttpResponseHead read(String head) throws HttpException {
        ByteBuffer in = bytes(head);
        HttpResponseHead response = new HttpResponseReader(HttpLimits.defaults()).read(in);
        assertNotNull(response, "incomplete: " + head);
        assertFalse(in.hasRemaining());
        return response;
    }

    private static HttpException refusal(String head, HttpLimits limits) {
        return assertThrows(HttpException.class, () -> new HttpResponseReader(limits).read(bytes(head)), head);
    }

    private static List<String> describe(HttpResponseHead head) {
        List<String> parts = new ArrayList<>(List.of(head.status() + " " + head.http11()));
        head.headers().forEach((name, value) -> parts.add(name + ": " + value));
        return parts;
    }

    @Test
    @DisplayName("is parsed, and frames after it stay in the buffer")
    void whole() throws HttpException {
        ByteBuffer in = bytes(SWITCHING + "\u0081\u0002hi");
        HttpResponseHead head = reader.read(in);
        assertEquals(List.of("101 true", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Empty: ",
                "X: \u00e4 b"), describe(head));
        assertEquals("\u0081\u0002hi", text(in));
        assertFalse(reader.isStarted());
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("has any reason or none, and the version 1.0 or 1.1")
    @ValueSource(strings = {"HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200",
            "HTTP/1.1 200 a  b\tc", "HTTP/1.1 200 gr\u00fcn", "HTTP/1.1 599 -", "HTTP/1.1 100 Continue"})
    void statusLines(String line) throws HttpException {
        HttpResponseHead head = read(line + "\r\n\r\n");
        assertEquals(Integer.parseInt(line.substring(9, 12)), head.status());
        assertEquals(line.startsWith("HTTP/1.1"), head.http11());
        assertEquals(0, head.headers().size());
    }

    @Test
    @DisplayName("is interim or not by its status; 101 is not interim")
    void interim() throws HttpException {
        assertTrue(read("HTTP/1.1 100 C\r\n\r\n").isInterim());
        assertTrue(read("HTTP/1.1 103 Early Hints\r\n\r\n").isInterim());
        assertFalse(read("HTTP/1.1 101 S\r\n\r\n").isInterim());
        assertFalse(read("HTTP/1.1 200 OK\r\n\r\n").isInterim());
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @Shows("CR/LF in header or reason")
    @DisplayName("CR/LF in header or reason: is refused at the first illegal byte, whole or byte by byte")
    @ValueSource(strings = {"\r", "\n", " ", "\u0000", "\u0016", "\u0081", "G", "h", "HTTP/2", "HTTP/1.2",
            "HTTP/1.1\t", "HTTP/1.1  ", "HTTP/1.1\n", "HTTP/1.10", "HTTP/1.1 0", "HTTP/1.1 6", "HTTP/1.1 9",
            "HTTP/1.1 -", "HTTP/1.1 1x", "HTTP/1.1 1 ", "HTTP/1.1 10 ", "HTTP/1.1 1011", "HTTP/1.1 101\t",
            "HTTP/1.1 101-", "HTTP/1.1 101 a\n", "HTTP/1.1 101 a\u0000", "HTTP/1.1 101 a\u007f", "HTTP/1.1 101 a\rb",
            "HTTP/1.1 200 OK\r\n\n", "HTTP/1.1 200 OK\r\n ", "HTTP/1.1 200 OK\r\n\t", "HTTP/1.1 200 OK\r\nA: b\r\n ",
            "HTTP/1.1 200 OK\r\nA: b\n", "HTTP/1.1 200 OK\r\nA: \u0001", "HTTP/1.1 200 OK\r\nA: b\rc", "ICY 200 OK",
            "HTTP 200 OK"})
    void refusedAtOnce(String head) throws HttpException {
        int wrong = head.startsWith("ICY") ? 1 : head.startsWith("HTTP 2") ? 5 : head.equals("\r") ? 2 : head.length();
        HttpException refused = assertThrows(HttpException.class, () -> drip((head + "\n").substring(0, wrong),
                reader));
        assertEquals(502, refused.status());
        if (wrong > 1) {
            assertNull(drip(head.substring(0, wrong - 1), new HttpResponseReader(HttpLimits.defaults())),
                    "refused too early");
        }
        assertEquals(refused.getMessage(), refusal(head + "\n", HttpLimits.defaults()).getMessage());
    }

    @ParameterizedTest(name = "[{index}] <{0}>")
    @DisplayName("is refused at the end of a malformed line")
    @ValueSource(strings = {"\r\n", "HTTP/1.1\r\n", "HTTP/1.1 \r\n", "HTTP/1.1 10\r\n", "HTTP/1.1 200 OK\r\nA\r\n",
            "HTTP/1.1 200 OK\r\n: b\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n", "HTTP/1.1 200 OK\r\nA B: c\r\n",
            "HTTP/1.1 200 OK\r\n\u00c4: c\r\n", "HTTP/1.1 200 OK\r\n(A): c\r\n"})
    void refusedLine(String head) throws HttpException {
        assertEquals(502, refusal(head, HttpLimits.defaults()).status());
        assertNull(drip(head.substring(0, head.length() - 1), new HttpResponseReader(HttpLimits.defaults())));
        assertThrows(HttpException.class, () -> drip(head, reader));
    }

    @Test
    @Shows("B23")
    @DisplayName("is the same if it is cut at any place or arrives byte by byte")
    void cuts() throws HttpException {
        List<String> expected = describe(read(SWITCHING));
        for (int cut = 0; cut < SWITCHING.length(); cut++) {
            HttpResponseReader fresh = new HttpResponseReader(HttpLimits.defaults());
            assertNull(fresh.read(bytes(SWITCHING.substring(0, cut))), "complete at " + cut);
            assertEquals(cut > 0, fresh.isStarted());
            assertEquals(expected, describe(fresh.read(bytes(SWITCHING.substring(cut)))), "cut at " + cut);
        }
        assertEquals(expected, describe(drip(SWITCHING, reader)));
    }

    @Test
    @DisplayName("may have maxHeaderBytes and maxHeaders; one more is refused")
    void limits() throws HttpException {
        HttpLimits limits = HttpLimits.defaults();
        String frame = "HTTP/1.1 200 OK\r\nA: \r\n\r\n";
        String exact = "HTTP/1.1 200 OK\r\nA: " + "x".repeat(limits.maxHeaderBytes() - frame.length()) + "\r\n\r\n";
        assertEquals(32_768, exact.length());
        assertNotNull(drip(exact, reader));
        assertEquals(502, refusal(exact.replace("A: ", "A: y"), limits).status());
        String reason = "HTTP/1.1 200 " + "x".repeat(limits.maxHeaderBytes());
        HttpResponseReader long502 = new HttpResponseReader(limits);
        assertNull(long502.read(bytes(reason.substring(0, limits.maxHeaderBytes()))));
        assertThrows(HttpException.class, () -> long502.read(bytes("x")));

        String fields = "A: b\r\n".repeat(64);
        assertEquals(64, read("HTTP/1.1 200 OK\r\n" + fields + "\r\n").headers().size());
        assertEquals(502, refusal("HTTP/1.1 200 OK\r\n" + fields + "A: b\r\n", limits).status());
    }

    @Test
    @DisplayName("follows another one after reset(), not without, and never after a refusal")
    void reset() throws HttpException {
        ByteBuffer in = bytes("HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.0 200 OK\r\n\r\nhello");
        assertEquals(List.of("100 true", "A: b"), describe(reader.read(in)));
        assertThrows(IllegalStateException.class, () -> reader.read(in));
        reader.reset();
        assertEquals(List.of("200 false"), describe(reader.read(in)));
        assertEquals("hello", text(in));
        reader.reset();
        assertNull(reader.read(bytes("HTTP/1.1 2")));
        reader.reset();
        HttpException first = assertThrows(HttpException.class, () -> reader.read(bytes("x")));
        assertSame(first, assertThrows(HttpException.class, () -> reader.read(bytes(SWITCHING))));
        assertThrows(IllegalStateException.class, reader::reset);
    }

    @Test
    @DisplayName("mutated 20,000 times is read or refused, with the same result in one piece and byte by byte")
    void mutations() {
        long seed = 20_261_123L;
        SplittableRandom random = new SplittableRandom(seed);
        String interesting = "\r\n :\t/%?#\u0000\u00ff,0;\\";
        for (int round = 0; round < 20_000; round++) {
            StringBuilder head = new StringBuilder(SWITCHING);
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
        HttpResponseReader fresh = new HttpResponseReader(HttpLimits.defaults());
        try {
            HttpResponseHead response = dripping ? drip(head, fresh) : fresh.read(bytes(head));
            return response == null ? List.of("incomplete") : describe(response);
        } catch (HttpException refused) {
            return List.of(refused.getMessage());
        }
    }
}
