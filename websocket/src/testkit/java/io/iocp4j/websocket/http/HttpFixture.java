package io.iocp4j.websocket.http;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Makes requests and fields from text, for the tests of the HTTP classes. */
public final class HttpFixture {
    /** The key of RFC 6455 section 1.3. */
    public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private HttpFixture() {
    }

    public static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public static String text(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
    }

    /** Reads a whole head in one piece with the default limits. */
    public static HttpRequest read(String head) throws HttpException {
        ByteBuffer in = bytes(head);
        HttpRequest request = new HttpRequestReader(HttpLimits.defaults()).read(in);
        assertNotNull(request, "incomplete: " + head);
        assertFalse(in.hasRemaining(), "left over");
        return request;
    }

    /** Returns the refusal of a head that arrives in one piece. */
    public static HttpException refusal(String head, HttpLimits limits) {
        return assertThrows(HttpException.class, () -> new HttpRequestReader(limits).read(bytes(head)), head);
    }

    /** Reads byte by byte until a head is complete. Returns null if none is. */
    public static <H> H drip(String head, HttpHeadReader<H> reader) throws HttpException {
        // direct on purpose: the reader must not need the array of a buffer
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        for (byte b : head.getBytes(StandardCharsets.ISO_8859_1)) {
            H read = reader.read(one.clear().put(b).flip());
            assertFalse(one.hasRemaining());
            if (read != null) {
                return read;
            }
        }
        return null;
    }

    /** Makes a GET with Host and these further lines, each without its CRLF. */
    public static String get(String target, String... lines) {
        StringBuilder head = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: example.com\r\n");
        for (String line : lines) {
            head.append(line).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    /** Makes one line of a field for each value, also with characters that the reader of heads would refuse. */
    public static HttpHeaders parsed(String name, String... values) {
        HttpHeaders.Builder builder = HttpHeaders.builder();
        for (String value : values) {
            builder.addParsed(name, value);
        }
        return builder.build();
    }
}
