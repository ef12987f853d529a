package io.iocp4j.relay.media;

/**
 * Reads from a {@code moof} box whether its picture can start a viewer (ISO/IEC 14496-12, sections 8.8.6 to 8.8.8).
 * Boxes of other tracks are walked, so that a broken fragment is refused here and not by the browsers.
 */
final class Fragment {
    private static final int SAMPLE_IS_NON_SYNC = 0x0001_0000;

    private static final int TFHD_BASE_DATA_OFFSET = 0x000001;
    private static final int TFHD_DESCRIPTION_INDEX = 0x000002;
    private static final int TFHD_DEFAULT_DURATION = 0x000008;
    private static final int TFHD_DEFAULT_SIZE = 0x000010;
    private static final int TFHD_DEFAULT_FLAGS = 0x000020;

    private static final int TRUN_DATA_OFFSET = 0x000001;
    private static final int TRUN_FIRST_FLAGS = 0x000004;
    private static final int TRUN_DURATION = 0x000100;
    private static final int TRUN_SIZE = 0x000200;
    private static final int TRUN_FLAGS = 0x000400;
    private static final int TRUN_TIME_OFFSET = 0x000800;

    private Fragment() {
    }

    /**
     * Whether the first picture of the fragment needs no other one. A fragment without a picture is no key: every
     * sample of sound is one by its own count, but nobody can start to watch there.
     */
    static boolean isKey(Box moof, Movie movie) throws MediaException {
        Integer firstPicture = null;
        for (Box traf = moof.findChild("traf"); traf != null; traf = moof.findChild("traf")) {
            Box tfhd = traf.nextChild();
            if (tfhd == null || !tfhd.type().equals("tfhd")) {
                throw traf.error("does not begin with a 'tfhd' box");
            }
            int flags = tfhd.i32() & 0xffffff;
            int trackId = tfhd.i32();
            if (!movie.hasTrack(trackId)) {
                throw tfhd.error("there is no track " + Integer.toUnsignedString(trackId));
            }
            Integer first = firstSampleFlags(traf, defaultFlags(tfhd, flags, movie.defaultFlags(trackId)));
            if (firstPicture == null && trackId == movie.video().id()) {
                firstPicture = first;
            }
        }
        return firstPicture != null && (firstPicture & SAMPLE_IS_NON_SYNC) == 0;
    }

    private static int defaultFlags(Box tfhd, int flags, int defaultOfTrack) throws MediaException {
        // An offset from the beginning of the file loses its meaning for who joins later: browsers refuse it too.
        if ((flags & TFHD_BASE_DATA_OFFSET) != 0) {
            throw tfhd.error("offsets count from the beginning of the file; ffmpeg: -movflags +default_base_moof");
        }
        if ((flags & TFHD_DESCRIPTION_INDEX) != 0) {
            tfhd.skip(4);
        }
        if ((flags & TFHD_DEFAULT_DURATION) != 0) {
            tfhd.skip(4);
        }
        if ((flags & TFHD_DEFAULT_SIZE) != 0) {
            tfhd.skip(4);
        }
        return (flags & TFHD_DEFAULT_FLAGS) != 0 ? tfhd.i32() : defaultOfTrack;
    }

    /** Flags of the first sample after the {@code tfhd} box, or null if there is no sample. */
    private static Integer firstSampleFlags(Box traf, int defaultFlags) throws MediaException {
        Integer first = null;
        for (Box trun = traf.findChild("trun"); trun != null; trun = traf.findChild("trun")) {
            Integer flags = firstFlagsOfRun(trun, defaultFlags);
            if (first == null) {
                first = flags;
            }
        }
        return first;
    }

    private static Integer firstFlagsOfRun(Box trun, int defaultFlags) throws MediaException {
        int flags = trun.i32() & 0xffffff;
        long samples = trun.u32();
        if ((flags & TRUN_DATA_OFFSET) != 0) {
            trun.skip(4);
        }
        int first = (flags & TRUN_FIRST_FLAGS) != 0 ? trun.i32() : defaultFlags;
        int perSample = 4 * Integer.bitCount(flags & (TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_TIME_OFFSET));
        // At most 2^32 samples of 16 bytes: no overflow in 64 bits.
        if (samples * perSample > trun.remaining()) {
            throw trun.error(samples + " samples of " + perSample + " bytes declared, " + trun.remaining() + " left");
        }
        if (samples == 0) {
            return null;
        }
        if ((flags & TRUN_FIRST_FLAGS) == 0 && (flags & TRUN_FLAGS) != 0) {
            trun.skip(4 * Integer.bitCount(flags & (TRUN_DURATION | TRUN_SIZE)));
            first = trun.i32();
        }
        return first;
    }
}
