package io.iocp4j.relay.media;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tracks of one {@code moov} box, to which the following fragments refer. Immutable. */
final class Movie {
    /** The advice for a publisher that sends a plain file. */
    static final String NOT_FRAGMENTED =
            "this is not a fragmented stream; ffmpeg: -movflags frag_every_frame+empty_moov+default_base_moof";
    /** The advice for a publisher whose stream begins like a plain file. */
    static final String NOT_EMPTY =
            "the first samples are outside any 'moof', where no browser accepts them; ffmpeg: -movflags +empty_moov";

    /** The size of a picture's sample entry before its child boxes. */
    private static final int PICTURE_ENTRY_BYTES = 78;

    private final Map<Integer, Track> tracks;
    private final Map<Integer, Defaults> defaults;
    private final Track video;
    private final Track audio;
    private final List<String> leftOut;

    /**
     * The defaults for samples of a track whose size or flags a fragment does not give.
     *
     * @param duration duration in ticks, below 2^32
     * @param size     size in bytes, below 2^32
     */
    record Defaults(long duration, long size, int flags) {
    }

    private Movie(Map<Integer, Track> tracks, Map<Integer, Defaults> defaults, Track video, Track audio,
            List<String> leftOut) {
        this.tracks = tracks;
        this.defaults = defaults;
        this.video = video;
        this.audio = audio;
        this.leftOut = leftOut;
    }

    /** Reads a {@code moov} box. Its first tracks with pictures and with sound that browsers play are relayed. */
    static Movie read(Box moov, int maxTracks) throws MediaException {
        Map<Integer, Track> tracks = new LinkedHashMap<>();
        Track video = null;
        Track audio = null;
        List<String> leftOut = new ArrayList<>();
        long timescale = 1;
        Box mvex = null;
        for (Box box = moov.nextChild(); box != null; box = moov.nextChild()) {
            if (box.type().equals("trak")) {
                if (tracks.size() == maxTracks) {
                    throw box.error("more than " + maxTracks + " tracks (maxTracks)");
                }
                Track track = readTrack(box, timescale, leftOut);
                if (tracks.putIfAbsent(track.id(), track) != null) {
                    throw box.error("a second track with number " + Integer.toUnsignedString(track.id()));
                }
                if (track.kind() == Track.Kind.VIDEO && video == null) {
                    video = track;
                } else if (track.kind() == Track.Kind.AUDIO && audio == null) {
                    audio = track;
                } else if (track.kind() != Track.Kind.OTHER) {
                    leftOut.add("another track with " + track.codec() + " is left out");
                }
            } else if (box.type().equals("mvhd")) {
                timescale = readTimescale(box);
            } else if (box.type().equals("mvex")) {
                mvex = box;
            }
        }
        if (mvex == null) {
            throw moov.error("has no 'mvex' box: " + NOT_FRAGMENTED);
        }
        if (video == null) {
            throw moov.error("has no video track");
        }
        // after the tracks, because mvex may come before them
        return new Movie(tracks, readDefaults(mvex, tracks.keySet()), video, audio, leftOut);
    }

    Track video() {
        return video;
    }

    /** Returns the track with sound; null if there is none. */
    Track audio() {
        return audio;
    }

    /** Returns why tracks were left out. */
    List<String> leftOut() {
        return leftOut;
    }

    /** Tells whether the bytes of the publisher can be passed on as they are: there is only the picture. */
    boolean isPictureAlone() {
        return tracks.size() == 1 && !video.renamed();
    }

    /** Returns the track that is relayed and has this number in the stream of the publisher; null if there is none. */
    Track relayed(int id) {
        return id == video.id() ? video : audio != null && id == audio.id() ? audio : null;
    }

    boolean hasTrack(int id) {
        return tracks.containsKey(id);
    }

    /** Returns the defaults for samples of a track. The track must exist. */
    Defaults defaults(int trackId) {
        return defaults.get(trackId);
    }

    private static Track readTrack(Box trak, long movieTimescale, List<String> leftOut) throws MediaException {
        Box tkhd = null;
        Box mdia = null;
        Box edts = null;
        for (Box box = trak.nextChild(); box != null; box = trak.nextChild()) {
            if (box.type().equals("tkhd")) {
                tkhd = box;
            } else if (box.type().equals("mdia")) {
                mdia = box;
            } else if (box.type().equals("edts")) {
                edts = box;
            }
        }
        if (tkhd == null || mdia == null) {
            throw trak.missing(tkhd == null ? "tkhd" : "mdia");
        }
        skipTimes(tkhd);
        return readMedia(mdia, tkhd.i32(), EditList.read(edts, movieTimescale), leftOut);
    }

    private static Track readMedia(Box mdia, int trackId, EditList edits, List<String> leftOut)
            throws MediaException {
        Box mdhd = null;
        Box hdlr = null;
        Box minf = null;
        for (Box box = mdia.nextChild(); box != null; box = mdia.nextChild()) {
            switch (box.type()) {
                case "mdhd" -> mdhd = box;
                case "hdlr" -> hdlr = box;
                case "minf" -> minf = box;
                default -> { /* the relay does not need elng and others */ }
            }
        }
        if (mdhd == null || hdlr == null || minf == null) {
            throw mdia.missing(mdhd == null ? "mdhd" : hdlr == null ? "hdlr" : "minf");
        }
        long timescale = readTimescale(mdhd);
        requireNoSamples(minf.again());
        hdlr.skip(8);
        return switch (Box.typeOf(hdlr.i32())) {
            case "vide" -> readPicture(trackId, timescale, firstSampleEntry(minf), edits.shift(timescale));
            case "soun" -> readSound(trackId, timescale, firstSampleEntry(minf), edits.shift(timescale), leftOut);
            default -> other(trackId, timescale);
        };
    }

    private static Track other(int trackId, long timescale) {
        return new Track(trackId, Track.Kind.OTHER, null, 0, 0, timescale, null, null, 0, false);
    }

    private static Track readSound(int trackId, long timescale, Box entry, long shift, List<String> leftOut)
            throws MediaException {
        byte[] copy = entry.copy();
        String codec = CodecString.audio(entry);
        if (codec == null) {
            leftOut.add("the sound is left out: browsers do not play '" + Box.printable(entry.type())
                    + "'; use AAC, Opus, FLAC or MP3, with ffmpeg: -c:a aac");
            return other(trackId, timescale);
        }
        return new Track(trackId, Track.Kind.AUDIO, codec, 0, 0, timescale, null, copy, shift, false);
    }

    private static long readTimescale(Box mdhd) throws MediaException {
        skipTimes(mdhd);
        long timescale = mdhd.u32();
        if (timescale == 0) {
            throw mdhd.error("a timescale of 0");
        }
        return timescale;
    }

    /** Skips version, flags and the two times (creation, modification): 32 bits in version 0, 64 bits in version 1. */
    private static void skipTimes(Box box) throws MediaException {
        int version = box.u8();
        if (version > 1) {
            throw box.error("version " + version + " is not known");
        }
        box.skip(3 + (version == 0 ? 8 : 16));
    }

    /** Refuses a moov with samples: browsers refuse it, and a viewer that joins later could not get the samples. */
    private static void requireNoSamples(Box minf) throws MediaException {
        Box stbl = minf.findChild("stbl");
        if (stbl == null) {
            return;
        }
        for (Box table = stbl.nextChild(); table != null; table = stbl.nextChild()) {
            if (table.type().equals("stsz") || table.type().equals("stz2")) {
                table.skip(8);
                if (table.u32() > 0) {
                    throw table.error(NOT_EMPTY);
                }
            }
        }
    }

    private static Box firstSampleEntry(Box minf) throws MediaException {
        Box stsd = minf.requireChild("stbl").requireChild("stsd");
        stsd.skip(8);
        Box entry = stsd.nextChild();
        if (entry == null) {
            throw stsd.error("has no sample entry");
        }
        return entry;
    }

    private static Track readPicture(int trackId, long timescale, Box entry, long shift) throws MediaException {
        // Apple plays only hvc1, which promises that the configuration has all parameter sets
        boolean renamed = entry.type().equals("hev1") && DecoderConfig.isComplete(entry.again());
        return readPicture(trackId, timescale, renamed ? entry.renamed("hvc1") : entry, shift, renamed);
    }

    private static Track readPicture(int trackId, long timescale, Box entry, long shift, boolean renamed)
            throws MediaException {
        entry.skip(24);
        int width = entry.u16();
        int height = entry.u16();
        if (width == 0 || height == 0) {
            throw entry.error("a picture of " + width + "x" + height);
        }
        entry.skip(50);
        String codec = CodecString.video(entry);
        Box again = entry.again();
        again.skip(PICTURE_ENTRY_BYTES);
        return new Track(trackId, Track.Kind.VIDEO, codec, width, height, timescale, NalFormat.of(again),
                entry.copy(), shift, renamed);
    }

    private static Map<Integer, Defaults> readDefaults(Box mvex, Set<Integer> trackIds) throws MediaException {
        Map<Integer, Defaults> defaults = new HashMap<>();
        for (Box trex = mvex.findChild("trex"); trex != null; trex = mvex.findChild("trex")) {
            trex.skip(4);
            int id = trex.i32();
            if (!trackIds.contains(id)) {
                throw trex.error("there is no track " + Integer.toUnsignedString(id));
            }
            trex.skip(4);
            if (defaults.putIfAbsent(id, new Defaults(trex.u32(), trex.u32(), trex.i32())) != null) {
                throw trex.error("a second 'trex' for track " + Integer.toUnsignedString(id));
            }
        }
        for (int id : trackIds) {
            if (!defaults.containsKey(id)) {
                throw mvex.error("has no 'trex' box for track " + Integer.toUnsignedString(id));
            }
        }
        return defaults;
    }
}
