package io.iocp4j.websocket.frame;

import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates the incoming messages of a connection as their bytes arrive (RFC 7692 section 7.2.2). It counts the inflated
 * bytes as they are produced and holds at most one chunk of them, whatever the peer sends. It accepts data of every
 * window size, because the JDK's window is the largest.
 *
 * <p>Nothing is allocated before the first message. The inflater takes about 40 KiB outside the heap. With context
 * takeover it lives from the first message until the last {@link #release()}; without, it ends with each message.
 *
 * <p>A message that ends inside a compressed block is not always detected, because the JDK does not report the position
 * of its inflater. In that case the next message turns out to be corrupt.
 *
 * <p>Not thread-safe: one thread at a time. Reference-counted, because memory outside the heap must be freed
 * explicitly. The creator owns the one initial reference. After an exception, only release it.
 */
public final class MessageInflater extends RefCounted {
    /**
     * The ratio applies once a message has inflated to more than this, because short data can be very repetitive. The
     * value is well below the default of maxMessage, 1 MiB. Otherwise the ratio would never apply there.
     */
    public static final int RATIO_FREE_BYTES = 64 << 10;
    /**
     * The largest number of blocks marked as final in one message. Each costs a restart of the inflater: half a
     * microsecond for two bytes received. An honest sender has one per flush.
     */
    public static final int FINAL_BLOCKS_MAX = 1024;
    private static final int CHUNK_BYTES = 8 << 10;
    /** The size of the context in bytes, outside the heap. */
    public static final int CONTEXT_BYTES = 40 << 10;
    /** The tail that the sender removed from the end of each message. */
    private static final byte[] TAIL = {0, 0, -1, -1};

    /** Receives inflated bytes. */
    public interface Sink {
        /**
         * Accepts the next piece of the message.
         *
         * @param piece inflated bytes, at least one, lent for the call
         * @throws ProtocolException to fail the connection
         */
        void accept(ByteBuffer piece) throws ProtocolException;
    }

    private final long maxMessage;
    private final int maxRatio;
    private final boolean contextTakeover;

    /** Null until the first byte. Without context takeover, also null between messages. */
    private Inflater inflater;
    /** Null whenever the inflater is, and after {@link #rest()}. */
    private ByteBuffer chunk;

    // counts of the current message
    private long received;
    private long inflated;
    private int finalBlocks;

    /** True if the last byte received ended a final block. */
    private boolean atFinalEnd;
    /** True if the current call must return after this piece. */
    private boolean suspended;
    /** True if the previous call was suspended: more output may follow even without a further byte of input. */
    private boolean halfway;

    /**
     * Creates an inflater positioned before the first message. It holds no memory yet.
     *
     * @param maxMessage the most bytes that a message may inflate to, 1 or more
     * @param maxRatio how many bytes one received byte may inflate to, 1 or more; applies beyond
     *     {@link #RATIO_FREE_BYTES}
     * @param contextTakeover whether a message may refer to earlier ones
     * @throws IllegalArgumentException if a limit is below its smallest value
     */
    public MessageInflater(long maxMessage, int maxRatio, boolean contextTakeover) {
        // before super(), which counts the object as live
        if (maxMessage < 1 || maxRatio < 1) {
            throw new IllegalArgumentException(
                "maxMessage is " + maxMessage + ", maxRatio is " + maxRatio + ", smallest is 1");
        }
        super();
        this.maxMessage = maxMessage;
        this.maxRatio = maxRatio;
        this.contextTakeover = contextTakeover;
    }

    /**
     * Inflates the next bytes of a message.
     *
     * @param part from position to limit, may be empty; the position moves
     * @param end whether the message ends here
     * @param sink receives the inflated bytes during this call
     * @return false if {@link #suspend} ended the call early. Then call again with the rest of the part, which may be
     *     empty, and the same {@code end}
     * @throws ProtocolException 1009 for a message of more than {@code maxMessage} inflated bytes; 1008 for one that
     *     exceeds the ratio or has more than {@link #FINAL_BLOCKS_MAX} final blocks; 1007 for data that is not DEFLATE,
     *     or that visibly ends inside a block; or the exception that the sink threw
     * @throws IllegalStateException after the last release
     */
    public boolean inflate(ByteBuffer part, boolean end, Sink sink) throws ProtocolException {
        if (references() <= 0) {
            throw new IllegalStateException("used after the last release");
        }
        suspended = false;
        received += part.remaining();
        if (part.hasRemaining() || halfway) {
            halfway = !inflateAll(part, sink);
        }
        if (halfway) {
            // the next call counts the rest of the part again
            received -= part.remaining();
            return false;
        }
        if (end) {
            endMessage();
        }
        return true;
    }

    /**
     * Makes the current call of {@link #inflate} return after the piece that the sink is receiving. The sink calls this
     * to stay responsive: a few bytes may inflate to a thousand times as many, which takes long.
     */
    public void suspend() {
        suspended = true;
    }

    /** Frees the memory outside the heap. */
    @Override
    protected void free() {
        if (inflater != null) {
            inflater.end();
            inflater = null;
        }
        chunk = null;
    }

    @Override
    public String toString() {
        return "MessageInflater[" + (inflater == null ? "not " : "") + "in use]";
    }

    /**
     * Returns the memory that is kept for the next message, without the context.
     *
     * @return bytes
     */
    public int keptBytes() {
        return chunk == null ? 0 : chunk.capacity();
    }

    /** Frees the memory kept for the next message, except the context. A message that is under way keeps its memory. */
    public void trim() {
        if (received == 0) {
            chunk = null;
        }
    }

    /**
     * Tells whether this inflater currently holds memory outside the heap.
     *
     * @return true if there is a context
     */
    public boolean isHolding() {
        return inflater != null;
    }

    /** Returns false if the sink has suspended it. */
    private boolean inflateAll(ByteBuffer part, Sink sink) throws ProtocolException {
        if (inflater == null) {
            inflater = new Inflater(true);
        }
        if (chunk == null) {
            chunk = ByteBuffer.allocate(CHUNK_BYTES);
        }
        atFinalEnd = false;
        inflater.setInput(part);
        while (true) {
            if (inflateChunk()) {
                sink.accept(chunk);
                if (suspended) {
                    return false;
                }
            } else if (inflater.finished()) {
                // the RFC allows blocks after a final one, and the JDK's inflater needs a restart for them
                restart();
                if (!part.hasRemaining()) {
                    atFinalEnd = true;
                    return true;
                }
                inflater.setInput(part);
            } else if (inflater.needsInput()) {
                return true;
            } else {
                throw corrupt(null);
            }
        }
    }

    /** Fills the chunk from the input and checks the limits. Returns false if there was no output. */
    private boolean inflateChunk() throws ProtocolException {
        chunk.clear();
        try {
            inflater.inflate(chunk);
        } catch (DataFormatException e) {
            throw corrupt(e);
        }
        chunk.flip();
        inflated += chunk.remaining();
        if (inflated > maxMessage) {
            throw new ProtocolException(CloseCode.MESSAGE_TOO_BIG,
                "message inflates to more than " + maxMessage + " bytes");
        }
        if (inflated > RATIO_FREE_BYTES && inflated / maxRatio > received) {
            throw new ProtocolException(CloseCode.POLICY_VIOLATION,
                "message inflates to more than " + maxRatio + " times its size");
        }
        return chunk.hasRemaining();
    }

    private void restart() throws ProtocolException {
        if (++finalBlocks > FINAL_BLOCKS_MAX) {
            throw new ProtocolException(CloseCode.POLICY_VIOLATION,
                "message of more than " + FINAL_BLOCKS_MAX + " final blocks");
        }
        inflater.reset();
    }

    private void endMessage() throws ProtocolException {
        // nothing is left to complete after a final block, nor in a message without a byte; section 7.2.1 forbids both,
        // but their meaning is clear
        if (received > 0 && !atFinalEnd) {
            inflateAll(ByteBuffer.wrap(TAIL), piece -> {
                throw corrupt(null);
            });
        }
        received = 0;
        inflated = 0;
        finalBlocks = 0;
        if (!contextTakeover) {
            free();
        }
    }

    private static ProtocolException corrupt(DataFormatException cause) {
        ProtocolException exception = new ProtocolException(CloseCode.INVALID_PAYLOAD, "deflated data is corrupt");
        exception.initCause(cause);
        return exception;
    }
}
