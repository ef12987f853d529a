package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * One track of a stream as a viewer gets it. Immutable; it may be kept and shared.
 *
 * @param number {@link #VIDEO} or {@link #AUDIO}
 * @param mime   the MIME type for a browser's {@code SourceBuffer}, for example {@code video/mp4; codecs="avc1.42c00c"}
 *               (RFC 6381), or {@code image/jpeg}
 * @param width  width of the picture in pixels, above 0; 0 for sound
 * @param height height of the picture in pixels, above 0; 0 for sound
 * @param bytes  the init segment with this track alone; null for JPEG, which has none. Read-only, and the memory behind
 *               it must not change
 */
public record MediaTrack(int number, String mime, int width, int height, ByteBuffer bytes) {
    /** The number of the track with pictures. */
    public static final int VIDEO = 1;
    /** The number of the track with sound. */
    public static final int AUDIO = 2;

    /**
     * Keeps a read-only view of {@code bytes} from its position to its limit, without a copy.
     *
     * @throws IllegalArgumentException if a picture has no size
     */
    public MediaTrack {
        Objects.requireNonNull(mime, "mime");
        if (number == VIDEO && (width <= 0 || height <= 0)) {
            throw new IllegalArgumentException("a picture of " + width + "x" + height);
        }
        bytes = bytes == null ? null : bytes.slice().asReadOnlyBuffer();
    }

    /**
     * Returns the init segment.
     *
     * @return a read-only view with its own position, which is at the first byte; null for JPEG
     */
    @Override
    public ByteBuffer bytes() {
        return bytes == null ? null : bytes.duplicate();
    }
}
