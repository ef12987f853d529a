package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/** One elementary stream of an MPEG transport stream: collects the packet of its samples (ISO/IEC 13818-1, 2.4.3.6). */
final class TsTrack {
    private static final int HEADER_BYTES = 9;
    private static final long TIMES = 1L << 33;

    /** The place of a packet after the one before, by its counter of four bits. */
    enum Order { NEXT, REPEATED, GAP }

    final int pid;
    private final ByteCollector bytes;
    private int counter = -1;
    private boolean begun;
    private long lastTime = Long.MIN_VALUE;

    // of the packet that is complete
    private int payloadStart;
    private long pts;
    private long dts;

    TsTrack(int pid, MediaLimits limits, MediaMemory memory) {
        this.pid = pid;
        this.bytes = new ByteCollector(limits.maxUnitBytes(), memory);
    }

    /** Takes the counter of the next packet with a payload. */
    Order order(int next, boolean gapAllowed, boolean broken) {
        int before = counter;
        counter = next;
        if (broken) {
            return Order.GAP;
        }
        if (before < 0 || gapAllowed || next == (before + 1 & 0xf)) {
            return Order.NEXT;
        }
        return next == before ? Order.REPEATED : Order.GAP;
    }

    boolean isBegun() {
        return begun;
    }

    /** Takes the payload of a packet; true if the declared length is complete. */
    boolean add(boolean begins, ByteBuffer payload) throws MediaException {
        if (begins) {
            begun = true;
            bytes.truncate(0);
        }
        if (!begun) {
            return false;
        }
        if (payload.remaining() > bytes.room()) {
            throw new MediaException("MPEG-TS: a picture of more than " + (bytes.size() + bytes.room())
                    + " bytes (maxUnitBytes)");
        }
        bytes.append(payload, payload.remaining());
        if (bytes.size() < 6) {
            return false;
        }
        int length = bytes.view(4, 6).getShort() & 0xffff;
        return length > 0 && bytes.size() >= 6 + length;
    }

    /** Drops what was collected. */
    void drop() {
        begun = false;
        bytes.truncate(0);
    }

    /** Reads the header of the collected packet; false if it has no time, or is none of a sample. */
    boolean hasTime() {
        ByteBuffer packet = bytes.view(0, bytes.size());
        if (packet.remaining() < HEADER_BYTES || packet.getInt(0) >>> 8 != 1) {
            return false;
        }
        int flags = packet.get(7) >>> 6 & 3;
        payloadStart = HEADER_BYTES + (packet.get(8) & 0xff);
        if (payloadStart > packet.limit() || flags < 2 || payloadStart < HEADER_BYTES + (flags == 3 ? 10 : 5)) {
            return false;
        }
        dts = extend(time(packet, flags == 3 ? 14 : 9));
        pts = flags == 3 ? dts + signed(time(packet, 9) - (dts & TIMES - 1)) : dts;
        return true;
    }

    private static long time(ByteBuffer packet, int at) {
        return (long) (packet.get(at) >>> 1 & 7) << 30 | (packet.getShort(at + 1) & 0xfffeL) << 14
                | (packet.getShort(at + 3) & 0xfffeL) >>> 1;
    }

    /** Extends a time of 33 bits to the one nearest to the time before. */
    private long extend(long time) {
        lastTime = lastTime == Long.MIN_VALUE ? time + TIMES : lastTime + signed(time - (lastTime & TIMES - 1));
        return lastTime;
    }

    /** Returns a difference of two times of 33 bits, from -2^32 to 2^32 - 1. */
    private static long signed(long difference) {
        return (difference + TIMES + TIMES / 2 & TIMES - 1) - TIMES / 2;
    }

    long pts() {
        return pts;
    }

    long dts() {
        return dts;
    }

    ByteBuffer payload() {
        int length = bytes.view(4, 6).getShort() & 0xffff;
        int end = length > 0 ? Math.min(bytes.size(), 6 + length) : bytes.size();
        return bytes.view(Math.min(payloadStart, end), end);
    }

    void release() {
        bytes.release();
    }

    int memoryBytes() {
        return bytes.capacity();
    }
}
