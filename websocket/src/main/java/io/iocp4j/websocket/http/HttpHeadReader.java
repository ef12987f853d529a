package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * What reading the head of a request and of a response have in common (RFC 9112 sections 2 and 5): lines, fields,
 * limits, pieces of any size. Each byte is judged once, when it arrives: what cannot become a head is refused at its
 * first wrong byte, and a head that drips in costs no more than one that comes whole. Memory grows with what was
 * received and ends at {@link HttpLimits#maxHeaderBytes()}.
 *
 * <p>Stricter than the RFC asks: a bare LF does not end a line, folded fields are refused.
 *
 * <p>One reader per connection. Not safe for several threads. Keeps no reference to a buffer it was given.
 *
 * @param <H> the head
 */
abstract sealed class HttpHeadReader<H> permits HttpRequestReader, HttpResponseReader {
    private static final int FIRST_LINE_CAPACITY = 256;
    /** What a field takes beside its bytes: two strings and their places. */
    private static final int FIELD_BYTES = 128;
    private static final byte[] NOTHING = new byte[0];

    private enum State {
        /** In the request line or status line, or in the empty lines before it. */
        FIRST_LINE,
        /** In the field lines. */
        FIELDS,
        /** A head was returned; reset() starts the next one. */
        COMPLETE
    }

    private final HttpLimits limits;
    private State state = State.FIRST_LINE;
    /** The line so far, without its CRLF. */
    private byte[] line = NOTHING;
    private int lineLength;
    private boolean carriageReturn;
    private int headBytes;
    private int fieldCount;
    private HttpHeaders.Builder fields = HttpHeaders.builder();
    private HttpException failure;

    HttpHeadReader(HttpLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    /** Judges a byte of the first line, neither CR nor LF behind CR, which is to stand at this index. */
    abstract void checkFirstLineByte(int next, int index) throws HttpException;

    /** Takes the first line apart; false if it was empty and does not count. */
    abstract boolean endFirstLine(String text) throws HttpException;

    /** The head with the fields that came behind its first line. */
    abstract H complete(HttpHeaders headers) throws HttpException;

    /** Forgets a first line. */
    abstract void forget();

    /** What is thrown for a fault that a server would answer with this status. */
    abstract HttpException refusal(int status, String what);

    /**
     * Consumes a head and nothing behind it: body or frames that came with it stay in the buffer.
     *
     * @param in lent for the call
     * @return the head; null if it is incomplete, then all of {@code in} is consumed
     * @throws HttpException as the class says. What follows cannot be framed any more: close; each further call throws
     *     it again
     * @throws IllegalStateException if the last head was not followed by {@link #reset()}
     */
    public final H read(ByteBuffer in) throws HttpException {
        if (failure != null) {
            throw failure;
        }
        if (state == State.COMPLETE) {
            throw new IllegalStateException("reset() comes before the next head");
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
     * Whether a head has begun and is not complete. An end of the connection is an error in between.
     *
     * @return false before the first byte of a head (empty lines do not count) and after its last one
     */
    public final boolean isStarted() {
        return state == State.FIELDS || state == State.FIRST_LINE && lineLength > 0;
    }

    /**
     * The memory of the head that is under way, or was returned last.
     *
     * @return bytes
     */
    public final int keptBytes() {
        return line.length + headBytes + fieldCount * FIELD_BYTES;
    }

    /** Drops what was read. Nothing more is to be read. */
    public final void drop() {
        line = NOTHING;
        fields = HttpHeaders.builder();
        headBytes = 0;
        fieldCount = 0;
        failure = refusal(503, "no more is read");
    }

    /**
     * Makes ready for the next head of the connection; a half-read one is forgotten.
     *
     * @throws IllegalStateException after a refusal: the connection must be closed
     */
    public final void reset() {
        if (failure != null) {
            throw new IllegalStateException("nothing can follow a refused head", failure);
        }
        state = State.FIRST_LINE;
        lineLength = 0;
        carriageReturn = false;
        headBytes = 0;
        fieldCount = 0;
        fields = HttpHeaders.builder();
        forget();
    }

    /** Takes one byte; true if it was the last one of the head. */
    private boolean accept(byte next) throws HttpException {
        if (headBytes == limits.maxHeaderBytes()) {
            throw state == State.FIRST_LINE
                    ? refusal(414, "the first line is too long")
                    : refusal(431, "the fields are too large");
        }
        headBytes++;
        if (carriageReturn) {
            if (next != '\n') {
                throw refusal(400, "CR without LF");
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
            checkFirstLineByte(Byte.toUnsignedInt(next), lineLength);
        }
        append(next);
        return false;
    }

    private void checkFieldByte(int next) throws HttpException {
        if (next < ' ' && next != '\t' || next == 0x7F) {
            throw refusal(400, "control character in a field");
        }
        // RFC 9112 section 5.2 lets a server refuse a folded line; section 2.2 wants the same before the first field
        if (lineLength == 0 && (next == ' ' || next == '\t')) {
            throw refusal(400, "a field line must not begin with white space");
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
        if (state == State.FIRST_LINE) {
            if (endFirstLine(text(0, lineLength))) {
                state = State.FIELDS;
            } else {
                headBytes = 0;
            }
        } else if (lineLength == 0) {
            return true;
        } else {
            endFieldLine();
        }
        lineLength = 0;
        return false;
    }

    private void endFieldLine() throws HttpException {
        if (fields.size() == limits.maxHeaders()) {
            throw refusal(431, "too many fields");
        }
        int colon = 0;
        while (colon < lineLength && HttpToken.isTokenChar(line[colon])) {
            colon++;
        }
        // white space before the colon is an attack on servers that strip it: RFC 9112 section 5.1
        if (colon == 0 || colon == lineLength || line[colon] != ':') {
            throw refusal(400, "malformed field name");
        }
        int start = colon + 1;
        int end = lineLength;
        while (start < end && isBlank(line[start])) {
            start++;
        }
        while (end > start && isBlank(line[end - 1])) {
            end--;
        }
        fieldCount++;
        fields.addParsed(text(0, colon), text(start, end));
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private H complete() throws HttpException {
        H head = complete(fields.build());
        state = State.COMPLETE;
        // an idle or upgraded connection keeps nothing of its head
        line = NOTHING;
        lineLength = 0;
        fields = HttpHeaders.builder();
        return head;
    }
}
