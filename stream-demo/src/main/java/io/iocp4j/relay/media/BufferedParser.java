package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * The part that parsers of self-delimiting elements have in common: bytes are collected until one element is complete.
 * The memory grows with the received bytes, never with a declared size.
 */
abstract class BufferedParser implements MediaParser {
    /** The most bytes that are collected beyond the end of an element. */
    private static final int PIECE_BYTES = 16 * 1024;

    final MediaLimits limits;
    final Fmp4Muxer muxer;
    private final ByteCollector pending;
    /** The bytes that the next element needs; parsing again before they are there would be in vain. */
    private int needed = 1;
    private long skip;
    /** The bytes of the stream before those in {@code pending}. */
    private long offset;
    private boolean failed;
    private boolean ended;

    BufferedParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        this.limits = limits;
        this.muxer = new Fmp4Muxer(limits, listener, memory);
        // room for one element with its header, and for the piece that completes it
        this.pending = new ByteCollector(limits.maxUnitBytes() + 2 * PIECE_BYTES, memory);
    }

    /**
     * Parses complete elements from the position of {@code bytes}, and moves the position past each.
     *
     * @return the number of bytes from the new position that are needed to go on, above 0; or 0 to be called again at
     *     once, after {@link #skip(long)}
     */
    abstract int parse(ByteBuffer bytes) throws MediaException;

    /** Called at the end of the stream with the bytes that are not parsed yet. */
    abstract void finish(ByteBuffer rest) throws MediaException;

    /** Returns the name of the container for messages. */
    abstract String container();

    /** Drops the next bytes after the position, whatever their number. To be called at the end of {@link #parse}. */
    final void skip(long bytes) {
        skip = bytes;
    }

    /** Returns an exception that names the container and the offset of an element in the stream. */
    final MediaException error(int position, String what) {
        return new MediaException(container() + " at byte " + (offset + position) + ": " + what);
    }

    @Override
    public final void feed(ByteBuffer in) throws MediaException {
        checkUsable();
        failed = true;
        while (in.hasRemaining()) {
            if (skip > 0) {
                int count = (int) Math.min(skip, in.remaining());
                in.position(in.position() + count);
                offset += count;
                skip -= count;
                continue;
            }
            int wanted = Math.max(PIECE_BYTES, needed - pending.size());
            pending.append(in, Math.min(in.remaining(), Math.min(wanted, pending.room())));
            if (pending.size() >= needed) {
                drain();
            }
        }
        failed = false;
    }

    private void drain() throws MediaException {
        do {
            ByteBuffer view = pending.view(0, pending.size());
            needed = parse(view);
            int used = view.position();
            int skipped = (int) Math.min(skip, view.remaining());
            skip -= skipped;
            pending.discard(used + skipped);
            offset += used + skipped;
        } while (needed == 0 && pending.size() > 0);
        needed = Math.max(need(0, needed), pending.size() + 1);
    }

    /** Checks the size of an element that begins at a position against the limit. */
    final int need(int position, long bytes) throws MediaException {
        if (bytes < 0 || bytes > limits.maxUnitBytes() + PIECE_BYTES) {
            throw error(position, "an element of " + Long.toUnsignedString(bytes) + " bytes, "
                    + limits.maxUnitBytes() + " are allowed (maxUnitBytes)");
        }
        return (int) bytes;
    }

    @Override
    public final void end() throws MediaException {
        checkUsable();
        ended = true;
        finish(pending.view(0, pending.size()));
    }

    @Override
    public void release() {
        failed = true;
        pending.release();
        muxer.release();
    }

    @Override
    public int memoryBytes() {
        return pending.capacity() + muxer.memoryBytes();
    }

    private void checkUsable() throws MediaException {
        if (ended) {
            throw new IllegalStateException("the stream has ended");
        }
        if (failed) {
            throw new MediaException("the stream has failed before byte " + offset);
        }
    }
}
