package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * The part of a stream that every viewer needs before the first unit. Immutable; it may be kept and shared.
 *
 * @param mime   the MIME type for a browser's {@code MediaSource}, for example
 *               {@code video/mp4; codecs="avc1.42c00c,mp4a.40.2"} (RFC 6381); the codec of the picture comes first
 * @param width  width of the picture in pixels, above 0
 * @param height height of the picture in pixels, above 0
 * @param bytes  the init segment as it was received; read-only, and the memory behind it must not change
 */
public record MediaInit(String mime, int width, int height, ByteBuffer bytes) {
    /**
     * Keeps a read-only view of {@code bytes} from its position to its limit, without a copy.
     *
     * @throws IllegalArgumentException if the width or the height is not above 0
     */
    public MediaInit {
        Objects.requireNonNull(mime, "mime");
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException("a picture of " + width + "x" + height);
        }
        bytes = bytes.slice().asReadOnlyBuffer();
    }

    /**
     * Returns the init segment as it was received.
     *
     * @return a read-only view with its own position, which is at the first byte
     */
    @Override
    public ByteBuffer bytes() {
        return bytes.duplicate();
    }
}
