package io.iocp4j.websocket.http;

/**
 * Limits of the HTTP/1.1 side of a server. Each is checked before the memory it guards is taken.
 *
 * <p>There is no limit for the size of a body: bodies are only streamed, so they cost no memory here, and a publisher
 * may send for hours, if not slower than the server's smallest rate. An application that gathers a body counts the
 * bytes it keeps.
 *
 * @param maxHeaderBytes bytes of a request line and its fields, with every CRLF up to the empty line; 64 to 1 MiB,
 *     default 32,768, since a browser sends the cookies of every server on the host, whatever their port. Beyond it:
 *     414 inside the request line, 431 after it
 * @param maxHeaders field lines of a request; 1 to 10000, default 64. Beyond it: 431
 * @param maxChunkLineBytes bytes of one chunk-size line with its extensions and CRLF; 16 to 64 KiB, default 256.
 *     Beyond it: 400
 * @param maxTrailerBytes bytes of the trailer fields after a chunked body, with their CRLF but without the empty line
 *     that ends them; 0 to 1 MiB, default 4096. Beyond it: 431
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
     * The default of every limit.
     *
     * @return the same immutable object each time
     */
    public static HttpLimits defaults() {
        return DEFAULTS;
    }

    /**
     * These limits with another head size.
     *
     * @param bytes 64 to 1 MiB
     * @return a new object
     */
    public HttpLimits withMaxHeaderBytes(int bytes) {
        return new HttpLimits(bytes, maxHeaders, maxChunkLineBytes, maxTrailerBytes);
    }

    /**
     * These limits with another number of field lines.
     *
     * @param count 1 to 10000
     * @return a new object
     */
    public HttpLimits withMaxHeaders(int count) {
        return new HttpLimits(maxHeaderBytes, count, maxChunkLineBytes, maxTrailerBytes);
    }

    /**
     * These limits with another length of a chunk-size line.
     *
     * @param bytes 16 to 64 KiB
     * @return a new object
     */
    public HttpLimits withMaxChunkLineBytes(int bytes) {
        return new HttpLimits(maxHeaderBytes, maxHeaders, bytes, maxTrailerBytes);
    }

    /**
     * These limits with another size of the trailer fields.
     *
     * @param bytes 0 to 1 MiB
     * @return a new object
     */
    public HttpLimits withMaxTrailerBytes(int bytes) {
        return new HttpLimits(maxHeaderBytes, maxHeaders, maxChunkLineBytes, bytes);
    }

    private static void requireRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be " + min + " to " + max + ": " + value);
        }
    }
}
