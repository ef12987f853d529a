package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * The contents of a {@code moof} box that tell whether a viewer can start at its first picture (ISO/IEC 14496-12,
 * sections 8.8.6 to 8.8.8). The boxes of other tracks are checked too, so that a broken fragment is refused here and
 * not by the browsers.
 */
final class Fragment {
    static final int SAMPLE_IS_NON_SYNC = 0x0001_0000;
    static final int SAMPLE_DEPENDS_ON = 0x0300_0000;
    static final int DEPENDS_ON_OTHERS = 0x0100_0000;

    static final int TFHD_BASE_DATA_OFFSET = 0x000001;
    static final int TFHD_DESCRIPTION_INDEX = 0x000002;
    static final int TFHD_DEFAULT_DURATION = 0x000008;
    static final int TFHD_DEFAULT_SIZE = 0x000010;
    static final int TFHD_DEFAULT_FLAGS = 0x000020;
    static final int TFHD_BASE_IS_MOOF = 0x020000;

    static final int TRUN_DATA_OFFSET = 0x000001;
    static final int TRUN_FIRST_FLAGS = 0x000004;
    static final int TRUN_DURATION = 0x000100;
    static final int TRUN_SIZE = 0x000200;
    static final int TRUN_FLAGS = 0x000400;
    static final int TRUN_TIME_OFFSET = 0x000800;

    /** The bytes of an mfhd box after its header: version, flags and number. */
    private static final int MFHD_BYTES = 8;

    /** A length above any unit. A sum with it does not overflow. */
    private static final long ENDLESS = 1L << 48;

    /** The first sample of a track: its flags, and the offset of its first byte from the beginning of the moof. */
    private record Sample(int flags, long offset) {
    }

    private final Movie movie;
    private final int moofBytes;
    private final long moofOffset;
    private Sample firstPicture;
    private int tracks;
    private boolean reordered;
    private long number = -1;
    private boolean fromFile;
    /** The end of the run of samples that was read last, counted from the beginning of the moof. */
    private long runEnd;
    /** The end of the sample that ends last, counted from the beginning of the moof. */
    private long dataEnd;

    private Fragment(Movie movie, int moofBytes, long moofOffset) {
        this.movie = movie;
        this.moofBytes = moofBytes;
        this.moofOffset = moofOffset;
    }

    /** Reads a {@code moof} box. Its size {@code moofBytes} includes the header. */
    static Fragment read(Box moof, int moofBytes, Movie movie) throws MediaException {
        Fragment fragment = new Fragment(movie, moofBytes, moof.bodyOffset() - Box.HEADER_BYTES);
        boolean first = true;
        for (Box box = moof.nextChild(); box != null; box = moof.nextChild()) {
            if (box.type().equals("traf")) {
                fragment.readTrack(box, first);
                fragment.tracks++;
                first = false;
            } else if (box.type().equals("mfhd") && box.remaining() >= MFHD_BYTES) {
                box.skip(4);
                fragment.number = box.u32();
            }
        }
        return fragment;
    }

    private void readTrack(Box traf, boolean firstTraf) throws MediaException {
        Box tfhd = traf.nextChild();
        if (tfhd == null || !tfhd.type().equals("tfhd")) {
            throw traf.error("does not begin with a 'tfhd' box");
        }
        int flags = tfhd.i32() & 0xffffff;
        int trackId = tfhd.i32();
        if (!movie.hasTrack(trackId)) {
            throw tfhd.error("there is no track " + Integer.toUnsignedString(trackId));
        }
        // without this flag, every traf except the first counts from the end of the data of the previous traf
        boolean fromMoof = firstTraf || (flags & TFHD_BASE_IS_MOOF) != 0;
        long base = fromMoof ? 0 : runEnd;
        if ((flags & TFHD_BASE_DATA_OFFSET) != 0) {
            fromFile = true;
            base = fileOffset(tfhd, moofOffset);
        }
        boolean picture = trackId == movie.video().id();
        Sample first = readRuns(traf, readDefaults(tfhd, flags, movie.defaults(trackId)), base, picture);
        if (firstPicture == null && picture) {
            firstPicture = first;
        }
    }

    /** Returns what the unit says of itself; its bytes are those received so far, from its moof on. */
    UnitFacts facts(ByteBuffer bytes) {
        return new UnitFacts(isKey(bytes), firstPicture != null, reordered, number);
    }

    /** Reads an offset from the beginning of the file, and returns it counted from the beginning of the moof. */
    static long fileOffset(Box tfhd, long moofOffset) throws MediaException {
        long offset = tfhd.i64() - moofOffset;
        if (offset < 0 || offset > ENDLESS) {
            throw tfhd.error("has its data " + offset + " bytes after its 'moof';"
                    + " ffmpeg: -movflags +default_base_moof");
        }
        return offset;
    }

    /** Tells whether the fragment has one track, and counts its offsets as browsers demand. */
    boolean isPlain() {
        return tracks <= 1 && !fromFile;
    }

    int moofBytes() {
        return moofBytes;
    }

    /** Returns the end of the last sample's data, in bytes from the beginning of the moof; 0 or more. */
    long dataEnd() {
        return dataEnd;
    }

    /**
     * Tells whether the first picture needs no other one. A fragment without a picture is not a key: every sample of
     * sound counts as a sync sample, but no viewer can start to watch there. The container is not trusted if it marks a
     * picture as a sync sample: the picture itself decides.
     *
     * @param bytes the bytes of the fragment received so far, from its moof on
     */
    boolean isKey(ByteBuffer bytes) {
        if (firstPicture == null || firstPicture.offset >= moofBytes && firstPicture.offset < bytes.limit()) {
            return firstPicture != null && isKey(firstPicture.flags, movie.video(), bytes, (int) firstPicture.offset);
        }
        return isKey(firstPicture.flags, null, bytes, 0);
    }

    /**
     * Tells whether a picture needs no other one.
     *
     * @param video its track; null if its data is not there
     * @param at    the index of its first byte
     */
    static boolean isKey(int flags, Track video, ByteBuffer bytes, int at) {
        if ((flags & SAMPLE_IS_NON_SYNC) != 0 || (flags & SAMPLE_DEPENDS_ON) == DEPENDS_ON_OTHERS) {
            return false;
        }
        return video == null || video.nals() == null || video.nals().start(bytes, at) != NalFormat.Start.NO_KEY;
    }

    /** Reads the rest of a {@code tfhd} box after its offset. */
    static Movie.Defaults readDefaults(Box tfhd, int flags, Movie.Defaults ofTrack) throws MediaException {
        if ((flags & TFHD_DESCRIPTION_INDEX) != 0) {
            tfhd.skip(4);
        }
        long duration = (flags & TFHD_DEFAULT_DURATION) != 0 ? tfhd.u32() : ofTrack.duration();
        long size = (flags & TFHD_DEFAULT_SIZE) != 0 ? tfhd.u32() : ofTrack.size();
        return new Movie.Defaults(duration, size, (flags & TFHD_DEFAULT_FLAGS) != 0 ? tfhd.i32() : ofTrack.flags());
    }

    /** Reads the boxes after the {@code tfhd} box; returns the first sample, or null if there is none. */
    private Sample readRuns(Box traf, Movie.Defaults defaults, long base, boolean picture) throws MediaException {
        Sample first = null;
        runEnd = base;
        for (Box trun = traf.findChild("trun"); trun != null; trun = traf.findChild("trun")) {
            Sample ofRun = readRun(trun, defaults, base, picture);
            if (first == null) {
                first = ofRun;
            }
        }
        return first;
    }

    private Sample readRun(Box trun, Movie.Defaults defaults, long base, boolean picture) throws MediaException {
        int flags = trun.i32() & 0xffffff;
        long samples = trun.u32();
        long begin = runEnd;
        if ((flags & TRUN_DATA_OFFSET) != 0) {
            begin = base + trun.i32();
            if (begin < 0) {
                throw trun.error("has its data before its 'moof', where no browser accepts it");
            }
        }
        int first = (flags & TRUN_FIRST_FLAGS) != 0 ? trun.i32() : defaults.flags();
        int perSample = 4 * Integer.bitCount(flags & (TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_TIME_OFFSET));
        // at most 2^32 samples of 16 bytes, so 64 bits do not overflow
        if (samples * perSample > trun.remaining()) {
            throw trun.error(samples + " samples of " + perSample + " bytes declared, " + trun.remaining() + " left");
        }
        if (samples == 0) {
            return null;
        }
        long bytes = 0;
        if ((flags & TRUN_SIZE) == 0 && defaults.size() > 0) {
            bytes = samples > ENDLESS / defaults.size() ? ENDLESS : samples * defaults.size();
        }
        boolean all = (flags & TRUN_SIZE) != 0 || picture && (flags & TRUN_TIME_OFFSET) != 0;
        long read = perSample == 0 ? 0 : all ? samples : 1;
        for (long i = 0; i < read; i++) {
            trun.skip(4 * Integer.bitCount(flags & TRUN_DURATION));
            bytes += (flags & TRUN_SIZE) == 0 ? 0 : trun.u32();
            int own = (flags & TRUN_FLAGS) == 0 ? first : trun.i32();
            first = i == 0 && (flags & TRUN_FIRST_FLAGS) == 0 ? own : first;
            // a picture with an offset is shown later than its place in the stream
            reordered |= (flags & TRUN_TIME_OFFSET) != 0 && trun.i32() != 0 && picture;
        }
        runEnd = Math.min(ENDLESS, begin + bytes);
        dataEnd = Math.max(dataEnd, runEnd);
        return new Sample(first, begin);
    }
}
