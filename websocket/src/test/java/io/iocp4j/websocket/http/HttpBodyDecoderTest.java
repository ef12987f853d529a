package io.iocp4j.websocket.http;

import static io.iocp4j.websocket.http.HttpFixture.bytes;
import static io.iocp4j.websocket.http.HttpFixture.get;
import static io.iocp4j.websocket.http.HttpFixture.read;
import static io.iocp4j.websocket.http.HttpFixture.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HttpBodyDecoderTest {
    private static final HttpLimits LIMITS = HttpLimits.defaults();
    private static final String CHUNKED = "5\r\nhello\r\n00a;x=\"a;b\";y\r\n0123456789\r\n"
            + "B \t; z\r\nabc\r\n0\r\nabc\r\n000;last\r\nExpires: never\r\nX:\r\n\r\n";
    private static final String CONTENT = "hello0123456789abc\r\n0\r\nabc";

    private final StringBuilder content = new StringBuilder();

    static Stream<Arguments> badBodies() {
        return Stream.of(
                bad(400, "no size", "\r\n"),
                bad(400, "letter", "g\r\n"),
                bad(400, "negative", "-5\r\n"),
                bad(400, "plus", "+5\r\n"),
                bad(400, "0x", "0x5\r\n"),
                bad(400, "space before the size", " 5\r\n"),
                bad(400, "extension without size", ";a\r\n"),
                bad(400, "two sizes", "5 5\r\n"),
                bad(400, "space behind the size", "5 \r\n"),
                bad(400, "17 digits", "00000000000000005\r\n"),
                bad(400, "above long by one", "8000000000000000\r\n"),
                bad(400, "all ones", "ffffffffffffffff\r\n"),
                bad(400, "2^64 + 1", "10000000000000001\r\n"),
                bad(400, "bare LF behind the size", "5\nhello"),
                bad(400, "bare CR behind the size", "5\rhello"),
                bad(400, "bare LF in an extension", "5;a\nhello"),
                bad(400, "NUL in an extension", "5;\u0000\r\n"),
                bad(400, "no CRLF behind the content", "1\r\nab"),
                bad(400, "bare LF behind the content", "1\r\na\n"),
                bad(400, "bare CR behind the content", "1\r\na\r1"),
                bad(400, "next size without CRLF", "1\r\na1\r\n"),
                bad(400, "bare CR behind the last chunk", "0\r\n\rX"),
                bad(400, "bare LF behind the last chunk", "0\r\n\n"),
                bad(400, "NUL in a trailer", "0\r\nA: \u0000\r\n"),
                bad(400, "bare CR in a trailer", "0\r\nA: b\rc"),
                bad(400, "bare LF in a trailer", "0\r\nA: b\nc"),
                bad(400, "huge extension", "5;" + "x".repeat(LIMITS.maxChunkLineBytes())),
                bad(431, "huge trailer", "0\r\nA: " + "x".repeat(LIMITS.maxTrailerBytes())),
                bad(431, "endless trailers", "0\r\n" + "A:\r\n".repeat(LIMITS.maxTrailerBytes() / 4 + 1)));
    }

    private static Arguments bad(int status, String what, String body) {
        return Arguments.of(status, what, body);
    }

    @Test
    @DisplayName("without Content-Length and chunks there is no body")
    void none() throws HttpException {
        for (HttpRequest request : new HttpRequest[] {read(get("/")), read(get("/", "Content-Length: 0"))}) {
            HttpBodyDecoder decoder = new HttpBodyDecoder(request, LIMITS);
            assertTrue(decoder.isDone());
            ByteBuffer next = bytes("GET /");
            decoder.decode(next, this::collect);
            assertEquals(0, next.position());
            assertEquals("", content.toString());
        }
    }

    @Test
    @DisplayName("a body of known length ends after that length, and the rest stays in the buffer")
    void contentLength() throws HttpException {
        String wire = "hello worldGET /";
        for (int cut = 0; cut <= wire.length(); cut++) {
            content.setLength(0);
            HttpBodyDecoder decoder = new HttpBodyDecoder(read(get("/", "Content-Length: 11")), LIMITS);
            ByteBuffer in = bytes(wire).limit(cut);
            decoder.decode(in, this::collect);
            assertEquals(cut >= 11, decoder.isDone());
            decoder.decode(in.limit(wire.length()), this::collect);
            assertTrue(decoder.isDone());
            assertEquals("hello world", content.toString());
            assertEquals("GET /", text(in));
        }
    }

    @Test
    @Shows("B23")
    @DisplayName("a chunked body cut at any place has the same content, and the rest stays in the buffer")
    void chunkedTwoPieces() throws HttpException {
        String wire = CHUNKED + "GET /";
        for (int cut = 0; cut <= wire.length(); cut++) {
            content.setLength(0);
            HttpBodyDecoder decoder = chunked(LIMITS);
            ByteBuffer in = bytes(wire).limit(cut);
            decoder.decode(in, this::collect);
            assertEquals(cut >= CHUNKED.length(), decoder.isDone(), "cut at " + cut);
            decoder.decode(in.limit(wire.length()), this::collect);
            assertTrue(decoder.isDone());
            assertEquals(CONTENT, content.toString(), "cut at " + cut);
            assertEquals("GET /", text(in), "cut at " + cut);
        }
    }

    @Test
    @Shows("B23")
    @DisplayName("a chunked body that arrives byte by byte has the same content")
    void chunkedByteByByte() throws HttpException {
        HttpBodyDecoder decoder = chunked(LIMITS);
        ByteBuffer in = bytes(CHUNKED);
        for (int i = 1; i <= in.capacity(); i++) {
            assertFalse(decoder.isDone());
            decoder.decode(in.limit(i), this::collect);
        }
        assertTrue(decoder.isDone());
        assertEquals(CONTENT, content.toString());
    }

    @Test
    @DisplayName("content is a view of the input, not a copy")
    void view() throws HttpException {
        ByteBuffer in = bytes("3\r\nabc\r\n");
        chunked(LIMITS).decode(in, part -> part.put(1, (byte) 'X'));
        assertEquals("3\r\naXc\r\n", text(in.rewind()));
    }

    @Test
    @DisplayName("the largest chunk that a long can count begins without memory being allocated for it")
    void largest() throws HttpException {
        HttpBodyDecoder decoder = chunked(LIMITS);
        decoder.decode(bytes("7fffFFFFffffffff\r\nabc"), this::collect);
        assertFalse(decoder.isDone());
        assertEquals("abc", content.toString());
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("a hostile chunked body is refused with its status")
    @MethodSource("badBodies")
    void refused(int status, String what, String body) {
        HttpBodyDecoder decoder = chunked(LIMITS);
        assertEquals(status, assertThrows(HttpException.class, () -> decoder.decode(bytes(body), this::collect),
                what).status());
        assertFalse(decoder.isDone());
    }

    @ParameterizedTest(name = "[{index}] {0} {1}")
    @DisplayName("a hostile chunked body that arrives byte by byte is refused with the same status")
    @MethodSource("badBodies")
    void refusedDripping(int status, String what, String body) {
        HttpBodyDecoder decoder = chunked(LIMITS);
        ByteBuffer in = bytes(body);
        HttpException refusal = assertThrows(HttpException.class, () -> {
            for (int i = 1; i <= in.capacity(); i++) {
                decoder.decode(in.limit(i), this::collect);
            }
        }, what);
        assertEquals(status, refusal.status());
    }

    @Test
    @DisplayName("a chunk-size line of exactly maxChunkLineBytes is read, one byte more is 400")
    void chunkLineLimit() throws HttpException {
        HttpLimits limits = LIMITS.maxChunkLineBytes(16);
        String exact = "1;" + "x".repeat(12) + "\r\na\r\n";
        HttpBodyDecoder decoder = chunked(limits);
        // twice, because the count restarts with each line
        decoder.decode(bytes(exact + exact), this::collect);
        assertEquals("aa", content.toString());
        assertEquals(400, assertThrows(HttpException.class,
                () -> decoder.decode(bytes("1;" + "x".repeat(13) + "\r\n"), this::collect)).status());
    }

    @Test
    @DisplayName("trailers of exactly maxTrailerBytes are skipped, one byte more is 431; the empty line does not count")
    void trailerLimit() throws HttpException {
        HttpBodyDecoder exact = chunked(LIMITS.maxTrailerBytes(8));
        exact.decode(bytes("0\r\nA:\r\nB:\r\n\r\n"), this::collect);
        assertTrue(exact.isDone());
        assertEquals(431, assertThrows(HttpException.class, () -> chunked(LIMITS.maxTrailerBytes(7))
                .decode(bytes("0\r\nA:\r\nB:\r\n\r\n"), this::collect)).status());
        HttpBodyDecoder none = chunked(LIMITS.maxTrailerBytes(0));
        none.decode(bytes("0\r\n\r\n"), this::collect);
        assertTrue(none.isDone());
    }

    @Test
    @DisplayName("after a refusal the decoder refuses every call")
    void poisoned() {
        HttpBodyDecoder decoder = chunked(LIMITS);
        HttpException first = assertThrows(HttpException.class, () -> decoder.decode(bytes("x"), this::collect));
        ByteBuffer good = bytes("1\r\na\r\n");
        assertSame(first, assertThrows(HttpException.class, () -> decoder.decode(good, this::collect)));
        assertEquals(0, good.position());
    }

    @Test
    @DisplayName("content is not repeated after the consumer has thrown: the next call continues after it")
    void throwingConsumer() throws HttpException {
        HttpBodyDecoder decoder = chunked(LIMITS);
        ByteBuffer in = bytes("1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
        assertThrows(UnsupportedOperationException.class, () -> decoder.decode(in, part -> {
            throw new UnsupportedOperationException();
        }));
        decoder.decode(in, this::collect);
        assertEquals("b", content.toString());
        assertTrue(decoder.isDone());
    }

    private static HttpBodyDecoder chunked(HttpLimits limits) {
        HttpHeaders headers = HttpHeaders.builder().add("Transfer-Encoding", "chunked").build();
        return new HttpBodyDecoder(new HttpRequest("POST", "/", "/", null, headers, true), limits);
    }

    private void collect(ByteBuffer part) {
        assertTrue(part.hasRemaining(), "an empty part");
        content.append(text(part));
    }

    private static HttpBodyDecoder ofResponse(int status, String... fields) throws HttpException {
        HttpHeaders.Builder headers = HttpHeaders.builder();
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        return new HttpBodyDecoder(new HttpResponseHead(status, true, headers.build()), LIMITS);
    }

    @Test
    @DisplayName("the body of a response is framed by its length, by chunks, or by the end of the connection")
    void responses() throws HttpException {
        HttpBodyDecoder counted = ofResponse(404, "Content-Length", "3");
        ByteBuffer in = bytes("abcdef");
        counted.decode(in, piece -> content.append(text(piece)));
        assertTrue(counted.isDone());
        assertEquals("def", text(in));
        HttpBodyDecoder chunked = ofResponse(500, "Transfer-Encoding", "chunked");
        chunked.decode(bytes("2\r\nde\r\n0\r\n\r\n"), piece -> content.append(text(piece)));
        assertTrue(chunked.isDone());
        HttpBodyDecoder endless = ofResponse(200);
        endless.decode(bytes("fgh"), piece -> content.append(text(piece)));
        endless.decode(bytes("i"), piece -> content.append(text(piece)));
        assertFalse(endless.isDone());
        assertEquals("abcdefghi", content.toString());
    }

    @Test
    @DisplayName("a response 1xx, 204 or 304 has no body, whatever its fields say")
    void noBodies() throws HttpException {
        for (int status : new int[] {100, 101, 204, 304}) {
            assertTrue(ofResponse(status).isDone());
            assertTrue(ofResponse(status, "Content-Length", "5").isDone());
            assertTrue(ofResponse(status, "Transfer-Encoding", "chunked").isDone());
            assertTrue(ofResponse(status, "Transfer-Encoding", "gzip", "Content-Length", "5").isDone());
            assertTrue(ofResponse(status, "Content-Length", "-5").isDone());
        }
        assertTrue(ofResponse(200, "Content-Length", "0").isDone());
    }

    @Test
    @DisplayName("a response whose fields contradict each other is refused")
    void badResponses() {
        assertThrows(HttpException.class, () -> ofResponse(200, "Content-Length", "5", "Transfer-Encoding", "chunked"));
        assertThrows(HttpException.class, () -> ofResponse(200, "Content-Length", "5", "Content-Length", "6"));
        assertThrows(HttpException.class, () -> ofResponse(200, "Content-Length", "-5"));
        assertThrows(HttpException.class, () -> ofResponse(200, "Transfer-Encoding", "gzip"));
    }
}
