package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Parses JPEG pictures (ISO/IEC 10918-1) that follow each other, also as {@code multipart/x-mixed-replace}: what stands
 * between two pictures is passed over. Each picture is a key frame. Thumbnails inside of a picture belong to it,
 * because its segments are walked by their lengths.
 */
final class MjpegParser extends BufferedParser {
    /** The most bytes between two pictures; the headers of a part are shorter. */
    static final int BETWEEN_BYTES_MAX = 4_096;
    private static final int START = 0xd8;
    private static final int END = 0xd9;
    private static final int SCAN = 0xda;

    private final MediaListener listener;
    private int between;
    /** The bytes of the current picture that are walked; 0 before its beginning. */
    private int walked;
    private boolean inScan;
    private int width;
    private int height;
    private int shownWidth;
    private int shownHeight;

    MjpegParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        super(limits, listener, memory);
        this.listener = listener;
    }

    @Override
    String container() {
        return "MJPEG";
    }

    @Override
    int parse(ByteBuffer bytes) throws MediaException {
        for (;;) {
            if (walked == 0 && !begin(bytes)) {
                return 2;
            }
            int needed = walk(bytes);
            if (needed > 0) {
                if (needed > limits.maxUnitBytes()) {
                    throw error(bytes.position(), "a picture of more than " + limits.maxUnitBytes()
                            + " bytes (maxUnitBytes)");
                }
                return needed;
            }
            complete(bytes.slice(bytes.position(), walked));
            bytes.position(bytes.position() + walked);
            walked = 0;
        }
    }

    /** Moves the position to the beginning of a picture; false if there is none. */
    private boolean begin(ByteBuffer bytes) throws MediaException {
        while (bytes.remaining() >= 2) {
            int at = bytes.position();
            if ((bytes.getShort(at) & 0xffff) == (0xff00 | START)) {
                walked = 2;
                between = 0;
                inScan = false;
                width = 0;
                return true;
            }
            if (++between > BETWEEN_BYTES_MAX) {
                throw error(at, "no JPEG picture begins within " + BETWEEN_BYTES_MAX + " bytes");
            }
            bytes.position(at + 1);
        }
        return false;
    }

    /** Walks the segments; returns 0 if the picture is complete, or the bytes that are needed to go on. */
    private int walk(ByteBuffer bytes) throws MediaException {
        int base = bytes.position();
        int available = bytes.remaining();
        while (walked + 2 <= available) {
            int first = bytes.get(base + walked) & 0xff;
            int second = bytes.get(base + walked + 1) & 0xff;
            if (inScan && (first != 0xff || second == 0 || second >= 0xd0 && second <= 0xd7)) {
                walked += first == 0xff ? 2 : 1;
                continue;
            }
            if (first != 0xff) {
                throw error(base + walked, "a marker was expected in the picture");
            }
            if (second == 0xff) {
                walked++;
                continue;
            }
            if (second == END) {
                walked += 2;
                return 0;
            }
            if (second == START || second == 0) {
                throw error(base + walked, "a picture begins inside of a picture");
            }
            if (second == 1 || second >= 0xd0 && second <= 0xd7) {
                walked += 2;
                continue;
            }
            if (walked + 4 > available) {
                return walked + 4;
            }
            int length = bytes.getShort(base + walked + 2) & 0xffff;
            if (length < 2) {
                throw error(base + walked, "a segment of " + length + " bytes");
            }
            if (walked + 2 + length > available) {
                return walked + 2 + length;
            }
            segment(second, bytes.slice(base + walked + 4, length - 2), base + walked);
            walked += 2 + length;
            inScan = second == SCAN;
        }
        return walked + 2;
    }

    private void segment(int marker, ByteBuffer content, int at) throws MediaException {
        boolean frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (!frame) {
            return;
        }
        if (marker > 0xc2) {
            throw error(at, "a kind of JPEG that browsers do not show (marker " + Integer.toHexString(marker) + ")");
        }
        if (content.remaining() < 5) {
            throw error(at, "the header of the picture is truncated");
        }
        height = content.getShort(1) & 0xffff;
        width = content.getShort(3) & 0xffff;
        if (width == 0 || height == 0) {
            throw error(at, "a picture of " + width + "x" + height);
        }
    }

    private void complete(ByteBuffer picture) throws MediaException {
        if (width == 0) {
            throw error(0, "a picture without its size");
        }
        if (width != shownWidth || height != shownHeight) {
            shownWidth = width;
            shownHeight = height;
            listener.onInit(new MediaInit("mjpeg", new MediaTrack(MediaTrack.VIDEO, "image/jpeg", width, height, null),
                    null, List.of()));
        }
        listener.onUnit(MediaTrack.VIDEO, picture, new UnitFacts(true, true, false, -1));
    }

    @Override
    void finish(ByteBuffer rest) throws MediaException {
        if (walked > 0) {
            throw error(0, "the stream ended inside of a picture");
        }
        if (shownWidth == 0) {
            throw error(0, "the stream ended before its first picture");
        }
    }
}
