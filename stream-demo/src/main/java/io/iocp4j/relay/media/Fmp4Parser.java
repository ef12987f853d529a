package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Splits a fragmented MP4 stream (ISO/IEC 14496-12) into its init segment and its units, and finds the units that start
 * with a key frame, without decoding. The stream may be fed in pieces of any size.
 *
 * <p>The init segment is {@code ftyp} and {@code moov}. A unit is one {@code moof} and the {@code mdat} boxes (at least
 * one) with its samples, with the {@code styp}, {@code sidx}, {@code prft} and {@code emsg} boxes before them. A unit
 * is reported with the last byte that its {@code moof} refers to. Other boxes between units are dropped as they arrive,
 * whatever their size. A new {@code ftyp} or {@code moov} between units restarts the stream. A {@code moov} without a
 * new {@code ftyp} belongs to the last {@code ftyp}.
 *
 * <p>A stream with one track is passed on as it is. The samples of other streams, and of fragments whose offsets count
 * from the beginning of the file, are taken out, and the muxer writes them again: browsers need each track by itself.
 * Tracks of text, time codes and data are left out.
 *
 * <p>The parser owns its memory and keeps it for the following units. The memory grows with the
 * received bytes up to {@link MediaLimits#maxInitBytes()} and {@link MediaLimits#maxUnitBytes()}, never with the size
 * that a box declares. After an exception, the parser only repeats that it has failed.
 */
final class Fmp4Parser implements MediaParser {
    /** The boxes seen so far, which decide the boxes that may follow. */
    private enum State {
        /** No box yet: the stream must begin with ftyp. */
        START,
        /** An ftyp was seen, but not its moov. */
        BRAND,
        /** The init segment is known; between two units, or in the small boxes before a moof. */
        READY,
        /** A moof was seen. All up to its mdat is kept, because the moof counts offsets from its own beginning. */
        FRAGMENT,
        /** The first mdat was seen, and the moof refers to more data than there is yet. */
        DATA
    }

    /** The destination of the current box. */
    private enum Sink { INIT, UNIT, NOWHERE }

    private final MediaLimits limits;
    private final MediaListener listener;
    private final ByteBuffer header = ByteBuffer.allocate(Box.LONG_HEADER_BYTES);
    private final ByteCollector init;
    private final ByteCollector unit;

    private State state = State.START;
    private final Fmp4Muxer muxer;
    private Movie movie;
    /** Takes the samples out of the fragments of the movie; null while they can be passed on as they are. */
    private FragmentSamples samples;
    /** The offset of the current moof in the stream. */
    private long moofOffset;
    private int brandBytes;
    /** The last fragment of this movie; null before the first. */
    private Fragment fragment;
    /** The offset of the current moof in the unit. */
    private int fragmentStart;
    private boolean failed;
    private boolean ended;

    /** The bytes of the stream before the current position. */
    private long offset;
    /** The bytes of the stream before the current box. */
    private long boxOffset;

    /** The type of the current box; null while its header is incomplete. */
    private String type;
    private Sink sink;
    private int bodyStart;
    private long bodyLeft;

    /**
     * Creates a parser for one stream.
     *
     * @param limits   the limits of the stream
     * @param listener receives init segments and units, on the thread that feeds
     */
    Fmp4Parser(MediaLimits limits, MediaListener listener) {
        this(limits, listener, MediaMemory.UNBOUNDED);
    }

    /**
     * Creates a parser for one stream whose memory is counted.
     *
     * @param limits   the limits of the stream
     * @param listener receives init segments and units, on the thread that feeds
     * @param memory   admits more memory before it is allocated, on the thread that feeds
     */
    Fmp4Parser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.listener = Objects.requireNonNull(listener, "listener");
        this.init = new ByteCollector(limits.maxInitBytes(), memory);
        this.unit = new ByteCollector(limits.maxUnitBytes(), memory);
        this.muxer = new Fmp4Muxer(limits, listener, memory);
        header.limit(Box.HEADER_BYTES);
    }

    @Override
    public void feed(ByteBuffer in) throws MediaException {
        checkUsable();
        failed = true;
        while (in.hasRemaining()) {
            if (type == null) {
                readHeader(in);
            } else {
                readBody(in);
            }
            if (type != null && bodyLeft == 0) {
                closeBox();
            }
        }
        failed = false;
    }

    /**
     * Ends the stream. An incomplete unit is not reported. However, a unit whose {@code moof} refers to more data than
     * the stream has is reported as it is.
     */
    @Override
    public void end() throws MediaException {
        checkUsable();
        ended = true;
        if (type != null) {
            throw error("the stream ended " + bodyLeft + " bytes before the end of this box");
        }
        if (header.position() > 0) {
            throw new MediaException("the stream ended at byte " + offset + " inside of the header of a box");
        }
        if (state == State.START || state == State.BRAND) {
            throw new MediaException("the stream ended at byte " + offset + " before its init segment (ftyp, moov)");
        }
        if (state == State.DATA) {
            reportUnit();
        }
        if (unit.size() > 0) {
            throw new MediaException("the stream ended at byte " + offset + " inside of a unit: "
                    + (state == State.FRAGMENT ? "moof without mdat" : "no moof after styp, sidx, prft or emsg"));
        }
    }

    @Override
    public void release() {
        failed = true;
        init.release();
        unit.release();
        muxer.release();
    }

    @Override
    public int memoryBytes() {
        return init.capacity() + unit.capacity() + muxer.memoryBytes();
    }

    private void checkUsable() throws MediaException {
        if (ended) {
            throw new IllegalStateException("the stream has ended");
        }
        if (failed) {
            throw new MediaException("the stream has failed before byte " + offset);
        }
    }

    private void readHeader(ByteBuffer in) throws MediaException {
        if (header.position() == 0) {
            boxOffset = offset;
        }
        offset += transfer(in);
        if (header.position() == Box.HEADER_BYTES && header.limit() == Box.HEADER_BYTES) {
            String found = Box.typeOf(header.getInt(4));
            if (state == State.START && !found.equals("ftyp")) {
                throw new MediaException("the stream begins with '" + Box.printable(found) + "' and not with 'ftyp'");
            }
            if (header.getInt(0) == 1) {
                header.limit(Box.LONG_HEADER_BYTES);
            }
        }
        if (!header.hasRemaining()) {
            openBox();
        }
    }

    private int transfer(ByteBuffer in) {
        int count = Math.min(in.remaining(), header.remaining());
        header.put(header.position(), in, in.position(), count);
        header.position(header.position() + count);
        in.position(in.position() + count);
        return count;
    }

    private void openBox() throws MediaException {
        header.flip();
        int headerBytes = header.limit();
        boolean wide = headerBytes == Box.LONG_HEADER_BYTES;
        long size = wide ? header.getLong(8) : header.getInt(0) & 0xffff_ffffL;
        type = Box.typeOf(header.getInt(4));
        if (!Box.printable(type).equals(type)) {
            throw error("this is not the beginning of a box");
        }
        if (size == 0 && !wide) {
            throw error("a box without an end (size 0) cannot be relayed");
        }
        if (size >= 0 && size < headerBytes) {
            throw error("declares " + size + " bytes, less than its header");
        }
        if (state == State.DATA && !goesOn()) {
            reportUnit();
        }
        sink = switch (type) {
            case "ftyp" -> beginBrand();
            case "moov" -> beginMovie();
            case "moof" -> beginFragment();
            case "mdat" -> beginData();
            case "styp", "sidx", "prft", "emsg" ->
                    state == State.READY || state == State.FRAGMENT ? Sink.UNIT : Sink.NOWHERE;
            default -> state == State.FRAGMENT || state == State.DATA ? Sink.UNIT : Sink.NOWHERE;
        };
        long room = switch (sink) {
            case INIT -> init.room();
            case UNIT -> unit.room();
            // nothing of it is kept, so its size does not matter
            case NOWHERE -> Long.MAX_VALUE;
        };
        // a size of 64 bits may have its top bit set, so compare it as unsigned
        if (Long.compareUnsigned(size, room) > 0) {
            throw error("declares " + Long.toUnsignedString(size) + " bytes, " + room + " are allowed here"
                    + switch (sink) {
                        case INIT -> " (maxInitBytes " + limits.maxInitBytes() + ")";
                        case UNIT -> " (maxUnitBytes " + limits.maxUnitBytes() + ")";
                        case NOWHERE -> "";
                    });
        }
        store(header, headerBytes);
        header.clear().limit(Box.HEADER_BYTES);
        bodyStart = sink == Sink.INIT ? init.size() : unit.size();
        bodyLeft = size - headerBytes;
    }

    private Sink beginBrand() throws MediaException {
        refuseInFragment();
        init.truncate(0);
        unit.truncate(0);
        return Sink.INIT;
    }

    private Sink beginMovie() throws MediaException {
        refuseInFragment();
        init.truncate(brandBytes);
        unit.truncate(0);
        return Sink.INIT;
    }

    private Sink beginFragment() throws MediaException {
        refuseInFragment();
        if (state == State.BRAND) {
            throw error("comes before any 'moov'");
        }
        fragmentStart = unit.size();
        moofOffset = boxOffset;
        return Sink.UNIT;
    }

    private Sink beginData() throws MediaException {
        if (state == State.BRAND) {
            throw error("comes before any 'moov': " + Movie.NOT_FRAGMENTED);
        }
        if (fragment == null) {
            throw error("comes before any 'moof': " + Movie.NOT_EMPTY);
        }
        // in READY, the data follows the last byte that its moof refers to, so nothing refers to it
        return state == State.READY ? Sink.NOWHERE : Sink.UNIT;
    }

    /** Tells whether the current box may occur in a fragment that waits for more data. If not, it ends the fragment. */
    private boolean goesOn() {
        return switch (type) {
            case "ftyp", "moov", "moof", "styp", "sidx", "prft", "emsg" -> false;
            default -> true;
        };
    }

    private void refuseInFragment() throws MediaException {
        if (state == State.FRAGMENT) {
            throw error("comes where the 'mdat' of the last 'moof' is expected");
        }
    }

    private void readBody(ByteBuffer in) throws MediaException {
        int count = (int) Math.min(in.remaining(), bodyLeft);
        store(in, count);
        offset += count;
        bodyLeft -= count;
    }

    private void store(ByteBuffer in, int count) throws MediaException {
        switch (sink) {
            case INIT -> init.append(in, count);
            case UNIT -> unit.append(in, count);
            case NOWHERE -> in.position(in.position() + count);
        }
    }

    private void closeBox() throws MediaException {
        String closed = type;
        switch (closed) {
            case "ftyp" -> {
                brandBytes = init.size();
                fragment = null;
                state = State.BRAND;
            }
            case "moov" -> {
                movie = Movie.read(outermost(init), limits.maxTracks());
                fragment = null;
                state = State.READY;
                samples = null;
                if (movie.isPictureAlone()) {
                    Track video = movie.video();
                    String mime = video.sampleTrack().mime();
                    listener.onInit(new MediaInit("fmp4", new MediaTrack(MediaTrack.VIDEO, mime, video.width(),
                            video.height(), init.copy()), null, movie.leftOut()));
                } else {
                    beginSamples();
                }
            }
            case "moof" -> {
                fragment = Fragment.read(outermost(unit), unit.size() - fragmentStart, movie);
                state = State.FRAGMENT;
            }
            case "mdat" -> {
                if (sink == Sink.UNIT) {
                    state = State.DATA;
                    if (unit.size() - fragmentStart >= fragment.dataEnd()) {
                        reportUnit();
                    }
                }
            }
            default -> { /* already kept or dropped while it arrived */ }
        }
        type = null;
    }

    private void reportUnit() throws MediaException {
        state = State.READY;
        ByteBuffer bytes = unit.view(fragmentStart, unit.size());
        if (samples == null && !fragment.isPlain()) {
            beginSamples();
        }
        if (samples != null) {
            samples.report(bytes, fragment.moofBytes(), moofOffset);
        } else {
            listener.onUnit(MediaTrack.VIDEO, unit.view(0, unit.size()), fragment.facts(bytes));
        }
        unit.truncate(0);
    }

    private void beginSamples() throws MediaException {
        samples = new FragmentSamples(movie, muxer);
        muxer.tracks(movie.video().sampleTrack(), movie.audio() == null ? null : movie.audio().sampleTrack(),
                movie.leftOut());
    }

    private Box outermost(ByteCollector bytes) throws MediaException {
        return Box.outermost(type, bytes.view(bodyStart, bytes.size()), offset - (bytes.size() - bodyStart),
                limits.maxBoxDepth());
    }

    private MediaException error(String what) {
        return new MediaException(Box.printable(type) + " at byte " + boxOffset + ": " + what);
    }
}
