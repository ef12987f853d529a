package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * What a {@code moof} box says of its first picture, and so whether that can start a viewer (ISO/IEC 14496-12, sections 8.8.6 to 8.8.8).
 * Boxes of other tracks are walked, so that a broken fragment is refused here and not by the browsers.
 */
final class Fragment {
    private static final int SAMPLE_IS_NON_SYNC = 0x0001_0000;
    private static final int SAMPLE_DEPENDS_ON = 0x0300_0000;
    private static final int DEPENDS_ON_OTHERS = 0x0100_0000;

    /** A place of data that the fragment does not tell, or that counts from a place that is not known here. */
    private static final int NOWHERE = -1;

    private static final int TFHD_BASE_DATA_OFFSET = 0x000001;
    private static final int TFHD_DESCRIPTION_INDEX = 0x000002;
    private static final int TFHD_DEFAULT_DURATION = 0x000008;
    private static final int TFHD_DEFAULT_SIZE = 0x000010;
    private static final int TFHD_DEFAULT_FLAGS = 0x000020;
    private static final int TFHD_BASE_IS_MOOF = 0x020000;

    private static final int TRUN_DATA_OFFSET = 0x000001;
    private static final int TRUN_FIRST_FLAGS = 0x000004;
    private static final int TRUN_DURATION = 0x000100;
    private static final int TRUN_SIZE = 0x000200;
    private static final int TRUN_FLAGS = 0x000400;
    private static final int TRUN_TIME_OFFSET = 0x000800;

    /** The first sample of a track: its flags, and where it begins, counted from the beginning of the moof, or {@link #NOWHERE}. */
    private record Sample(int flags, int offset) {
        Sample nowhere() {
            return new Sample(flags, NOWHERE);
        }
    }

    private final Sample firstPicture;
    private final int moofBytes;
    private final NalFormat nals;

    private Fragment(Sample firstPicture, int moofBytes, NalFormat nals) {
        this.firstPicture = firstPicture;
        this.moofBytes = moofBytes;
        this.nals = nals;
    }

    /** Reads a {@code moof} box, which has so many bytes with its header. */
    static Fragment read(Box moof, int moofBytes, Movie movie) throws MediaException {
        Sample firstPicture = null;
        boolean firstTraf = true;
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
            Sample first = firstSample(traf, defaultFlags(tfhd, flags, movie.defaultFlags(trackId)));
            if (firstPicture == null && first != null && trackId == movie.video().id()) {
                // else it counts from the end of the data of the traf before
                firstPicture = firstTraf || (flags & TFHD_BASE_IS_MOOF) != 0 ? first : first.nowhere();
            }
            firstTraf = false;
        }
        return new Fragment(firstPicture, moofBytes, movie.video().nals());
    }

    /**
     * Whether the first picture needs no other one. A fragment without a picture is no key: every sample of sound is one by its own count,
     * but nobody can start to watch there. A container that takes every picture for a sync sample is not believed: the picture decides.
     *
     * @param bytes the fragment from its moof on, as far as it is there
     */
    boolean isKey(ByteBuffer bytes) {
        if (firstPicture == null || (firstPicture.flags & SAMPLE_IS_NON_SYNC) != 0
                || (firstPicture.flags & SAMPLE_DEPENDS_ON) == DEPENDS_ON_OTHERS) {
            return false;
        }
        return nals == null || firstPicture.offset < moofBytes || nals.start(bytes, firstPicture.offset) != NalFormat.Start.NO_KEY;
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

    /** The first sample after the {@code tfhd} box, or null if there is no sample. */
    private static Sample firstSample(Box traf, int defaultFlags) throws MediaException {
        Sample first = null;
        for (Box trun = traf.findChild("trun"); trun != null; trun = traf.findChild("trun")) {
            Sample ofRun = firstOfRun(trun, defaultFlags);
            if (first == null) {
                first = ofRun;
            }
        }
        return first;
    }

    private static Sample firstOfRun(Box trun, int defaultFlags) throws MediaException {
        int flags = trun.i32() & 0xffffff;
        long samples = trun.u32();
        int offset = (flags & TRUN_DATA_OFFSET) != 0 ? trun.i32() : NOWHERE;
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
        return new Sample(first, offset);
    }
}
