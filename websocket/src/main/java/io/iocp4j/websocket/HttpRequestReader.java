package io.iocp4j.websocket;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reads heads of HTTP/1.x requests (RFC 9112 sections 2 to 5) from pieces of any size. Each byte is judged once, when
 * it arrives: what cannot become a request is refused at its first wrong byte, and a head that drips in costs no more
 * than one that comes whole. Memory grows with what was received and ends at {@link HttpLimits#maxHeaderBytes()}.
 *
 * <p>Stricter than the RFC asks: a bare LF does not end a line, folded fields are refused.
 *
 * <p>One reader per connection. Not safe for several threads. Keeps no reference to a buffer it was given.
 */
public final class HttpRequestReader {
    /** Empty lines tolerated before a request line (RFC 9112 section 2.2). */
    static final int MAX_BLANK_LINES = 4;
    /** Longest method; with it, binary that happens to look like a token is refused early. */
    static final int MAX_METHOD_BYTES = 20;

    private static final int FIRST_LINE_CAPACITY = 256;
    private static final byte[] NOTHING = new byte[0];

    private enum State {
        /** In the request line, or in the empty lines before it. */
        REQUEST_LINE,
        /** In the field lines. */
        FIELDS,
        /** A request was returned; reset() starts the next one. */
        COMPLETE
    }

    private final HttpLimits limits;
    private State state = State.REQUEST_LINE;
    /** The line so far, without its CRLF. */
    private byte[] line = NOTHING;
    private int lineLength;
    private boolean carriageReturn;
    private int headBytes;
    private int blankLines;
    /** Bytes of the method, 0 until the space behind it was seen. */
    private int methodLength;
    private String method;
    private String target;
    private boolean http11;
    private HttpHeaders.Builder fields = HttpHeaders.builder();
    private HttpException failure;

    /**
     * A reader before its first request.
     *
     * @param limits of every request on the connection
     */
    public HttpRequestReader(HttpLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    /**
     * Consumes the head of a request and nothing behind it: body or frames that came with it stay in the buffer.
     *
     * @param in lent for the call
     * @return the request; null if its head is incomplete, then all of {@code in} is consumed
     * @throws HttpException 400 malformed, 414 request line or 431 fields above the limit, 501 unknown transfer
     *     coding, 505 other version. What follows cannot be framed any more: answer and close; each further call
     *     throws it again
     * @throws IllegalStateException if the last request was not followed by {@link #reset()}
     */
    public HttpRequest read(ByteBuffer in) throws HttpException {
        if (failure != null) {
            throw failure;
        }
        if (state == State.COMPLETE) {
            throw new IllegalStateException("reset() comes before the next request");
        }
        try {
            while (in.hasRemaining()) {
                if (accept(in.get())) {
                    return complete();
                }
            }
            return null;
        } catch (HttpException refused) {
            failure = refused;
            line = NOTHING;
            throw refused;
        }
    }

    /**
     * Whether a request has begun and is not complete. An end of the connection is an error in between, and no error
     * where this is false.
     *
     * @return false before the first byte of a request (empty lines do not count) and after its last one
     */
    public boolean isStarted() {
        return state == State.FIELDS || state == State.REQUEST_LINE && lineLength > 0;
    }

    /**
     * Makes ready for the next request of the connection; a half-read one is forgotten.
     *
     * @throws IllegalStateException after a refused request: the connection must be closed
     */
    public void reset() {
        if (failure != null) {
            throw new IllegalStateException("nothing can follow a refused request", failure);
        }
        state = State.REQUEST_LINE;
        lineLength = 0;
        carriageReturn = false;
        headBytes = 0;
        blankLines = 0;
        methodLength = 0;
        fields = HttpHeaders.builder();
    }

    /** Takes one byte; true if it was the last one of the head. */
    private boolean accept(byte next) throws HttpException {
        if (headBytes == limits.maxHeaderBytes()) {
            throw state == State.REQUEST_LINE
                    ? new HttpException(414, "the request line is too long")
                    : new HttpException(431, "the request fields are too large");
        }
        headBytes++;
        if (carriageReturn) {
            if (next != '\n') {
                throw HttpException.badRequest("CR without LF");
            }
            carriageReturn = false;
            return endLine();
        }
        if (next == '\r') {
            carriageReturn = true;
            return false;
        }
        if (state == State.FIELDS) {
            checkFieldByte(Byte.toUnsignedInt(next));
        } else {
            checkRequestLineByte(Byte.toUnsignedInt(next));
        }
        append(next);
        return false;
    }

    private void checkRequestLineByte(int next) throws HttpException {
        if (methodLength > 0) {
            if (next < ' ' || next > 0x7E) {
                throw HttpException.badRequest("the request line has a character that must be escaped");
            }
        } else if (next == ' ' && lineLength > 0) {
            methodLength = lineLength;
        } else if (!HttpToken.isTokenChar(next) || lineLength == MAX_METHOD_BYTES) {
            throw HttpException.badRequest("this is not HTTP");
        }
    }

    private void checkFieldByte(int next) throws HttpException {
        if (next < ' ' && next != '\t' || next == 0x7F) {
            throw HttpException.badRequest("control character in a field");
        }
        // RFC 9112 section 5.2 lets a server refuse a folded line; section 2.2 wants the same before the first field
        if (lineLength == 0 && (next == ' ' || next == '\t')) {
            throw HttpException.badRequest("a field line must not begin with white space");
        }
    }

    private void append(byte next) {
        if (lineLength == line.length) {
            int capacity = Math.max(FIRST_LINE_CAPACITY, 2 * lineLength);
            line = Arrays.copyOf(line, Math.min(capacity, limits.maxHeaderBytes()));
        }
        line[lineLength++] = next;
    }

    private boolean endLine() throws HttpException {
        if (state == State.REQUEST_LINE) {
            if (lineLength == 0) {
                endBlankLine();
            } else {
                endRequestLine();
                state = State.FIELDS;
            }
        } else if (lineLength == 0) {
            return true;
        } else {
            endFieldLine();
        }
        lineLength = 0;
        return false;
    }

    private void endBlankLine() throws HttpException {
        blankLines++;
        if (blankLines > MAX_BLANK_LINES) {
            throw HttpException.badRequest("too many empty lines before a request");
        }
        headBytes = 0;
    }

    private void endRequestLine() throws HttpException {
        int targetEnd = indexOf(' ', methodLength + 1);
        if (methodLength == 0 || targetEnd <= methodLength + 1 || indexOf(' ', targetEnd + 1) >= 0) {
            throw HttpException.badRequest("malformed request line");
        }
        method = text(0, methodLength);
        target = text(methodLength + 1, targetEnd);
        http11 = parseVersion(text(targetEnd + 1, lineLength));
    }

    private static boolean parseVersion(String version) throws HttpException {
        if (version.equals("HTTP/1.1")) {
            return true;
        }
        if (version.equals("HTTP/1.0")) {
            return false;
        }
        boolean wellFormed = version.length() == 8 && version.startsWith("HTTP/") && version.charAt(6) == '.'
                && isDigit(version.charAt(5)) && isDigit(version.charAt(7));
        throw wellFormed
                ? new HttpException(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
                : HttpException.badRequest("malformed HTTP version");
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private void endFieldLine() throws HttpException {
        if (fields.size() == limits.maxHeaders()) {
            throw new HttpException(431, "too many request fields");
        }
        int colon = 0;
        while (colon < lineLength && HttpToken.isTokenChar(line[colon])) {
            colon++;
        }
        // white space before the colon is an attack on servers that strip it: RFC 9112 section 5.1
        if (colon == 0 || colon == lineLength || line[colon] != ':') {
            throw HttpException.badRequest("malformed field name");
        }
        int start = colon + 1;
        int end = lineLength;
        while (start < end && isBlank(line[start])) {
            start++;
        }
        while (end > start && isBlank(line[end - 1])) {
            end--;
        }
        fields.addParsed(text(0, colon), text(start, end));
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private int indexOf(char wanted, int from) {
        for (int i = from; i < lineLength; i++) {
            if (line[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private HttpRequest complete() throws HttpException {
        HttpRequest request = HttpRequest.of(method, target, fields.build(), http11);
        state = State.COMPLETE;
        // an idle or upgraded connection keeps nothing of its request
        line = NOTHING;
        fields = HttpHeaders.builder();
        return request;
    }
}
