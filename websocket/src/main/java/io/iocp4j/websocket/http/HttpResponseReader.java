package io.iocp4j.websocket.http;

/**
 * Reads the heads of HTTP/1.x responses (RFC 9112 sections 2 to 5). The input may be cut into pieces of any size.
 * The reader has the limits of {@link HttpRequestReader} and is as strict. Every refusal has the status 502, which a
 * gateway would have to send for such a server (RFC 9110 section 15.6.3).
 *
 * <p>One reader serves one connection. Not thread-safe: one thread at a time. It keeps no reference to a buffer that it
 * was given.
 */
public final class HttpResponseReader extends HttpHeadReader<HttpResponseHead> {
    /** The required form: N is a digit, the version is 1.0 or 1.1, and the status begins with 1 to 5. */
    private static final String STATUS_LINE = "HTTP/1.N NNN ";
    private static final int MINOR_AT = 7;
    private static final int STATUS_AT = 9;
    private static final int STATUS_END = 12;

    private int status;
    private boolean http11;

    /**
     * Creates a reader positioned before the first response.
     *
     * @param limits the limits of every response on the connection
     */
    public HttpResponseReader(HttpLimits limits) {
        super(limits);
    }

    @Override
    void checkFirstLineByte(int next, int index) throws HttpException {
        boolean allowed = switch (index) {
            case MINOR_AT -> next == '0' || next == '1';
            case STATUS_AT -> next >= '1' && next <= '5';
            case STATUS_AT + 1, STATUS_AT + 2 -> next >= '0' && next <= '9';
            default -> index < STATUS_LINE.length() ? next == STATUS_LINE.charAt(index)
                    : next == '\t' || next >= ' ' && next != 0x7F;
        };
        if (!allowed) {
            throw refusal(502, "this is not a response of HTTP/1.1 or HTTP/1.0");
        }
    }

    @Override
    boolean endFirstLine(String text) throws HttpException {
        // section 4 demands a space after the status, but servers that send no reason often send no space either
        if (text.length() < STATUS_END) {
            throw refusal(502, "malformed status line");
        }
        http11 = text.charAt(MINOR_AT) == '1';
        status = Integer.parseInt(text, STATUS_AT, STATUS_END, 10);
        return true;
    }

    @Override
    HttpResponseHead complete(HttpHeaders headers) throws HttpException {
        return new HttpResponseHead(status, http11, headers);
    }

    @Override
    void forget() {
        status = 0;
    }

    @Override
    HttpException refusal(int requestStatus, String what) {
        return new HttpException(502, what);
    }
}
