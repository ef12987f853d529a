package io.iocp4j.websocket.http;

import io.iocp4j.websocket.http.grammar.PercentDecoder;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Finds the content of a body and its end, by Content-Length or in chunks (RFC 9112 sections 6 and 7.1). The input may
 * be cut into pieces of any size. Nothing is gathered: content is passed on as views of the input. Chunk extensions and
 * trailer fields are skipped, within {@link HttpLimits}.
 *
 * <p>One decoder serves one request or response. Not thread-safe: one thread at a time. It keeps no reference to a
 * buffer that it was given.
 */
public final class HttpBodyDecoder {
    private enum State {
        /** Inside content that is not chunked. */
        CONTENT,
        /** Inside the hexadecimal digits that begin a chunk. */
        CHUNK_SIZE,
        /** Inside white space after the digits, which only an extension may follow (RFC 9112 section 7.1.1). */
        CHUNK_SIZE_BLANK,
        /** Inside the extensions of a chunk. */
        CHUNK_EXTENSION,
        /** After the CR of a chunk-size line. */
        CHUNK_SIZE_LF,
        /** Inside the content of a chunk. */
        CHUNK_CONTENT,
        /** After the content of a chunk, before its CR. */
        CHUNK_CR,
        /** After that CR. */
        CHUNK_LF,
        /** At the start of a trailer line, which may be the empty line that ends the body. */
        TRAILER_START,
        /** Inside a trailer line. */
        TRAILER,
        /** After the CR of a trailer line. */
        TRAILER_LF,
        /** After the CR of the empty line. */
        LAST_LF,
        /** After the body. */
        DONE
    }

    /** The largest size to which a digit can be added without overflow. So 15 digits always fit into a long. */
    private static final long LAST_SAFE_SIZE = Long.MAX_VALUE >> 4;
    private static final int MAX_SIZE_DIGITS = 16;

    private final HttpLimits limits;
    private State state;
    /** The number of content bytes that are still missing, of the body or of the chunk. */
    private long remaining;
    private int sizeDigits;
    private int chunkLineBytes;
    private int trailerBytes;
    private boolean suspended;
    private HttpException failure;

    /**
     * Creates a decoder for the body of a request, positioned before its first byte.
     *
     * @param request tells how the body is framed; without Content-Length and chunks there is no body
     * @param limits the limits of chunk-size lines and trailers
     */
    public HttpBodyDecoder(HttpRequest request, HttpLimits limits) {
        this(request.chunked(), Math.max(0, request.contentLength()), limits);
    }

    /**
     * Creates a decoder for the body of a response to GET, positioned before its first byte.
     *
     * @param response tells how the body is framed (RFC 9112 section 6.3). With 1xx, 204 and 304 there is no body.
     *     Otherwise, without Content-Length and chunks, it extends to the end of the connection, and {@link #isDone()}
     *     stays false
     * @param limits the limits of chunk-size lines and trailers
     * @throws HttpException if there is a body and the fields contradict each other about its length
     */
    public HttpBodyDecoder(HttpResponseHead response, HttpLimits limits) throws HttpException {
        boolean none = response.status() < 200 || response.status() == 204 || response.status() == 304;
        if (!none) {
            HttpRequest.requireFraming(response.headers(), response.http11());
        }
        boolean chunked = !none && response.headers().first("Transfer-Encoding") != null;
        this(chunked, none ? 0 : HttpRequest.contentLength(response.headers()), limits);
    }

    private HttpBodyDecoder(boolean chunked, long length, HttpLimits limits) {
        this.limits = limits;
        if (chunked) {
            state = State.CHUNK_SIZE;
        } else {
            remaining = length < 0 ? Long.MAX_VALUE : length;
            state = remaining == 0 ? State.DONE : State.CONTENT;
        }
    }

    /**
     * Consumes bytes of the body and nothing after it: the next request stays in the buffer.
     *
     * @param in lent for the call
     * @param out receives each run of content as a view of {@code in}, lent for the call, never empty
     * @throws HttpException 400 for malformed chunks, 431 for trailers above the limit. The caller must answer and
     *     close the connection. Each further call throws the same exception
     */
    public void decode(ByteBuffer in, Consumer<ByteBuffer> out) throws HttpException {
        if (failure != null) {
            throw failure;
        }
        suspended = false;
        try {
            while (state != State.DONE && in.hasRemaining() && !suspended) {
                if (state == State.CONTENT || state == State.CHUNK_CONTENT) {
                    passContent(in, out);
                } else {
                    accept(Byte.toUnsignedInt(in.get()));
                }
            }
        } catch (HttpException refused) {
            failure = refused;
            throw refused;
        }
    }

    /** Makes the current call return: the rest stays in the buffer for the next call. The consumer calls this. */
    public void suspend() {
        suspended = true;
    }

    /**
     * Tells whether the whole body was consumed.
     *
     * @return true from the start if there is no body
     */
    public boolean isDone() {
        return state == State.DONE;
    }

    private void passContent(ByteBuffer in, Consumer<ByteBuffer> out) {
        int length = (int) Math.min(remaining, in.remaining());
        ByteBuffer content = in.slice(in.position(), length);
        in.position(in.position() + length);
        remaining -= length;
        if (remaining == 0) {
            state = state == State.CONTENT ? State.DONE : State.CHUNK_CR;
        }
        // last, so that an exception of the consumer leaves the decoder consistent
        out.accept(content);
    }

    private void accept(int next) throws HttpException {
        switch (state) {
            case CHUNK_SIZE, CHUNK_SIZE_BLANK, CHUNK_EXTENSION, CHUNK_SIZE_LF -> acceptSizeLine(next);
            case CHUNK_CR -> expect('\r', next, State.CHUNK_LF);
            case CHUNK_LF -> {
                expect('\n', next, State.CHUNK_SIZE);
                sizeDigits = 0;
                chunkLineBytes = 0;
            }
            case TRAILER_START, TRAILER -> acceptTrailer(next);
            case TRAILER_LF -> {
                countTrailerByte();
                expect('\n', next, State.TRAILER_START);
            }
            case LAST_LF -> expect('\n', next, State.DONE);
            case CONTENT, CHUNK_CONTENT, DONE -> throw new IllegalStateException("no line is expected in " + state);
        }
    }

    private void acceptSizeLine(int next) throws HttpException {
        if (chunkLineBytes == limits.maxChunkLineBytes()) {
            throw HttpException.badRequest("the chunk-size line is too long");
        }
        chunkLineBytes++;
        if (state == State.CHUNK_SIZE_LF) {
            expect('\n', next, remaining == 0 ? State.TRAILER_START : State.CHUNK_CONTENT);
        } else if (next == '\r' && sizeDigits > 0 && state != State.CHUNK_SIZE_BLANK) {
            state = State.CHUNK_SIZE_LF;
        } else if (state == State.CHUNK_EXTENSION) {
            requireText(next);
        } else if (next == ';' && sizeDigits > 0) {
            state = State.CHUNK_EXTENSION;
        } else if ((next == ' ' || next == '\t') && sizeDigits > 0) {
            state = State.CHUNK_SIZE_BLANK;
        } else if (state == State.CHUNK_SIZE) {
            addSizeDigit(PercentDecoder.hexDigit(next));
        } else {
            throw HttpException.badRequest("malformed chunk-size line");
        }
    }

    private void addSizeDigit(int digit) throws HttpException {
        if (digit < 0 || sizeDigits == MAX_SIZE_DIGITS || remaining > LAST_SAFE_SIZE) {
            throw HttpException.badRequest("malformed chunk size");
        }
        sizeDigits++;
        remaining = remaining << 4 | digit;
    }

    private void acceptTrailer(int next) throws HttpException {
        if (state == State.TRAILER_START && next == '\r') {
            state = State.LAST_LF;
            return;
        }
        countTrailerByte();
        if (next == '\r') {
            state = State.TRAILER_LF;
        } else {
            requireText(next);
            state = State.TRAILER;
        }
    }

    private void countTrailerByte() throws HttpException {
        if (trailerBytes == limits.maxTrailerBytes()) {
            throw new HttpException(431, "the trailer fields are too large");
        }
        trailerBytes++;
    }

    private void expect(char expected, int next, State following) throws HttpException {
        if (next != expected) {
            throw HttpException.badRequest("malformed end of line in a chunked body");
        }
        state = following;
    }

    private static void requireText(int next) throws HttpException {
        if (next < ' ' && next != '\t' || next == 0x7F) {
            throw HttpException.badRequest("control character between chunks");
        }
    }
}
