package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.HttpToken;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * The common part of reading heads of requests and responses (RFC 9112 sections 2 and 5): lines, fields, limits. The
 * input may be cut into pieces of any size.
 *
 * <p>Each byte is checked once, when it arrives. Invalid input is refused at its first wrong byte. A head that arrives
 * in many pieces costs no more than one that arrives whole. Memory grows with the bytes received, up to
 * {@link HttpLimits#maxHeaderBytes()}.
 *
 * <p>The reader is stricter than the RFC: a bare LF does not end a line, and folded fields are refused.
 *
 * <p>One reader serves one connection. Not thread-safe: one thread at a time. It keeps no reference to a buffer that it
 * was given.
 *
 * @param <H> the type of the head
 */
abstract sealed class HttpHeadReader<H> permits HttpRequestReader, HttpResponseReader {
    private static final int FIRST_LINE_CAPACITY = 256;
    /** The memory of a field in addition to its bytes: two strings and the references to them. */
    private static final int FIELD_BYTES = 128;
    private static final byte[] NOTHING = new byte[0];

    private enum State {
        /** Inside the request line or status line, or the empty lines before it. */
        FIRST_LINE,
        /** Inside the field lines. */
        FIELDS,
        /** A head was returned, and reset() starts the next one. */
        COMPLETE
    }

    private final HttpLimits limits;
    private State state = State.FIRST_LINE;
    /** The current line so far, without its CRLF. */
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

    /** Checks a byte of the first line at this index. The byte is neither a CR nor the byte after a CR. */
    abstract void checkFirstLineByte(int next, int index) throws HttpException;

    /** Parses the first line. Returns false if it was empty and is skipped. */
    abstract boolean endFirstLine(String text) throws HttpException;

    /** Makes the head from the first line and these fields. */
    abstract H complete(HttpHeaders headers) throws HttpException;

    /** Forgets the first line. */
    abstract void forget();

    /** Makes the exception for a fault that a server would answer with this status. */
    abstract HttpException refusal(int status, String what);

    /**
     * Consumes a head and nothing after it: the body or frames that arrived with it stay in the buffer.
     *
     * @param in lent for the call
     * @return the head; null if it is incomplete, and then all of {@code in} is consumed
     * @throws HttpException with the status that the class comment gives. The caller must close the connection, because
     *     nothing after the fault can be framed. Each further call throws the same exception
     * @throws IllegalStateException if a head was returned and {@link #reset()} was not called since
     */
    public final H read(ByteBuffer in) throws HttpException {
        if (failure != null) {
            throw failure;
        }
        if (state == State.COMPLETE) {
            throw new IllegalStateException("call reset() before the next head");
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
     * Tells whether a head has begun and is incomplete. If the connection ends in this state, that is an error.
     *
     * @return false before the first byte of a head (empty lines do not count) and after its last byte
     */
    public final boolean isStarted() {
        return state == State.FIELDS || state == State.FIRST_LINE && lineLength > 0;
    }

    /**
     * Returns the memory of the head that is being read or was returned last.
     *
     * @return bytes
     */
    public final int keptBytes() {
        return line.length + headBytes + fieldCount * FIELD_BYTES;
    }

    /** Drops everything that was read. The reader then refuses all input. */
    public final void drop() {
        line = NOTHING;
        fields = HttpHeaders.builder();
        headBytes = 0;
        fieldCount = 0;
        failure = refusal(503, "no more is read");
    }

    /**
     * Prepares for the next head of the connection. An incomplete head is forgotten.
     *
     * @throws IllegalStateException after a refusal, because the connection must be closed
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

    /** Accepts one byte. Returns true if it was the last byte of the head. */
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
        // RFC 9112 section 5.2 lets a server refuse a folded line, and section 2.2 lets it refuse white space before
        // the first field
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
        // servers differ in their handling of white space before the colon, and attackers use that (RFC 9112 section
        // 5.1)
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
        // free the memory: an idle or upgraded connection should keep nothing of its head
        line = NOTHING;
        lineLength = 0;
        fields = HttpHeaders.builder();
        return head;
    }
}
