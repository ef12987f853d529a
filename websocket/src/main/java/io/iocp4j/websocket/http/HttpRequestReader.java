package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;

/**
 * Reads heads of HTTP/1.x requests (RFC 9112 sections 2 to 5) from pieces of any size. Each byte is judged once, when
 * it arrives: what cannot become a request is refused at its first wrong byte, and a head that drips in costs no more
 * than one that comes whole. Memory grows with what was received and ends at {@link HttpLimits#maxHeaderBytes()}.
 *
 * <p>Stricter than the RFC asks: a bare LF does not end a line, folded fields are refused. The status of a refusal is
 * 400 malformed, 414 request line or 431 fields above the limit, 501 unknown transfer coding, 505 other version:
 * answer with it, and close.
 *
 * <p>One reader per connection. Not safe for several threads. Keeps no reference to a buffer it was given.
 */
public final class HttpRequestReader extends HttpHeadReader<HttpRequest> {
    /** Empty lines tolerated before a request line (RFC 9112 section 2.2). */
    static final int MAX_BLANK_LINES = 4;
    /** Longest method; with it, binary that happens to look like a token is refused early. */
    static final int MAX_METHOD_BYTES = 20;

    private int blankLines;
    /** Bytes of the method, 0 until the space behind it was seen. */
    private int methodLength;
    private String method;
    private String target;
    private boolean http11;

    /**
     * A reader before its first request.
     *
     * @param limits of every request on the connection
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
