package io.iocp4j.websocket.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;

/**
 * The content of a response, written while it is sent. A lambda makes content of unknown length, for any number of
 * responses: {@code HttpResponse.stream(200, "text/csv", out -> rows.forEach(...))}.
 */
@FunctionalInterface
public interface HttpContent {
    /** The length of content whose size is unknown until it is written. */
    long UNKNOWN = -1;

    /**
     * Writes the content. Called once for each response, on a virtual thread of its own, which may wait.
     *
     * @param out blocks while the client's queue is above the high-water mark of the connection. Bytes are sent when
     *     about 8 KiB have gathered, at {@code flush()}, and at the end. When the connection ends, writes throw, and
     *     the thread is interrupted. Need not be closed. Must not be used after this method has returned
     * @throws Exception to end the connection, so that the client notices that the content is incomplete
     */
    void writeTo(OutputStream out) throws Exception;

    /**
     * Returns the length, which the client receives before the content.
     *
     * @return bytes; if {@link #writeTo} writes another number, the connection ends. With {@link #UNKNOWN} the content
     *     is sent in chunks, or to an HTTP/1.0 client up to the end of the connection
     */
    default long length() {
        return UNKNOWN;
    }

    /**
     * Returns the memory that {@link #writeTo} keeps while the client is slow, in addition to the bytes written. The
     * connection is charged for it before the content begins.
     *
     * @return bytes of heap, 0 unless overridden
     */
    default int keptBytes() {
        return 0;
    }

    /**
     * Tells whether only the client ends the content, as with server-sent events. Such content is cut when the client
     * ends its side or the server stops; other content is completed. No request follows it on its connection.
     *
     * @return false unless overridden
     */
    default boolean isOpenEnded() {
        return false;
    }

    /**
     * Frees the resources of the content. Called instead of {@link #writeTo} if the response is not sent, or sent
     * without its content. May be called twice.
     *
     * @throws IOException is logged
     */
    default void discard() throws IOException {
    }

    /**
     * Makes content of unknown length, for one response.
     *
     * @param in is read to its end, and always closed
     * @return new content
     */
    static HttpContent of(InputStream in) {
        return of(in, UNKNOWN);
    }

    /**
     * Makes content of known length, for one response.
     *
     * @param in has this many bytes; is always closed
     * @param length zero or more bytes, or {@link #UNKNOWN}
     * @return new content
     */
    static HttpContent of(InputStream in, long length) {
        return new StreamedContent(Objects.requireNonNull(in), length);
    }

    /**
     * Makes content of known length, for one response.
     *
     * @param in has this many bytes; is always closed
     * @param length zero or more bytes, or {@link #UNKNOWN}
     * @return new content
     */
    static HttpContent of(ReadableByteChannel in, long length) {
        return of(Channels.newInputStream(in), length);
    }
}
