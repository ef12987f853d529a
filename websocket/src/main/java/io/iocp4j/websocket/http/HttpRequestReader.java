package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;

/**
 * Reads the heads of HTTP/1.x requests (RFC 9112 sections 2 to 5). The input may be cut into pieces of any size.
 *
 * <p>Each byte is checked once, when it arrives. Invalid input is refused at its first wrong byte. A head that arrives
 * in many pieces costs no more than one that arrives whole. Memory grows with the bytes received, up to
 * {@link HttpLimits#maxHeaderBytes()}.
 *
 * <p>The reader is stricter than the RFC: a bare LF does not end a line, and folded fields are refused. A refusal has
 * one of these statuses: 400 malformed, 414 request line above the limit, 431 fields above the limit, 501 unknown
 * transfer coding, 505 other version. The caller must answer with it and close the connection.
 *
 * <p>One reader serves one connection. Not thread-safe: one thread at a time. It keeps no reference to a buffer that it
 * was given.
 */
public final class HttpRequestReader extends HttpHeadReader<HttpRequest> {
    /** The largest number of empty lines before a request line (RFC 9112 section 2.2). */
    static final int MAX_BLANK_LINES = 4;
    /** The longest method. This limit refuses early binary data that happens to look like a token. */
    static final int MAX_METHOD_BYTES = 20;

    private int blankLines;
    /** The length of the method in bytes, or 0 until the space after it has arrived. */
    private int methodLength;
    private String method;
    private String target;
    private boolean http11;

    /**
     * Creates a reader positioned before the first request.
     *
     * @param limits the limits of every request on the connection
     */
    public HttpRequestReader(HttpLimits limits) {
        super(limits);
    }

    @Override
    void checkFirstLineByte(int next, int index) throws HttpException {
        if (methodLength > 0) {
            if (next < ' ' || next > 0x7E) {
                throw HttpException.badRequest("the request line has a character that must be escaped");
            }
        } else if (next == ' ' && index > 0) {
            methodLength = index;
        } else if (!HttpToken.isTokenChar(next) || index == MAX_METHOD_BYTES) {
            throw HttpException.badRequest("this is not HTTP");
        }
    }

    @Override
    boolean endFirstLine(String text) throws HttpException {
        if (text.isEmpty()) {
            blankLines++;
            if (blankLines > MAX_BLANK_LINES) {
                throw HttpException.badRequest("too many empty lines before a request");
            }
            return false;
        }
        int targetEnd = text.indexOf(' ', methodLength + 1);
        if (methodLength == 0 || targetEnd <= methodLength + 1 || text.indexOf(' ', targetEnd + 1) >= 0) {
            throw HttpException.badRequest("malformed request line");
        }
        method = text.substring(0, methodLength);
        target = text.substring(methodLength + 1, targetEnd);
        http11 = parseVersion(text.substring(targetEnd + 1));
        return true;
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

    @Override
    HttpRequest complete(HttpHeaders headers) throws HttpException {
        return HttpRequest.of(method, target, headers, http11);
    }

    @Override
    void forget() {
        blankLines = 0;
        methodLength = 0;
    }

    @Override
    HttpException refusal(int status, String what) {
        return new HttpException(status, what);
    }
}
