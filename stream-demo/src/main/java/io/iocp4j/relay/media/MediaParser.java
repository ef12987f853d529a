package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Splits the stream of one publisher into init segments and units, without decoding. The stream may be fed in pieces of
 * any size. One thread at a time. After an exception, a parser only repeats that it has failed.
 */
interface MediaParser {
    /**
     * Takes the next bytes of the stream, and reports each init segment and unit that they complete.
     *
     * @param in the bytes, all of which are consumed unless an exception is thrown; the caller owns the buffer again on
     *           return
     * @throws MediaException        if the stream is malformed, exceeds a limit, is refused by the listener or has
     *                               failed before
     * @throws IllegalStateException after {@link #end()}
     */
    void feed(ByteBuffer in) throws MediaException;

    /**
     * Ends the stream, and reports what the end completes.
     *
     * @throws MediaException        if the stream ends where it may not, has failed before or is refused by the
     *                               listener
     * @throws IllegalStateException if it was called before
     */
    void end() throws MediaException;

    /** Releases the memory. The parser cannot be fed afterwards. */
    void release();

    /** Returns the allocated bytes. Tests compare them with the bytes that were fed. */
    int memoryBytes();
}
