package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The sizes of the frames in one block with lacing (RFC 9559, 10.3). */
final class WebmLacing {
    private static final int XIPH = 1;
    private static final int FIXED = 2;

    private WebmLacing() {
    }

    /** Reads the sizes and moves the position to the first frame. The sizes are within the rest of the block. */
    static int[] sizes(int lacing, ByteBuffer data) throws MediaException {
        int frames = (data.get() & 0xff) + 1;
        int[] sizes = new int[frames];
        if (lacing == FIXED) {
            if (data.remaining() % frames != 0) {
                throw bad();
            }
            Arrays.fill(sizes, data.remaining() / frames);
            return sizes;
        }
        long sum = 0;
        for (int i = 0; i < frames - 1; i++) {
            long size = lacing == XIPH ? xiph(data) : i == 0 ? number(data, false) : sizes[i - 1] + number(data, true);
            sum += size;
            if (size < 0 || sum > data.remaining()) {
                throw bad();
            }
            sizes[i] = (int) size;
        }
        if (sum > data.remaining()) {
            throw bad();
        }
        sizes[frames - 1] = data.remaining() - (int) sum;
        return sizes;
    }

    private static long xiph(ByteBuffer data) throws MediaException {
        long size = 0;
        int next = 255;
        while (next == 255) {
            if (!data.hasRemaining()) {
                throw bad();
            }
            next = data.get() & 0xff;
            size += next;
        }
        return size;
    }

    /** Reads a number of EBML; a signed one is a difference, with the middle of its range as 0. */
    private static long number(ByteBuffer data, boolean signed) throws MediaException {
        int at = data.position();
        int bytes = data.hasRemaining() ? Ebml.sizeBytes(data.get(at)) : 0;
        if (bytes == 0 || bytes > data.remaining() || bytes > 5) {
            throw bad();
        }
        long value = Ebml.size(data, at, bytes);
        data.position(at + bytes);
        return signed ? value - ((1L << 7 * bytes - 1) - 1) : value;
    }

    private static MediaException bad() {
        return new MediaException("WebM: a block with several frames that do not fit into it");
    }
}
