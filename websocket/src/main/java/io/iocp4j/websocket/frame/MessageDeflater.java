package io.iocp4j.websocket.frame;

import io.iocp4j.core.RefCounted;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Compresses the outgoing messages of a connection (RFC 7692 section 7.2.1). Nothing is allocated before the first
 * message. The compressor takes about 260 KiB outside the heap. With context takeover it lives from the first message
 * until the last {@link #release()} or {@link #dropContext()}; without, it ends with each message.
 *
 * <p>The JDK's compressor always refers up to 32 KiB back. To keep to a smaller window, the input is cut into pieces of
 * half its size. Each piece is compressed from a fresh start. Its dictionary is the data before it, as much as fits
 * into the window together with the piece. So no distance can exceed the window, whatever the compressor does.
 *
 * <p>Not thread-safe: one thread at a time. Reference-counted, because memory outside the heap must be freed
 * explicitly. The creator owns the one initial reference.
 */
public final class MessageDeflater extends RefCounted {
    /** With context takeover, an output buffer up to this size is kept for the next message, until {@link #trim()}. */
    private static final int KEPT_BYTES = 64 << 10;
    /** The size of the compression context in bytes, outside the heap. */
    public static final int CONTEXT_BYTES = 260 << 10;
    /** The length of the tail that a flush appends, and that the RFC removes from the end of a message. */
    private static final int TAIL_BYTES = 4;
    /** The least room for a flush. With less, the flush could be cut and would then write its marker twice. */
    private static final int ROOM_MIN = 64;
    /** The smallest window of the RFC, 256 bytes, as a base-2 logarithm. */
    public static final int WINDOW_BITS_MIN = 8;
    /** The largest window, 32 KiB, as a base-2 logarithm. It applies if nothing was negotiated. */
    public static final int WINDOW_BITS_MAX = 15;

    /** An empty block: its header and padding only, because its lengths are the tail (section 7.2.3.6). */
    private static final byte EMPTY_BLOCK = 0;
    private static final byte[] NOTHING = {};

    private final int level;
    private final boolean contextTakeover;
    private final int windowBytes;
    /** Whether the window is smaller than the JDK's own. */
    private final boolean windowed;

    /** Null until the first byte. Without context takeover, also null between messages. */
    private Deflater deflater;
    /** If windowed, the data compressed last, at most one window of it. Empty until the first message. */
    private byte[] window = NOTHING;
    private int windowFilled;
    private byte[] out = NOTHING;
    private int size;

    /**
     * Creates a compressor positioned before the first message. It holds no memory yet.
     *
     * @param level 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @param contextTakeover whether a message may refer to earlier ones
     * @param windowBits how many bytes back a reference may reach, as a base-2 logarithm, 8 to 15
     * @throws IllegalArgumentException if a value is out of its range
     */
    public MessageDeflater(int level, boolean contextTakeover, int windowBits) {
        // before super(), which counts the object as live
        requireLevel(level);
        requireWindowBits("windowBits", windowBits);
        super();
        this.level = level;
        this.contextTakeover = contextTakeover;
        this.windowBytes = 1 << windowBits;
        this.windowed = windowBits < WINDOW_BITS_MAX;
    }

    /**
     * Checks a compression level.
     *
     * @param level 1 to 9, or {@link Deflater#DEFAULT_COMPRESSION}
     * @throws IllegalArgumentException if it is anything else
     */
    public static void requireLevel(int level) {
        if (level != Deflater.DEFAULT_COMPRESSION) {
            requireRange("level", level, Deflater.BEST_SPEED, Deflater.BEST_COMPRESSION);
        }
    }

    /**
     * Checks the size of a window.
     *
     * @param name the name of the value, for the exception
     * @param bits the base-2 logarithm, {@link #WINDOW_BITS_MIN} to {@link #WINDOW_BITS_MAX}
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
     * Returns the most bytes that a message of this inflated length can take on the wire. Incompressible data grows: in
     * a window of 256 bytes, by 10 bytes in each 128. A message limit must not refuse a message only because it arrived
     * compressed.
     */
    static long wireMax(long bytes) {
        long growth = (bytes >>> 3) + 64;
        return bytes > Long.MAX_VALUE - growth ? Long.MAX_VALUE : bytes + growth;
    }

    /**
     * Compresses the next part of a message. The result is complete, so it can be sent as a frame at once.
     *
     * @param part from position to limit, may be empty; the position moves to the limit
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
            // a second flush would write nothing, and an empty payload does not inflate
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
     * Forgets the messages so far: the next message refers only to itself. A sender may do this at any time between
     * messages, not between the parts of a message. It must do so after the peer got a compressed message that another
     * compressor made. The peer's window then holds bytes that the window of this end does not.
     */
    public void forget() {
        windowFilled = 0;
        if (deflater != null) {
            deflater.reset();
        }
    }

    /** Frees the memory outside the heap. */
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
     * Returns the memory that is kept for the next message, without the context.
     *
     * @return bytes
     */
    public int keptBytes() {
        return out.length;
    }

    /** Frees the memory kept for the next message, except the context. The loan of the last result ends. */
    public void trim() {
        out = NOTHING;
    }

    /**
     * Frees the context: the next message refers only to itself. Like {@link #forget()}, not between the parts of a
     * message.
     */
    public void dropContext() {
        endContext();
    }

    /**
     * Tells whether this compressor currently holds memory outside the heap.
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

    /** Compresses to the end of the input and to a byte boundary. */
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

    /** Returns the output buffer, with this much room behind its content. It at least doubles when it grows. */
    private byte[] room(int bytes) {
        int needed = Math.addExact(size, Math.max(bytes, ROOM_MIN));
        if (needed <= out.length) {
            return out;
        }
        return Arrays.copyOf(out, (int) Math.max(needed, Math.min(2L * out.length, Integer.MAX_VALUE - Long.BYTES)));
    }
}
