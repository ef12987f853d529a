package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Makes init segments and units from samples: fragmented MP4 (ISO/IEC 14496-12) with one track and one sample in each
 * unit, and WebM for VP8. Each track has its own init segment, so that a viewer can keep sound and picture apart.
 *
 * <p>The times of a stream begin near 0 and never run back. Sound that is less than {@link #JITTER_MS} off its place is
 * put there, because the containers round its times. A step back of more than {@link #BACK_MS}, or ahead of more than
 * {@link #AHEAD_MS}, is taken for a clock that was set: the stream goes on where it was.
 *
 * <p>One thread at a time. The muxer reuses one buffer for all units; it grows with the samples up to
 * {@link MediaLimits#maxUnitBytes()}.
 */
final class Fmp4Muxer {
    /** The largest distance of sound from its place that is taken for rounding, in milliseconds. */
    static final int JITTER_MS = 60;
    /** A longer step back is a clock that was set, in milliseconds. */
    static final int BACK_MS = 1_000;
    /** A longer step ahead is a clock that was set, in milliseconds. */
    static final int AHEAD_MS = 60_000;

    /** The place of the first sample in microseconds. A track that begins a little earlier still fits in. */
    private static final long BEGIN_US = 1_000_000;
    private static final int DEFAULT_RATE = 30;
    private static final int SYNC = 0x0200_0000;
    private static final int NON_SYNC = 0x0101_0000;
    /** Data offset, and for each sample its duration, size, flags and composition offset. */
    private static final int TRUN_FLAGS = 0x000f01;
    private static final int DEFAULT_BASE_IS_MOOF = 0x020000;

    /** The clock of one track. */
    private static final class Clock {
        final SampleTrack track;
        boolean begun;
        long last;
        /** The end of the newest sample, in ticks of the stream. */
        long end;
        long lastDuration;

        Clock(SampleTrack track) {
            this.track = track;
        }

        long ticks(long millis) {
            return millis * track.timescale() / 1_000;
        }
    }

    private final MediaListener listener;
    private final ByteCollector unit;
    private final BoxWriter out;
    private final Clock[] clocks = new Clock[MediaTrack.AUDIO + 1];
    private boolean anchored;
    /** The time of the publisher that is time 0 of the stream, in microseconds. */
    private long zeroMicros;
    private int sequence;

    /**
     * Creates a muxer for one stream.
     *
     * @param limits   the limits of the stream
     * @param listener receives init segments and units
     * @param memory   admits more memory before it is allocated
     */
    Fmp4Muxer(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        this.listener = Objects.requireNonNull(listener, "listener");
        this.unit = new ByteCollector(limits.maxUnitBytes(), memory);
        this.out = new BoxWriter(unit, "maxUnitBytes " + limits.maxUnitBytes());
    }

    /**
     * Begins the stream, or changes its tracks. The times go on. Reports the init segments.
     *
     * @param video   the track with pictures
     * @param audio   the track with sound, or null
     * @param leftOut why tracks were left out
     * @throws MediaException if the listener refuses the stream
     */
    void tracks(SampleTrack video, SampleTrack audio, List<String> leftOut) throws MediaException {
        change(MediaTrack.VIDEO, video);
        change(MediaTrack.AUDIO, audio);
        listener.onInit(new MediaInit(video.container(), init(video), audio == null ? null : init(audio), leftOut));
    }

    private void change(int number, SampleTrack track) {
        Clock before = clocks[number];
        Clock after = track == null ? null : new Clock(track);
        if (before != null && after != null && before.begun) {
            after.begun = true;
            after.end = scale(before.end, before.track.timescale(), track.timescale());
            after.last = after.end - 1;
        }
        clocks[number] = after;
    }

    private static MediaTrack init(SampleTrack track) throws MediaException {
        return new MediaTrack(track.number(), track.mime(), track.width(), track.height(),
                track.isWebm() ? WebmWriter.init(track) : InitWriter.init(track));
    }

    /**
     * Reports one sample as a unit.
     *
     * @param number      the number of its track, which must exist
     * @param decodeTime  the time at which it is decoded, in ticks of its track
     * @param composition the time from then until it is shown, in ticks; may be negative
     * @param duration    its duration in ticks; 0 if it is unknown
     * @param key         whether a decoder can start here
     * @param data        the sample, from position to limit; unchanged
     * @throws MediaException if it exceeds a limit, or the listener ends the stream
     */
    void sample(int number, long decodeTime, int composition, long duration, boolean key, ByteBuffer data)
            throws MediaException {
        Clock clock = clocks[number];
        long time = place(clock, decodeTime);
        long length = duration > 0 ? duration : clock.begun && time > clock.last ? time - clock.last
                : clock.lastDuration > 0 ? clock.lastDuration : Math.max(1, clock.track.timescale() / DEFAULT_RATE);
        length = Math.min(length, clock.ticks(AHEAD_MS));
        clock.begun = true;
        clock.last = time;
        clock.end = time + length;
        clock.lastDuration = length;
        unit.truncate(0);
        if (clock.track.isWebm()) {
            WebmWriter.unit(out, scale(time + composition, clock.track.timescale(), 1_000),
                    scale(length, clock.track.timescale(), 1_000), key, data);
        } else {
            write(clock.track, time, composition, length, key, data);
        }
        boolean picture = clock.track.isVideo();
        listener.onUnit(number, unit.view(0, unit.size()),
                new UnitFacts(key && picture, picture, picture && composition != 0, -1));
    }

    /** Returns the place of a sample in the stream, in ticks of its track. */
    private long place(Clock clock, long decodeTime) {
        long scale = clock.track.timescale();
        if (!anchored) {
            anchored = true;
            zeroMicros = scale(decodeTime, scale, 1_000_000) - BEGIN_US;
        }
        long time = decodeTime - scale(zeroMicros, 1_000_000, scale);
        boolean set = clock.begun
                ? time < clock.last - clock.ticks(BACK_MS) || time > clock.end + clock.ticks(AHEAD_MS)
                : time < 0 || time > clock.ticks(2 * AHEAD_MS) + newestEnd(scale);
        if (set) {
            long newest = newestEnd(scale);
            zeroMicros += scale(time - newest, scale, 1_000_000);
            time = newest;
        }
        if (!clock.begun) {
            return time;
        }
        if (!clock.track.isVideo()) {
            return time < clock.end + clock.ticks(JITTER_MS) ? clock.end : time;
        }
        return Math.max(time, clock.last + 1);
    }

    /** Returns the end of the newest sample of all tracks in ticks of a scale. */
    private long newestEnd(long scale) {
        long newest = 0;
        for (Clock clock : clocks) {
            if (clock != null && clock.begun) {
                newest = Math.max(newest, scale(clock.end, clock.track.timescale(), scale));
            }
        }
        return newest;
    }

    /** Converts ticks to another scale, rounded down, without an overflow for times below 2^62 divided by a scale. */
    static long scale(long ticks, long from, long to) {
        return from == to ? ticks
                : Math.floorDiv(ticks, from) * to + Math.floorMod(ticks, from) * to / from;
    }

    private void write(SampleTrack track, long time, int composition, long duration, boolean key, ByteBuffer data)
            throws MediaException {
        int moof = out.begin("moof");
        int mfhd = out.beginFull("mfhd", 0, 0);
        out.u32(++sequence);
        out.end(mfhd);
        int traf = out.begin("traf");
        int tfhd = out.beginFull("tfhd", 0, DEFAULT_BASE_IS_MOOF);
        out.u32(track.number());
        out.end(tfhd);
        int tfdt = out.beginFull("tfdt", 1, 0);
        out.u64(time);
        out.end(tfdt);
        int trun = out.beginFull("trun", 1, TRUN_FLAGS);
        out.u32(1);
        int dataOffset = out.size();
        out.u32(0).u32((int) duration).u32(data.remaining()).u32(key || !track.isVideo() ? SYNC : NON_SYNC)
                .u32(composition);
        out.end(trun);
        out.end(traf);
        out.end(moof);
        int mdat = out.begin("mdat");
        unit.setInt(dataOffset, out.size() - moof);
        out.bytes(data);
        out.end(mdat);
    }

    /** Returns the codecs of the tracks, for the log. */
    List<String> codecs() {
        List<String> codecs = new ArrayList<>();
        for (Clock clock : clocks) {
            if (clock != null) {
                codecs.add(clock.track.codec());
            }
        }
        return codecs;
    }

    /** Releases the memory. */
    void release() {
        unit.release();
    }

    int memoryBytes() {
        return unit.capacity();
    }
}
