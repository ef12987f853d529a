package io.iocp4j.relay.media;

/**
 * The edit list of a track (ISO/IEC 14496-12, 8.6.6), as far as it matters for a live stream: where it begins.
 *
 * @param movieTimescale ticks of the movie per second
 * @param emptyTicks     ticks of the movie before the track begins
 * @param mediaTicks     the tick of the track at which it begins
 */
record EditList(long movieTimescale, long emptyTicks, long mediaTicks) {
    private static final long TICKS_MAX = 1L << 40;

    /** Reads an {@code edts} box, which may be null. An edit list out of range is ignored. */
    static EditList read(Box edts, long movieTimescale) throws MediaException {
        long empty = 0;
        long media = 0;
        Box elst = edts == null ? null : edts.findChild("elst");
        if (elst != null) {
            boolean wide = elst.i32() >>> 24 == 1;
            long entries = elst.u32();
            boolean begun = false;
            for (long i = 0; i < entries && !begun && elst.remaining() >= (wide ? 20 : 12); i++) {
                long duration = wide ? elst.i64() : elst.u32();
                long time = wide ? elst.i64() : elst.i32();
                elst.skip(4);
                begun = time >= 0;
                media = begun ? time : 0;
                empty += begun ? 0 : Math.clamp(duration, 0, TICKS_MAX);
            }
        }
        boolean inRange = media <= TICKS_MAX && empty <= TICKS_MAX;
        return new EditList(movieTimescale, inRange ? empty : 0, inRange ? media : 0);
    }

    /** Returns the ticks by which the track is shown earlier than its samples say. */
    long shift(long timescale) {
        return mediaTicks - Fmp4Muxer.scale(emptyTicks, movieTimescale, timescale);
    }
}
