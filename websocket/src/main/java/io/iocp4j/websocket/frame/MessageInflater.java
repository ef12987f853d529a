package io.iocp4j.websocket.frame;

import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates the messages of one direction of a connection, as their bytes arrive (RFC 7692 section 7.2.2), and counts
 * what comes out while it comes out: whatever a peer sends, no more than one chunk is held at a time. Takes data of
 * every window, because the JDK's is the largest. Nothing is allocated before the first message. With context takeover
 * the inflater, about 40 KiB outside the heap, lives from then until the last {@link #release()}; without, it ends with
 * each message.
 *
 * <p>A message that ends inside a compressed block cannot always be told from a whole one, because the JDK does not say
 * where its inflater stands; then it is the next message that turns out to be corrupt.
 *
 * <p>One thread at a time. Counted, because memory outside the heap has to be given back by somebody: the one reference
 * is the maker's. After an exception there is nothing left to do but release.
 */
public final class MessageInflater extends RefCounted {
    /**
     * A message is not held to the ratio before it has inflated to more than this: in the small much is repeated. Well below
     * the default of maxMessage, 1 MiB, or the ratio would never apply there.
     */
    public static final int RATIO_FREE_BYTES = 64 << 10;
    /**
     * The most blocks marked as final in one message. Each means a fresh start, half a microsecond for two bytes
     * received; an honest sender has one for each time that it flushes.
     */
    public static final int FINAL_BLOCKS_MAX = 1024;
    private static final int CHUNK_BYTES = 8 << 10;
    /** Bytes that the context takes outside the heap. */
    public static final int CONTEXT_BYTES = 40 << 10;
    /** What the sender took away from the end of each message. */
    private static final byte[] TAIL = {0, 0, -1, -1};

    /** Where inflated bytes go. */
    public interface Sink {
        /**
         * More of the message.
         *
         * @param piece inflated bytes, at least one, lent for the call
         * @throws ProtocolException to fail the connection
         */
        void accept(ByteBuffer piece) throws ProtocolException;
    }

    private final long maxMessage;
    private final int maxRatio;
    private final boolean contextTakeover;

    /** Null until the first byte, and without context takeover between messages; the chunk likewise, and after {@link #trim()}. */
    private Inflater inflater;
    private ByteBuffer chunk;
    /** Of the message under way. */
    private long received;
    private long inflated;
    private int finalBlocks;
    /** The last byte received was the end of a final block. */
    private boolean atFinalEnd;
    /** The call that is going on is to end behind this piece. */
    private boolean suspended;
    /** The call before was ended so: there may be more to come, also without a further byte. */
    private boolean halfway;

    /**
     * Makes an inflater that stands before the first message and holds no memory yet.
     *
     * @param maxMessage the most bytes that a message may inflate to, 1 or more
     * @param maxRatio how many bytes one received byte may become, 1 or more, behind {@link #RATIO_FREE_BYTES}
     * @param contextTakeover whether a message may refer to earlier ones
     * @throws IllegalArgumentException when a limit is below its smallest value
     */
    public MessageInflater(long maxMessage, int maxRatio, boolean contextTakeover) {
        // before the object counts as made
        if (maxMessage < 1 || maxRatio < 1) {
            throw new IllegalArgumentException("maxMessage is " + maxMessage + ", maxRatio is " + maxRatio + ", smallest is 1");
        }
        super();
        this.maxMessage = maxMessage;
        this.maxRatio = maxRatio;
        this.contextTakeover = contextTakeover;
    }

    /**
     * Takes the next bytes of a message.
     *
     * @param part from position to limit, also nothing; the position moves
     * @param end whether the message ends here
     * @param sink gets what they inflate to, in this call
     * @return false if {@link #suspend} has ended the call early: it is to be made again, with what is left of the part, perhaps
     *     nothing, and the same {@code end}
     * @throws ProtocolException 1009 for a message of more than {@code maxMessage} inflated bytes; 1008 for one that
     *     breaks the ratio or has more than {@link #FINAL_BLOCKS_MAX} final blocks; 1007 for data that is not DEFLATE,
     *     or that
     *     ends inside a block in a way that shows; or what the sink threw
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
            // what is left comes again
            received -= part.remaining();
            return false;
        }
        if (end) {
            endMessage();
        }
        return true;
    }

    /**
     * Ends the current call of {@link #inflate} behind the piece that the sink is given. For the sink: a few bytes may inflate
     * to a thousand times as many, and whoever waits for their end waits long.
     */
    public void suspend() {
        suspended = true;
    }

    /** Gives the memory outside the heap back. */
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
     * The memory that is kept for the next message beside the context.
     *
     * @return bytes
     */
    public int keptBytes() {
        return chunk == null ? 0 : chunk.capacity();
    }

    /** Gives back what is kept for the next message, except the context. */
    public void trim() {
        if (received == 0) {
            chunk = null;
        }
    }

    /**
     * Tells whether memory outside the heap is held now.
     *
     * @return true if there is a context
     */
    public boolean isHolding() {
        return inflater != null;
    }

    /** False if it was suspended. */
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
                // the RFC lets blocks follow a final one; the JDK's inflater wants a fresh start for them
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

    /** Fills the chunk as far as the input goes, within the limits; false if nothing came out. */
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
        // behind a final block there is nothing to complete, and neither in a message without a byte: both are wrong by
        // the letter of section 7.2.1, but their meaning is plain
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
