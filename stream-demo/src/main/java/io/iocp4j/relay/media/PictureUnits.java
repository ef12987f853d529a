package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Turns pictures of H.264 or H.265 in Annex B format (ISO/IEC 14496-10, annex B: NAL units after start codes) into
 * samples of MP4, in which a length of four bytes is before each unit. Parameter sets go into the configuration,
 * delimiters and filler are left out.
 */
final class PictureUnits {
    final boolean hevc;
    final ParameterSets sets;
    private final NalFormat format;
    private final ByteCollector sample;
    private final ByteBuffer length = ByteBuffer.allocate(4);
    private boolean anySlice;

    PictureUnits(boolean hevc, MediaLimits limits, MediaMemory memory) {
        this.hevc = hevc;
        this.sets = new ParameterSets(hevc);
        this.format = new NalFormat(hevc, 4);
        this.sample = new ByteCollector(limits.maxUnitBytes(), memory);
    }

    /** Begins the next picture. */
    void clear() {
        sample.truncate(0);
        anySlice = false;
    }

    /** Adds all units between the start codes of a buffer, from position to limit. */
    void addAll(ByteBuffer bytes) throws MediaException {
        int at = startCode(bytes, bytes.position());
        while (at >= 0) {
            int begin = at + 3;
            at = startCode(bytes, begin);
            int end = at < 0 ? bytes.limit() : at;
            add(bytes.slice(begin, end - begin));
        }
    }

    /** Adds one unit without its start code. Zeros at its end are dropped: they belong to the next start code. */
    void add(ByteBuffer nal) throws MediaException {
        int end = nal.limit();
        while (end > nal.position() && nal.get(end - 1) == 0) {
            end--;
        }
        nal.limit(end);
        if (nal.remaining() < (hevc ? 3 : 2)) {
            return;
        }
        int type = type(nal.get(nal.position()), hevc);
        if (sets.contains(type)) {
            sets.add(type, nal);
        } else if (!isDropped(type)) {
            if (nal.remaining() + 4 > sample.room()) {
                throw new MediaException("a picture of more than the allowed bytes (maxUnitBytes)");
            }
            anySlice |= isSlice(type, hevc);
            sample.append(length.clear().putInt(nal.remaining()).flip(), 4);
            sample.append(nal, nal.remaining());
        }
    }

    static int type(byte first, boolean hevc) {
        return hevc ? first >>> 1 & 0x3f : first & 0x1f;
    }

    static boolean isSlice(int type, boolean hevc) {
        return hevc ? type < 32 : type >= 1 && type <= 5;
    }

    /** Tells whether a unit is a delimiter, an end or filler. */
    private boolean isDropped(int type) {
        return hevc ? type >= 35 && type <= 38 || type >= 48 : type >= 9 && type <= 12 || type == 0 || type >= 24;
    }

    /** Tells whether the picture has any slice. */
    boolean isPicture() {
        return anySlice;
    }

    /** Tells whether a decoder can start with the picture. */
    boolean isKey() {
        return anySlice && format.start(sample(), 0) != NalFormat.Start.NO_KEY;
    }

    /** Returns the sample, valid until the next change. */
    ByteBuffer sample() {
        return sample.view(0, sample.size());
    }

    /** Returns the index of the next start code 00 00 01, or -1. */
    static int startCode(ByteBuffer bytes, int from) {
        int last = bytes.limit() - 3;
        int at = from;
        while (at <= last) {
            int third = bytes.get(at + 2);
            // a third byte above 1 is in no start code, so three bytes are passed at once
            if (third > 1 || third < 0) {
                at += 3;
            } else if (third == 1 && bytes.get(at) == 0 && bytes.get(at + 1) == 0) {
                return at;
            } else {
                at++;
            }
        }
        return -1;
    }

    void release() {
        sample.release();
    }

    int memoryBytes() {
        return sample.capacity();
    }
}
