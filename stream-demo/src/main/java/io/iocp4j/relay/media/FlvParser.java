package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/** Parses an FLV file (Adobe Flash Video File Format 10.1, annex E): a header, and tags for {@link FlvTags}. */
final class FlvParser extends BufferedParser {
    private static final int HEADER_BYTES = 9;
    private static final int TAG_HEADER_BYTES = 11;
    private static final int PREVIOUS_SIZE_BYTES = 4;
    private static final int ENCRYPTED = 0x20;

    private final FlvTags tags;
    private boolean begun;

    FlvParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        super(limits, listener, memory);
        this.tags = new FlvTags(muxer);
    }

    @Override
    String container() {
        return "FLV";
    }

    @Override
    int parse(ByteBuffer bytes) throws MediaException {
        if (!begun) {
            if (bytes.remaining() < HEADER_BYTES) {
                return HEADER_BYTES;
            }
            long offset = bytes.getInt(bytes.position() + 5) & 0xffff_ffffL;
            if (offset < HEADER_BYTES) {
                throw error(5, "a header of " + offset + " bytes");
            }
            begun = true;
            skip(offset + PREVIOUS_SIZE_BYTES);
            return 0;
        }
        for (;;) {
            if (bytes.remaining() < TAG_HEADER_BYTES) {
                return TAG_HEADER_BYTES;
            }
            int at = bytes.position();
            int type = bytes.get(at) & 0xff;
            int size = bytes.getInt(at) & 0xff_ffff;
            if ((type & ENCRYPTED) != 0) {
                throw error(at, "the stream is encrypted");
            }
            if (type != FlvTags.AUDIO && type != FlvTags.VIDEO && type != FlvTags.SCRIPT) {
                throw error(at, "this is not the beginning of a tag");
            }
            int whole = TAG_HEADER_BYTES + need(at, size) + PREVIOUS_SIZE_BYTES;
            if (bytes.remaining() < whole) {
                return whole;
            }
            long time = bytes.getInt(at + 4) >>> 8 & 0xff_ffff | (bytes.get(at + 7) & 0xffL) << 24;
            bytes.position(at + whole);
            try {
                tags.tag(type, time, bytes.slice(at + TAG_HEADER_BYTES, size));
            } catch (MediaException e) {
                throw error(at, e.getMessage());
            }
        }
    }

    @Override
    void finish(ByteBuffer rest) throws MediaException {
        // the size of the last tag may be missing, and a publisher may stop inside of a tag
        if (!tags.isBegun()) {
            throw error(0, "the stream ended before its first key frame");
        }
    }
}
