package io.iocp4j.core;

import java.nio.ByteBuffer;

/**
 * One direction of a simulated connection: what was sent and not yet received, in order, up to a bound, so that a
 * receiver that does not receive stops its sender. Guarded by the simulation.
 */
final class SimulatedPipe {
    private final byte[] ring;
    private int head;
    private int size;
    private int arrived;
    private boolean cut;

    SimulatedPipe(int capacity) {
        ring = new byte[capacity];
    }

    /** How much a send may put in now. */
    int room() {
        return cut ? ring.length : ring.length - size;
    }

    /** How much a receive may take now; the rest is still on its way. */
    int arrived() {
        return arrived;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Takes so many bytes from the buffers, in order, and moves their positions. */
    void put(ByteBuffer[] buffers, int count, int length) {
        int left = length;
        for (int i = 0; i < count && left > 0; i++) {
            int part = Math.min(left, buffers[i].remaining());
            if (cut) {
                buffers[i].position(buffers[i].position() + part);
            } else {
                put(buffers[i], part);
            }
            left -= part;
        }
    }

    private void put(ByteBuffer buffer, int length) {
        int tail = (head + size) % ring.length;
        int beforeWrap = Math.min(length, ring.length - tail);
        buffer.get(ring, tail, beforeWrap);
        buffer.get(ring, 0, length - beforeWrap);
        size += length;
    }

    void arrive(int length) {
        if (!cut) {
            arrived += length;
        }
    }

    void take(ByteBuffer into, int length) {
        int beforeWrap = Math.min(length, ring.length - head);
        into.put(ring, head, beforeWrap);
        into.put(ring, 0, length - beforeWrap);
        head = (head + length) % ring.length;
        size -= length;
        arrived -= length;
    }

    /** What is in it is lost, and so is what comes. */
    void cut() {
        cut = true;
        size = 0;
        arrived = 0;
    }
}
