package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Takes the samples out of fragments (ISO/IEC 14496-12, 8.8.7 and 8.8.8) and gives them to the muxer: fragments with
 * several tracks, or with tracks that are left out. The fragment was checked by {@link Fragment} before.
 */
final class FragmentSamples {
    private static final int MAX_DEPTH = 16;
    /** The place of the sample rate in a sample entry of sound. */
    private static final int RATE_INDEX = 32;
    /** A longer time is out of the range in which it can be converted to other scales. */
    private static final long TICKS_MAX = 1L << 56;

    private final Movie movie;
    private final Fmp4Muxer muxer;
    /** The end of the last sample of each track, for fragments without a time. */
    private final Map<Integer, Long> ends = new HashMap<>();
    /** Whether pictures wait for a key frame, because those before it would refer to nothing. */
    private boolean awaitKey = true;

    // of the track fragment that is being read
    private long runEnd;
    private long time;

    FragmentSamples(Movie movie, Fmp4Muxer muxer) {
        this.movie = movie;
        this.muxer = muxer;
    }

    /**
     * Reports the samples of a fragment.
     *
     * @param bytes      its bytes from its moof on, as far as they are there
     * @param moofBytes  the size of the moof with its header
     * @param moofOffset the offset of the moof in the stream
     */
    void report(ByteBuffer bytes, int moofBytes, long moofOffset) throws MediaException {
        int header = bytes.getInt(0) == 1 ? Box.LONG_HEADER_BYTES : Box.HEADER_BYTES;
        Box moof = Box.outermost("moof", bytes.slice(header, moofBytes - header), moofOffset + header, MAX_DEPTH);
        runEnd = 0;
        boolean first = true;
        for (Box traf = moof.findChild("traf"); traf != null; traf = moof.findChild("traf")) {
            Box tfhd = traf.nextChild();
            int flags = tfhd.i32() & 0xffffff;
            int id = tfhd.i32();
            long base = first || (flags & Fragment.TFHD_BASE_IS_MOOF) != 0 ? 0 : runEnd;
            if ((flags & Fragment.TFHD_BASE_DATA_OFFSET) != 0) {
                base = Fragment.fileOffset(tfhd, moofOffset);
            }
            first = false;
            Movie.Defaults defaults = Fragment.readDefaults(tfhd, flags, movie.defaults(id));
            time = ends.getOrDefault(id, 0L);
            runEnd = base;
            for (Box box = traf.nextChild(); box != null; box = traf.nextChild()) {
                if (box.type().equals("tfdt")) {
                    boolean wide = box.i32() >>> 24 == 1;
                    time = wide ? box.i64() : box.u32();
                    if (time < 0 || time > TICKS_MAX) {
                        throw box.error("a time of " + Long.toUnsignedString(time) + " ticks");
                    }
                } else if (box.type().equals("trun")) {
                    run(box, defaults, base, movie.relayed(id), bytes);
                }
            }
            ends.put(id, Math.min(time, TICKS_MAX));
        }
    }

    private void run(Box trun, Movie.Defaults defaults, long base, Track track, ByteBuffer bytes)
            throws MediaException {
        int flags = trun.i32() & 0xffffff;
        long samples = trun.u32();
        if ((flags & Fragment.TRUN_DATA_OFFSET) != 0) {
            runEnd = base + trun.i32();
        }
        int firstFlags = (flags & Fragment.TRUN_FIRST_FLAGS) != 0 ? trun.i32() : defaults.flags();
        boolean sized = (flags & Fragment.TRUN_SIZE) != 0;
        if (!sized && defaults.size() == 0) {
            return;
        }
        for (long i = 0; i < samples && (sized || runEnd < bytes.limit()); i++) {
            long duration = (flags & Fragment.TRUN_DURATION) != 0 ? trun.u32() : defaults.duration();
            long size = sized ? trun.u32() : defaults.size();
            int own = (flags & Fragment.TRUN_FLAGS) != 0 ? trun.i32() : defaults.flags();
            int offset = (flags & Fragment.TRUN_TIME_OFFSET) != 0 ? trun.i32() : 0;
            int sampleFlags = i == 0 && (flags & Fragment.TRUN_FIRST_FLAGS) != 0 ? firstFlags : own;
            long end = runEnd + size;
            if (track != null && size > 0 && runEnd >= 0 && end <= bytes.limit()) {
                sample(track, sampleFlags, offset, duration, bytes, (int) runEnd, (int) size);
            }
            runEnd = end;
            time += duration;
        }
    }

    private void sample(Track track, int flags, int offset, long duration, ByteBuffer bytes, int at, int size)
            throws MediaException {
        ByteBuffer data = bytes.slice(at, size);
        if (track != movie.video()) {
            muxer.sample(MediaTrack.AUDIO, time - track.shift(), 0, soundDuration(track, duration), true, data);
            return;
        }
        boolean key = Fragment.isKey(flags, track, data, 0);
        if (key || !awaitKey) {
            awaitKey = false;
            long composition = Math.clamp(offset - track.shift(), Integer.MIN_VALUE, Integer.MAX_VALUE);
            muxer.sample(MediaTrack.VIDEO, time, (int) composition, duration, key, data);
        }
    }

    /** Some muxers declare a duration of 0 for sound, because they do not know the next sample yet. */
    private static long soundDuration(Track track, long duration) {
        // the rate in the sample entry: its clock counts samples, as it does in most files
        int rate = (track.entry()[RATE_INDEX] & 0xff) << 8 | track.entry()[RATE_INDEX + 1] & 0xff;
        return duration > 0 || track.timescale() != rate || !track.codec().startsWith("mp4a.40") ? duration
                : Sound.AAC_SAMPLES;
    }
}
