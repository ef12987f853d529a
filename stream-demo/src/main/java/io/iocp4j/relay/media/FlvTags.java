package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The media in the tags of FLV, which are also the messages of RTMP (Adobe Flash Video File Format 10.1, E.4, and
 * Enhanced RTMP v2): H.264, HEVC, AV1, VP9, and AAC, Opus, FLAC, MP3. Of several tracks the first is taken. Times are
 * milliseconds of 32 bits, which wrap after 49.7 days; they are extended here.
 */
final class FlvTags {
    static final int AUDIO = 8;
    static final int VIDEO = 9;
    static final int SCRIPT = 18;

    private static final int MILLIS = 1_000;
    private static final int SEQUENCE_START = 0;
    private static final int CODED_FRAMES = 1;
    private static final int SEQUENCE_END = 2;
    private static final int CODED_FRAMES_WITHOUT_OFFSET = 3;
    private static final int MULTITRACK_VIDEO = 6;
    private static final int MULTITRACK_AUDIO = 5;
    private static final int MODIFIED = 7;

    private static final int AVC = fourCc("avc1");
    private static final int HEVC = fourCc("hvc1");
    private static final int AV1 = fourCc("av01");
    private static final int VP9 = fourCc("vp09");
    private static final int AAC = fourCc("mp4a");
    private static final int OPUS = fourCc("Opus");
    private static final int FLAC = fourCc("fLaC");
    private static final int MP3 = fourCc(".mp3");

    private final Fmp4Muxer muxer;
    private final Set<String> leftOut = new LinkedHashSet<>();
    private SampleTrack video;
    private SampleTrack audio;
    private int mp3Header;
    private int mp3Samples;
    private boolean begun;
    private boolean changed;
    private boolean awaitKey = true;
    private long lastTime = -1;

    FlvTags(Fmp4Muxer muxer) {
        this.muxer = muxer;
    }

    private static int fourCc(String text) {
        return text.charAt(0) << 24 | text.charAt(1) << 16 | text.charAt(2) << 8 | text.charAt(3);
    }

    /** Tells whether the init segments were reported. */
    boolean isBegun() {
        return begun;
    }

    /**
     * Takes the body of one tag. Other types than sound and picture are ignored.
     *
     * @param type      {@link #AUDIO}, {@link #VIDEO} or another
     * @param timestamp its time in milliseconds, 32 bits
     * @param body      from position to limit
     */
    void tag(int type, long timestamp, ByteBuffer body) throws MediaException {
        if (type != AUDIO && type != VIDEO || !body.hasRemaining()) {
            return;
        }
        // nearest to the time before, so that both a wrap and a small step back are right
        lastTime = lastTime < 0 ? (1L << 32) + timestamp : lastTime + (int) (timestamp - lastTime);
        ByteBuffer in = body.slice();
        if (type == VIDEO) {
            video(lastTime, in);
        } else {
            audio(lastTime, in);
        }
    }

    private static void need(ByteBuffer in, int bytes) throws MediaException {
        if (in.remaining() < bytes) {
            throw new MediaException("a tag is truncated");
        }
    }

    /** Passes the modifiers before the real type of the packet, and returns that. */
    private static int passModifiers(int packetType, ByteBuffer in) throws MediaException {
        int type = packetType;
        while (type == MODIFIED) {
            need(in, 1);
            int size = (in.get() & 0xff) + 1;
            if (size == 256) {
                need(in, 2);
                size = (in.getShort() & 0xffff) + 1;
            }
            need(in, size + 1);
            in.position(in.position() + size);
            type = in.get() & 0xf;
        }
        return type;
    }

    // ------------------------------------------------------------------ picture

    private void video(long time, ByteBuffer in) throws MediaException {
        int first = in.get() & 0xff;
        boolean enhanced = (first & 0x80) != 0;
        int frameType = first >>> 4 & 7;
        if (frameType == 5) {
            // a command of a server to a player
            return;
        }
        if (!enhanced) {
            legacyVideo(first & 0xf, frameType == 1, time, in);
            return;
        }
        int packetType = passModifiers(first & 0xf, in);
        if (packetType != MULTITRACK_VIDEO) {
            need(in, 4);
            frames(in.getInt(), packetType, frameType == 1, time, in);
            return;
        }
        int[] packet = firstTrack(in, "picture");
        if (packet != null) {
            frames(packet[0], packet[1], frameType == 1, time, in);
        }
    }

    /** Moves to the packet of track 0, and returns its codec and type; null if there is no such track. */
    private int[] firstTrack(ByteBuffer in, String kind) throws MediaException {
        need(in, 1);
        int types = in.get() & 0xff;
        int many = types >>> 4;
        boolean sameCodec = many != 2;
        int codec = 0;
        if (sameCodec) {
            need(in, 4);
            codec = in.getInt();
        }
        while (in.hasRemaining()) {
            need(in, sameCodec ? 1 : 5);
            codec = sameCodec ? codec : in.getInt();
            int id = in.get() & 0xff;
            int size = in.remaining();
            if (many != 0) {
                need(in, 3);
                size = (in.getShort() & 0xffff) << 8 | in.get() & 0xff;
                need(in, size);
            }
            if (id == 0) {
                in.limit(in.position() + size);
                return new int[] {codec, types & 0xf};
            }
            leaveOut("another track with a " + kind + " is left out");
            in.position(in.position() + size);
        }
        return null;
    }

    private void legacyVideo(int codec, boolean key, long time, ByteBuffer in) throws MediaException {
        if (codec != 7 && codec != 12) {
            throw new MediaException("the video codec " + codec + " of FLV cannot be relayed; ffmpeg: -c:v libx264");
        }
        need(in, 4);
        int packetType = in.get() & 0xff;
        // the offset of composition follows in the first two types
        int offset = offset(in);
        samples(codec == 7 ? AVC : HEVC, packetType, key, time, offset, in);
    }

    private static int offset(ByteBuffer in) throws MediaException {
        need(in, 3);
        return in.get() << 16 | in.getShort() & 0xffff;
    }

    private void frames(int codec, int packetType, boolean key, long time, ByteBuffer in) throws MediaException {
        int offset = packetType == CODED_FRAMES && (codec == AVC || codec == HEVC) ? offset(in) : 0;
        samples(codec, packetType == CODED_FRAMES_WITHOUT_OFFSET ? CODED_FRAMES : packetType, key, time, offset, in);
    }

    private void samples(int codec, int packetType, boolean key, long time, int offset, ByteBuffer in)
            throws MediaException {
        if (codec != AVC && codec != HEVC && codec != AV1 && codec != VP9) {
            throw new MediaException("the video codec '" + Box.printable(Box.typeOf(codec)) + "' cannot be relayed");
        }
        switch (packetType) {
            case SEQUENCE_START -> {
                SampleTrack next = videoTrack(codec, in);
                if (next != null) {
                    change(next);
                }
            }
            case CODED_FRAMES -> sample(codec, key, time, offset, in);
            case SEQUENCE_END -> awaitKey = true;
            default -> { /* metadata about colours, and others that a browser does not need */ }
        }
    }

    private SampleTrack videoTrack(int codec, ByteBuffer config) throws MediaException {
        if (codec == VP9) {
            // a key frame has everything, and tells the size as well
            return null;
        }
        if (codec == AV1) {
            return Vpx.av1(config, MILLIS, 0, 0);
        }
        return DecoderConfig.track(codec == HEVC, config, MILLIS);
    }

    private void sample(int codec, boolean key, long time, int offset, ByteBuffer data) throws MediaException {
        if (!data.hasRemaining()) {
            return;
        }
        if (codec == VP9 && key && Vpx.isVp9Key(data)) {
            change(Vpx.vp9(data, MILLIS));
        }
        if (video == null) {
            return;
        }
        boolean start = key && (video.nals() == null || video.nals().start(data.slice(), 0) != NalFormat.Start.NO_KEY);
        if (awaitKey && !start) {
            return;
        }
        awaitKey = false;
        begin();
        muxer.sample(MediaTrack.VIDEO, time, offset, 0, start, data);
    }

    /** Reports the init segments if a track is new. Before the first frame, the configurations of all tracks come. */
    private void begin() throws MediaException {
        if (changed) {
            changed = false;
            begun = true;
            muxer.tracks(video, audio, List.copyOf(leftOut));
        }
    }

    private void change(SampleTrack next) {
        if (next.isVideo() && !next.isSameAs(video)) {
            video = next;
            awaitKey = true;
            changed = true;
        } else if (!next.isVideo() && !next.isSameAs(audio)) {
            audio = next;
            changed = true;
        }
    }

    // ------------------------------------------------------------------ sound

    private void audio(long time, ByteBuffer in) throws MediaException {
        int first = in.get() & 0xff;
        int format = first >>> 4;
        switch (format) {
            case 10 -> {
                need(in, 1);
                int packetType = in.get() & 0xff;
                sound(AAC, packetType, time, in);
            }
            case 2, 14 -> sound(MP3, CODED_FRAMES, time, in);
            case 9 -> {
                int packetType = passModifiers(first & 0xf, in);
                if (packetType != MULTITRACK_AUDIO) {
                    need(in, 4);
                    sound(in.getInt(), packetType, time, in);
                    return;
                }
                int[] packet = firstTrack(in, "sound");
                if (packet != null) {
                    sound(packet[0], packet[1], time, in);
                }
            }
            default -> leaveOut("the sound is left out: browsers do not play codec " + format
                    + " of FLV; use AAC, Opus, FLAC or MP3");
        }
    }

    private void leaveOut(String why) {
        changed |= leftOut.add(why);
    }

    private void sound(int codec, int packetType, long time, ByteBuffer in) throws MediaException {
        if (packetType == SEQUENCE_START) {
            SampleTrack next = codec == AAC ? Sound.aac(in) : codec == OPUS ? Sound.opus(in)
                    : codec == FLAC ? Sound.flac(in) : null;
            if (next != null) {
                change(next);
            }
        } else if (packetType == CODED_FRAMES && in.hasRemaining()) {
            if (codec == MP3) {
                mp3(in);
            }
            if (codec != AAC && codec != OPUS && codec != FLAC && codec != MP3) {
                leaveOut("the sound is left out: browsers do not play '" + Box.printable(Box.typeOf(codec))
                        + "'; use AAC, Opus, FLAC or MP3");
                return;
            }
            if (audio != null && begun) {
                begin();
                int samples = codec == AAC ? Sound.AAC_SAMPLES : codec == OPUS ? Sound.opusSamples(in)
                        : codec == FLAC ? Sound.flacSamples(in) : mp3Samples;
                muxer.sample(MediaTrack.AUDIO, Fmp4Muxer.scale(time, MILLIS, audio.timescale()), 0, samples, true, in);
            }
        }
    }

    private void mp3(ByteBuffer in) throws MediaException {
        need(in, 4);
        Sound.Mp3Header header = Sound.Mp3Header.read(in.getInt(in.position()));
        if (header == null) {
            throw new MediaException("a frame of MP3 does not begin with its header");
        }
        mp3Samples = header.samples();
        int fields = in.getInt(in.position()) & 0xfffe_0cc0;
        if (audio == null || fields != mp3Header) {
            mp3Header = fields;
            change(Sound.mp3(header.rate(), header.channels()));
        }
    }
}
