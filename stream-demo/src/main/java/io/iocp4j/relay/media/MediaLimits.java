package io.iocp4j.relay.media;

/**
 * The limits on what a parser holds and walks through for one publisher. A stream that exceeds a limit ends with a
 * {@link MediaException}, as soon as the excess is declared and before memory is allocated for it.
 *
 * @param maxInitBytes bytes of an init segment ({@code ftyp} and {@code moov}), 16 to 1 GiB; default 1 MiB
 * @param maxUnitBytes bytes of one unit ({@code moof}, its {@code mdat} boxes and the small boxes before them), 16 to
 *                     1 GiB; default 8 MiB, the largest message of the relay. A skipped box has no limit, because
 *                     nothing of it is kept
 * @param maxBoxDepth  levels of nested boxes, where the outermost counts as 1; 1 to 64; default 16
 * @param maxTracks    tracks of one {@code moov}, 1 to 64; default 8
 */
public record MediaLimits(int maxInitBytes, int maxUnitBytes, int maxBoxDepth, int maxTracks) {
    private static final int MIB = 1 << 20;
    private static final MediaLimits DEFAULTS = new MediaLimits(MIB, 8 * MIB, 16, 8);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a limit is outside its range
     */
    public MediaLimits {
        check("maxInitBytes", maxInitBytes, 16, 1024 * MIB);
        check("maxUnitBytes", maxUnitBytes, 16, 1024 * MIB);
        check("maxBoxDepth", maxBoxDepth, 1, 64);
        check("maxTracks", maxTracks, 1, 64);
    }

    /**
     * Returns the default limits.
     *
     * @return the defaults
     */
    public static MediaLimits defaults() {
        return DEFAULTS;
    }

    /**
     * Returns a copy with another limit for init segments.
     *
     * @param bytes bytes of an init segment, 16 to 1 GiB
     * @return the changed limits
     */
    public MediaLimits maxInitBytes(int bytes) {
        return new MediaLimits(bytes, maxUnitBytes, maxBoxDepth, maxTracks);
    }

    /**
     * Returns a copy with another limit for units.
     *
     * @param bytes bytes of one unit, 16 to 1 GiB
     * @return the changed limits
     */
    public MediaLimits maxUnitBytes(int bytes) {
        return new MediaLimits(maxInitBytes, bytes, maxBoxDepth, maxTracks);
    }

    /**
     * Returns a copy with another limit for nesting.
     *
     * @param levels levels of nested boxes, 1 to 64
     * @return the changed limits
     */
    public MediaLimits maxBoxDepth(int levels) {
        return new MediaLimits(maxInitBytes, maxUnitBytes, levels, maxTracks);
    }

    /**
     * Returns a copy with another limit for tracks.
     *
     * @param tracks tracks of one {@code moov}, 1 to 64
     * @return the changed limits
     */
    public MediaLimits maxTracks(int tracks) {
        return new MediaLimits(maxInitBytes, maxUnitBytes, maxBoxDepth, tracks);
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be " + min + " to " + max + ", not " + value);
        }
    }
}
