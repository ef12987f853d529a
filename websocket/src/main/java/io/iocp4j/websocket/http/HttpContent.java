package io.iocp4j.websocket.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;

/**
 * The content of a response that is made while it is sent. A lambda is one of unknown length, and good for any number
 * of responses: {@code HttpResponse.stream(200, "text/csv", out -> rows.forEach(...))}.
 */
@FunctionalInterface
public interface HttpContent {
    /** The length of content that is not known before it was written. */
    long UNKNOWN = -1;

    /**
     * Writes the content. Called once for each response, on a virtual thread of its own, which may wait.
     *
     * @param out blocks while more is queued for the client than the high-water mark of the connection allows. Bytes
     *         leave when about 8 KiB have gathered, at {@code flush()}, and at the end. Throws when the connection
     *         ends; the thread is then interrupted too. It need not be closed, and must not be used after this returned
     * @throws Exception to end the connection, so that the client notices that the content is incomplete
     */
    void writeTo(OutputStream out) throws Exception;

    /**
     * The length, which goes to the client before the content.
     *
     * @return bytes, exactly as many as will be written, else the connection ends; {@link #UNKNOWN} for content that is
     *         sent in chunks, or to a client of HTTP/1.0 up to the end of the connection
     */
    default long length() {
        return UNKNOWN;
    }

    /**
     * The memory that {@link #writeTo} keeps while the client is slow, in addition to the bytes written. It is charged
     * to the connection before the content begins.
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
     * Content of unknown length, for one response.
     *
     * @param in is read to its end, and closed in any case
     * @return new content
     */
    static HttpContent of(InputStream in) {
        return of(in, UNKNOWN);
    }

    /**
     * Content of known length, for one response.
     *
     * @param in has as many bytes; is closed in any case
     * @param length zero or more bytes, or {@link #UNKNOWN}
     * @return new content
     */
    static HttpContent of(InputStream in, long length) {
        return new StreamedContent(Objects.requireNonNull(in), length);
    }

    /**
     * Content of known length, for one response.
     *
     * @param in has as many bytes; is closed in any case
     * @param length zero or more bytes, or {@link #UNKNOWN}
     * @return new content
     */
    static HttpContent of(ReadableByteChannel in, long length) {
        return of(Channels.newInputStream(in), length);
    }
}
