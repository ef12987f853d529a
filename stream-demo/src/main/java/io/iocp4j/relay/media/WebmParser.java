package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses WebM and Matroska (RFC 9559): VP8, VP9, AV1, H.264 or HEVC, and Opus, AAC, FLAC or MP3. Segment and clusters
 * may have an unknown size, as the recorder of a browser writes them: both are entered as they come, and whatever
 * follows is taken in the order of the stream. Cues, tags and other elements are passed over, whatever their size.
 *
 * <p>Whether a frame of VP8 or VP9 is a key frame, the frame itself says, because recorders set the flag of the block
 * differently. For other codecs the block must say so, and the NAL units must not contradict.
 */
final class WebmParser extends BufferedParser {
    private static final int EBML = 0x1a45dfa3;
    private static final int SEGMENT = 0x18538067;
    private static final int INFO = 0x1549a966;
    private static final int TRACKS = 0x1654ae6b;
    private static final int TRACK_ENTRY = 0xae;
    private static final int CLUSTER = 0x1f43b675;
    private static final int CLUSTER_TIME = 0xe7;
    private static final int SIMPLE_BLOCK = 0xa3;
    private static final int BLOCK_GROUP = 0xa0;
    private static final int BLOCK = 0xa1;
    private static final int BLOCK_DURATION = 0x9b;
    private static final int REFERENCE = 0xfb;
    private static final int TIMESTAMP_SCALE = 0x2ad7b1;

    /** The flag of a simple block that marks a key frame. */
    private static final int SIMPLE_KEY = 0x80;
    /** No bit of the flags. */
    private static final int NEVER_KEY = 0x100;

    private static final int MICROS = 1_000_000;

    private long scaleNanos = MICROS;
    private long clusterTime;
    private WebmTrack video;
    private WebmTrack audio;
    private SampleTrack videoTrack;
    private SampleTrack audioTrack;
    private List<String> leftOut = List.of();
    private boolean begun;
    private boolean awaitKey = true;
    private long lastVideoMicros = -1;

    WebmParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        super(limits, listener, memory);
    }

    @Override
    String container() {
        return "WebM";
    }

    @Override
    int parse(ByteBuffer bytes) throws MediaException {
        for (;;) {
            int at = bytes.position();
            if (!bytes.hasRemaining()) {
                return 2;
            }
            int idBytes = Ebml.idBytes(bytes.get(at));
            if (idBytes == 0) {
                throw error(at, "this is not the beginning of an element");
            }
            if (bytes.remaining() <= idBytes) {
                return idBytes + 1;
            }
            int sizeBytes = Ebml.sizeBytes(bytes.get(at + idBytes));
            if (sizeBytes == 0) {
                throw error(at, "the element has no valid size");
            }
            int header = idBytes + sizeBytes;
            if (bytes.remaining() < header) {
                return header;
            }
            int id = Ebml.id(bytes, at, idBytes);
            long size = Ebml.size(bytes, at + idBytes, sizeBytes);
            if (id == SEGMENT || id == CLUSTER) {
                bytes.position(at + header);
                continue;
            }
            if (size == Ebml.UNKNOWN) {
                throw error(at, "an element of unknown size that is neither segment nor cluster");
            }
            if (!isRead(id)) {
                bytes.position(at + header);
                skip(size);
                return 0;
            }
            if (id == TRACKS && size > limits.maxInitBytes()) {
                throw error(at, "tracks of " + size + " bytes, " + limits.maxInitBytes()
                        + " are allowed (maxInitBytes)");
            }
            int whole = need(at, size) + header;
            if (bytes.remaining() < whole) {
                return whole;
            }
            bytes.position(at + whole);
            element(at, id, bytes.slice(at + header, (int) size));
        }
    }

    private static boolean isRead(int id) {
        return switch (id) {
            case EBML, INFO, TRACKS, CLUSTER_TIME, SIMPLE_BLOCK, BLOCK_GROUP -> true;
            default -> false;
        };
    }

    private void element(int at, int id, ByteBuffer content) throws MediaException {
        switch (id) {
            case EBML -> {
                // the publisher restarts the stream
                clusterTime = 0;
                awaitKey = true;
            }
            case INFO -> readInfo(content);
            case TRACKS -> readTracks(at, content);
            case CLUSTER_TIME -> clusterTime = number(content);
            case SIMPLE_BLOCK -> block(at, content, 0, SIMPLE_KEY);
            default -> readGroup(at, content);
        }
    }

    private static long number(ByteBuffer content) throws MediaException {
        if (content.remaining() > 8) {
            throw new MediaException("WebM: the time of a cluster has " + content.remaining() + " bytes");
        }
        long value = 0;
        while (content.hasRemaining()) {
            value = value << 8 | content.get() & 0xff;
        }
        return value;
    }

    private void readInfo(ByteBuffer content) throws MediaException {
        Ebml info = new Ebml("Info", content);
        while (info.next()) {
            if (info.id() == TIMESTAMP_SCALE) {
                scaleNanos = info.number();
                if (scaleNanos < 1 || scaleNanos > 1_000_000_000L) {
                    throw new MediaException("WebM: a timestamp scale of " + scaleNanos + " ns");
                }
            }
        }
    }

    private void readTracks(int at, ByteBuffer content) throws MediaException {
        video = null;
        audio = null;
        leftOut = new ArrayList<>();
        Ebml tracks = new Ebml("Tracks", content);
        int count = 0;
        while (tracks.next()) {
            if (tracks.id() != TRACK_ENTRY) {
                continue;
            }
            if (++count > limits.maxTracks()) {
                throw error(at, "more than " + limits.maxTracks() + " tracks (maxTracks)");
            }
            add(WebmTrack.read(tracks.children("TrackEntry"), MICROS));
        }
        if (video == null) {
            throw error(at, "has no picture that can be relayed"
                    + (leftOut.isEmpty() ? "" : ": " + String.join("; ", leftOut)));
        }
        videoTrack = video.isVp8() || video.isVp9() ? null : video.track();
        audioTrack = audio == null ? null : audio.track();
        begun = false;
        awaitKey = true;
    }

    private void add(WebmTrack track) {
        String refusal = track.refusal();
        if (!track.isVideo() && !track.isAudio()) {
            return;
        }
        if (refusal != null) {
            leftOut.add(refusal);
        } else if (track.isVideo() && video == null) {
            video = track;
        } else if (track.isAudio() && audio == null) {
            audio = track;
        } else {
            leftOut.add("another track with " + track.codec() + " is left out");
        }
    }

    private void readGroup(int at, ByteBuffer content) throws MediaException {
        Ebml group = new Ebml("BlockGroup", content);
        ByteBuffer block = null;
        long duration = 0;
        boolean reference = false;
        while (group.next()) {
            switch (group.id()) {
                case BLOCK -> block = group.content();
                case BLOCK_DURATION -> duration = group.number();
                case REFERENCE -> reference = true;
                default -> { /* additions, such as transparency */ }
            }
        }
        if (block != null) {
            block(at, block.slice(), duration, reference ? NEVER_KEY : 0);
        }
    }

    /**
     * Takes a block.
     *
     * @param keyFlag the bit of its flags that marks a key frame; 0 if it is one, {@link #NEVER_KEY} if it is none
     */
    private void block(int at, ByteBuffer block, long duration, int keyFlag) throws MediaException {
        int numberBytes = block.hasRemaining() ? Ebml.sizeBytes(block.get(0)) : 0;
        if (numberBytes == 0 || block.remaining() < numberBytes + 3) {
            throw error(at, "a block is truncated");
        }
        if (video == null) {
            throw error(at, "a block comes before the tracks");
        }
        long number = Ebml.size(block, 0, numberBytes);
        long ticks = clusterTime + block.getShort(numberBytes);
        int flags = block.get(numberBytes + 2);
        boolean isVideo = number == video.number();
        if (!isVideo && (audio == null || number != audio.number())) {
            return;
        }
        if (ticks > Long.MAX_VALUE / 4 / scaleNanos || ticks < -32_768) {
            throw error(at, "a time of " + ticks + " ticks");
        }
        long micros = Math.floorDiv(ticks * scaleNanos, 1_000L);
        long durationMicros = Math.clamp(duration, 0, 1_000_000L) * scaleNanos / 1_000;
        ByteBuffer data = block.slice(numberBytes + 3, block.remaining() - numberBytes - 3);
        if ((flags & 6) != 0) {
            laced(at, isVideo, flags, micros, data);
        } else if (isVideo) {
            picture(micros, durationMicros, keyFlag == 0 || (flags & keyFlag) != 0, data);
        } else {
            sound(micros, data);
        }
    }

    /** Several frames in one block (RFC 9559, 10.3): only sound is stored like that. */
    private void laced(int at, boolean isVideo, int flags, long micros, ByteBuffer data) throws MediaException {
        if (isVideo || !data.hasRemaining()) {
            throw error(at, "a block with several pictures");
        }
        int[] sizes = WebmLacing.sizes(flags >>> 1 & 3, data);
        long time = micros;
        for (int size : sizes) {
            ByteBuffer frame = data.slice(data.position(), size);
            data.position(data.position() + size);
            sound(time, frame);
            time += audio.samples(frame) * (long) MICROS / audioTrack.timescale();
        }
    }

    private void picture(long micros, long duration, boolean marked, ByteBuffer data) throws MediaException {
        if (!data.hasRemaining()) {
            return;
        }
        boolean key = isKey(data, marked);
        if (awaitKey && !key) {
            return;
        }
        if (key && (video.isVp8() || video.isVp9())) {
            SampleTrack next = video.isVp8() ? Vpx.vp8(data, MICROS) : Vpx.vp9(data, MICROS);
            begun &= next.isSameAs(videoTrack);
            videoTrack = next;
        }
        if (!begun) {
            begun = true;
            muxer.tracks(videoTrack, audioTrack, leftOut);
        }
        awaitKey = false;
        // there are no decoding times here: with B-frames, pictures go back in time
        long decode = lastVideoMicros >= 0 && micros < lastVideoMicros && lastVideoMicros - micros < MICROS
                ? lastVideoMicros + 1 : micros;
        lastVideoMicros = decode;
        muxer.sample(MediaTrack.VIDEO, decode, (int) (micros - decode), duration > 0 ? duration
                : Math.clamp(video.frameNanos() / 1_000, 0, MICROS), key, data);
    }

    private boolean isKey(ByteBuffer data, boolean marked) {
        if (video.isVp8()) {
            return Vpx.isVp8Key(data);
        }
        if (video.isVp9()) {
            return Vpx.isVp9Key(data);
        }
        NalFormat nals = videoTrack.nals();
        return marked && (nals == null || nals.start(data, 0) != NalFormat.Start.NO_KEY);
    }

    private void sound(long micros, ByteBuffer data) throws MediaException {
        if (begun && data.hasRemaining()) {
            muxer.sample(MediaTrack.AUDIO, Fmp4Muxer.scale(micros, MICROS, audioTrack.timescale()), 0,
                    audio.samples(data), true, data);
        }
    }

    @Override
    void finish(ByteBuffer rest) throws MediaException {
        // a recorder may stop inside of an element
        if (!begun) {
            throw error(0, "the stream ended before its first key frame");
        }
    }
}
