package io.iocp4j.bench.load;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The bytes that each connection sends: a cycle of messages that repeats for ever. A position in this stream determines
 * the next bytes, so messages that wait for the socket need no memory. All connections of a load share it; one thread.
 */
final class Requests {
    /** The most bytes of the stream in one write, but at least one cycle. It bounds the memory of the block. */
    private static final int BLOCK_MAX = 1 << 20;

    /** The cycle, repeated, so that several messages leave in one write. */
    private final ByteBuffer block;
    /** Where each message begins in the cycle. */
    private final int[] starts;
    private final int cycle;

    /**
     * Joins the messages.
     *
     * @param messages a cycle, as bytes on the wire
     * @param together the number of messages in one write, if they fit
     */
    Requests(List<byte[]> messages, int together) {
        starts = new int[messages.size()];
        int length = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = length;
            length += messages.get(i).length;
        }
        cycle = length;
        long wanted = (long) cycle * (together / starts.length + 2);
        block = ByteBuffer.allocateDirect((int) Math.max(cycle, Math.min(wanted, BLOCK_MAX) / cycle * cycle));
        while (block.hasRemaining()) {
            messages.forEach(block::put);
        }
    }

    /** The position in the stream at which the message of this number begins; the first number is 0. */
    long start(long message) {
        return message / starts.length * cycle + starts[(int) (message % starts.length)];
    }

    /** Whether a message begins at this place of the stream. */
    boolean isStart(long place) {
        long within = place % cycle;
        for (int start : starts) {
            if (start == within) {
                return true;
            }
        }
        return false;
    }

    /** The bytes between two places of the stream, or the first of them. Valid until the next call. */
    ByteBuffer between(long from, long to) {
        int start = (int) (from % cycle);
        return block.limit((int) Math.min(block.capacity(), start + (to - from))).position(start);
    }
}
