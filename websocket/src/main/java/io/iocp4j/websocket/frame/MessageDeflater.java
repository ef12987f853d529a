package io.iocp4j.websocket.frame;

import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Compresses the messages of one direction of a connection (RFC 7692 section 7.2.1). Nothing is allocated before the
 * first message. With context takeover the compressor, about 260 KiB outside the heap, lives from then until the
 * last {@link #release()}; without, it ends with each message.
 *
 * <p>The JDK's compressor always refers up to 32 KiB back. A smaller window is kept to by cutting the input into pieces
 * of half its size: each piece is compressed from a fresh start, with what lies before it as the dictionary, as far as
 * both together fit the window. So no distance can leave it, whatever the compressor does.
 *
 * <p>One thread at a time. Counted, because memory outside the heap has to be given back by somebody: the one reference
 * is the maker's.
 */
public final class MessageDeflater extends RefCounted {
    /** An output buffer up to this size is kept for the next message of a connection that keeps its context, until {@link #trim()}. */
    private static final int KEPT_BYTES = 64 << 10;
    /** Bytes that the context takes outside the heap. */
    public static final int CONTEXT_BYTES = 260 << 10;
    /** What a flush puts at the end of its output, and the RFC takes away from the end of a message. */
    private static final int TAIL_BYTES = 4;
    /** With less room than this a flush could be cut, and would then write its marker twice. */
    private static final int ROOM_MIN = 64;
    /** The smallest window that the RFC names, 256 bytes, as a logarithm to the base 2. */
    public static final int WINDOW_BITS_MIN = 8;
    /** The largest, 32 KiB, and what holds when nothing is said. */
    public static final int WINDOW_BITS_MAX = 15;

    /** A block without content: its header and padding, without the lengths, which are the tail (section 7.2.3.6). */
    private static final byte EMPTY_BLOCK = 0;
    private static final byte[] NOTHING = {};

    private final int level;
    private final boolean contextTakeover;
    private final int windowBytes;
    /** Whether the window is smaller than the JDK's own. */
    private final boolean windowed;

    /** Null until the first byte, and without context takeover between messages. */
    private Deflater deflater;
    /** If windowed, what was compressed last, at most as much as the window holds. */
    private byte[] window = NOTHING;
    private int windowFilled;
    private byte[] out = NOTHING;
    private int size;

    /**
     * Makes a compressor that stands before the first message and holds no memory yet.
     *
     * @param level 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @param contextTakeover whether a message may refer to earlier ones
     * @param windowBits how far back a reference may reach, as a logarithm to the base 2, 8 to 15
     * @throws IllegalArgumentException when a value is out of its range
     */
    public MessageDeflater(int level, boolean contextTakeover, int windowBits) {
        // before the object counts as made
        requireLevel(level);
        requireWindowBits("windowBits", windowBits);
        super();
        this.level = level;
        this.contextTakeover = contextTakeover;
        this.windowBytes = 1 << windowBits;
        this.windowed = windowBits < WINDOW_BITS_MAX;
    }

    /**
     * Checks a level.
     *
     * @param level 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @throws IllegalArgumentException if it is another
     */
    public static void requireLevel(int level) {
        if (level != Deflater.DEFAULT_COMPRESSION) {
            requireRange("level", level, Deflater.BEST_SPEED, Deflater.BEST_COMPRESSION);
        }
    }

    /**
     * Checks the logarithm of a window.
     *
     * @param name for the exception
     * @param bits {@link #WINDOW_BITS_MIN} to {@link #WINDOW_BITS_MAX}
     * @throws IllegalArgumentException if it is out of that range
     */
    public static void requireWindowBits(String name, int bits) {
        requireRange(name, bits, WINDOW_BITS_MIN, WINDOW_BITS_MAX);
    }

    private static void requireRange(String name, int value, int smallest, int largest) {
        if (value < smallest || value > largest) {
            throw new IllegalArgumentException(name + " is " + value + ", allowed are " + smallest + " to " + largest);
        }
    }

    /**
     * The most bytes on the wire for so many inflated ones: what cannot be compressed grows, in a window of 256 bytes
     * by 10 bytes in each 128. A limit for messages must not refuse one only because it came compressed.
     */
    static long wireMax(long bytes) {
        long growth = (bytes >>> 3) + 64;
        return bytes > Long.MAX_VALUE - growth ? Long.MAX_VALUE : bytes + growth;
    }

    /**
     * Compresses the next part of a message. The result holds all of it, so that it can be sent as a frame at once.
     *
     * @param part from position to limit, also nothing; the position moves to the limit
     * @param end whether the message ends here
     * @return the payload of a frame, lent until the next call; empty only for an empty part that is not the end
     * @throws IllegalStateException after the last release
     */
    public ByteBuffer deflate(ByteBuffer part, boolean end) {
        if (references() <= 0) {
            throw new IllegalStateException("used after the last release");
        }
        size = 0;
        if (part.hasRemaining()) {
            out = room(part.remaining() / 4);
            if (windowed) {
                deflateWindowed(part);
            } else {
                deflater().setInput(part);
                flush();
            }
            size -= end ? TAIL_BYTES : 0;
        } else if (end) {
            // a second flush would give nothing, and an empty payload does not inflate
            out = room(0);
            out[size++] = EMPTY_BLOCK;
        }
        ByteBuffer result = ByteBuffer.wrap(out, 0, size);
        if (end && !contextTakeover) {
            endContext();
        }
        if (end && (out.length > KEPT_BYTES || !contextTakeover)) {
            out = NOTHING;
        }
        return result;
    }

    /**
     * Forgets the messages so far: the next one refers to itself only. A sender may do so at any time. It has to after
     * a message that the peer inflates and that did not come from here, because the peer's window then holds bytes that
     * this end's does not. Not between the parts of a message.
     */
    public void forget() {
        windowFilled = 0;
        if (deflater != null) {
            deflater.reset();
        }
    }

    /** Gives the memory outside the heap back. */
    @Override
    protected void free() {
        endContext();
        out = NOTHING;
    }

    @Override
    public String toString() {
        return "MessageDeflater[window of " + windowBytes + " bytes" + (deflater == null ? "" : ", in use") + "]";
    }

    /**
     * The memory that is kept for the next message beside the context.
     *
     * @return bytes
     */
    public int keptBytes() {
        return out.length;
    }

    /** Gives back what is kept for the next message, except the context. What was lent is over. */
    public void trim() {
        out = NOTHING;
    }

    /** Gives the context back as well: the next message refers to itself only. As {@link #forget()}, not between the parts of a message. */
    public void dropContext() {
        endContext();
    }

    /**
     * Tells whether memory outside the heap is held now.
     *
     * @return true if there is a context
     */
    public boolean isHolding() {
        return deflater != null;
    }

    private Deflater deflater() {
        if (deflater == null) {
            deflater = new Deflater(level, true);
        }
        return deflater;
    }

    private void endContext() {
        if (deflater != null) {
            deflater.end();
            deflater = null;
        }
        window = NOTHING;
        windowFilled = 0;
    }

    private void deflateWindowed(ByteBuffer part) {
        if (window.length == 0) {
            window = new byte[windowBytes];
        }
        while (part.hasRemaining()) {
            int length = Math.min(part.remaining(), windowBytes / 2);
            int kept = Math.min(windowFilled, windowBytes - length);
            System.arraycopy(window, windowFilled - kept, window, 0, kept);
            part.get(window, kept, length);
            windowFilled = kept + length;
            deflater().reset();
            if (kept > 0) {
                deflater.setDictionary(window, 0, kept);
            }
            deflater.setInput(window, kept, length);
            flush();
        }
    }

    /** To the end of the input and to a byte boundary. */
    private void flush() {
        int room;
        int written;
        do {
            out = room(ROOM_MIN);
            room = out.length - size;
            written = deflater.deflate(out, size, room, Deflater.SYNC_FLUSH);
            size += written;
        } while (written == room);
    }

    /** The output buffer, with this much room behind its content. It at least doubles when it grows. */
    private byte[] room(int bytes) {
        int needed = Math.addExact(size, Math.max(bytes, ROOM_MIN));
        if (needed <= out.length) {
            return out;
        }
        return Arrays.copyOf(out, (int) Math.max(needed, Math.min(2L * out.length, Integer.MAX_VALUE - Long.BYTES)));
    }
}
