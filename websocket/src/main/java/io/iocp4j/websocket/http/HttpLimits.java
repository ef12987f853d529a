package io.iocp4j.websocket.http;

/**
 * The limits of HTTP/1.1 readers and decoders. Each limit is checked before the memory that it bounds is allocated. The
 * statuses below are those that a server sends. Immutable. Any thread.
 *
 * <p>There is no limit for the size of a body. Bodies are only streamed, so they cost no memory here. A publisher may
 * send for hours, as long as it is not slower than the server's minimum rate. An application that gathers a body must
 * count the bytes that it keeps.
 *
 * @param maxHeaderBytes bytes of a request line and its fields, with every CRLF up to the empty line; 64 to 1 MiB,
 *     default 32,768, because a browser sends the cookies of every server on the host, whatever their port. Beyond it:
 *     414 inside the request line, 431 after it
 * @param maxHeaders field lines of a request; 1 to 10,000, default 64. Beyond it: 431
 * @param maxChunkLineBytes bytes of one chunk-size line with its extensions and CRLF; 16 to 64 KiB, default 256.
 *     Beyond it: 400
 * @param maxTrailerBytes bytes of the trailer fields after a chunked body, with their CRLF but without the empty line
 *     that ends them; 0 to 1 MiB, default 4,096. Beyond it: 431
 */
public record HttpLimits(int maxHeaderBytes, int maxHeaders, int maxChunkLineBytes, int maxTrailerBytes) {
    private static final HttpLimits DEFAULTS = new HttpLimits(32_768, 64, 256, 4096);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public HttpLimits {
        requireRange("maxHeaderBytes", maxHeaderBytes, 64, 1 << 20);
        requireRange("maxHeaders", maxHeaders, 1, 10_000);
        requireRange("maxChunkLineBytes", maxChunkLineBytes, 16, 1 << 16);
        requireRange("maxTrailerBytes", maxTrailerBytes, 0, 1 << 20);
    }

    /**
     * Returns the defaults of all limits.
     *
     * @return the same immutable object each time
     */
    public static HttpLimits defaults() {
        return DEFAULTS;
    }

    /**
     * Returns a copy with another size of a head.
     *
     * @param bytes 64 to 1 MiB
     * @return a new object
     */
    public HttpLimits maxHeaderBytes(int bytes) {
        return new HttpLimits(bytes, maxHeaders, maxChunkLineBytes, maxTrailerBytes);
    }

    /**
     * Returns a copy with another number of field lines.
     *
     * @param count 1 to 10,000
     * @return a new object
     */
    public HttpLimits maxHeaders(int count) {
        return new HttpLimits(maxHeaderBytes, count, maxChunkLineBytes, maxTrailerBytes);
    }

    /**
     * Returns a copy with another length of a chunk-size line.
     *
     * @param bytes 16 to 64 KiB
     * @return a new object
     */
    public HttpLimits maxChunkLineBytes(int bytes) {
        return new HttpLimits(maxHeaderBytes, maxHeaders, bytes, maxTrailerBytes);
    }

    /**
     * Returns a copy with another size of the trailer fields.
     *
     * @param bytes 0 to 1 MiB
     * @return a new object
     */
    public HttpLimits maxTrailerBytes(int bytes) {
        return new HttpLimits(maxHeaderBytes, maxHeaders, maxChunkLineBytes, bytes);
    }

    private static void requireRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
        }
    }
}
