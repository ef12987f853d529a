package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Parses a raw stream of H.264 or H.265 (ISO/IEC 14496-10, annex B): NAL units after start codes. A raw stream has no
 * times, so pictures follow each other at the frame rate that the encoder declares, or at {@value #DEFAULT_RATE} per
 * second. Pictures that are shown in another order than they come need times, and are refused. A picture is complete
 * when the next one begins.
 */
final class AnnexBParser extends BufferedParser {
    static final int DEFAULT_RATE = 30;
    private static final int RATE = 90_000;
    private static final int AVC_DELIMITER = 9;

    private final PictureUnits picture;
    /** The bytes after the current start code in which there is no next one. */
    private int scanned;
    private SampleTrack track;
    private boolean awaitKey = true;
    private long time;
    private long frameTicks;
    private boolean started;

    AnnexBParser(boolean hevc, MediaLimits limits, MediaListener listener, MediaMemory memory) {
        super(limits, listener, memory);
        this.picture = new PictureUnits(hevc, limits, memory);
    }

    @Override
    String container() {
        return picture.hevc ? "H.265" : "H.264";
    }

    @Override
    int parse(ByteBuffer bytes) throws MediaException {
        for (;;) {
            // the position is at a start code, except at the very beginning
            int begin = bytes.position();
            int from = begin + (started ? 3 : 0);
            int next = PictureUnits.startCode(bytes, Math.max(from, begin + scanned));
            if (next < 0) {
                // a start code may begin in the last two bytes
                scanned = Math.max(0, bytes.remaining() - 2);
                return need(begin, bytes.remaining() + 1L);
            }
            if (started) {
                unit(bytes.slice(from, next - from));
            }
            started = true;
            scanned = 3;
            bytes.position(next);
        }
    }

    private void unit(ByteBuffer nal) throws MediaException {
        if (nal.remaining() < 3) {
            return;
        }
        int type = PictureUnits.type(nal.get(0), picture.hevc);
        boolean slice = PictureUnits.isSlice(type, picture.hevc);
        if (picture.isPicture() && (slice ? isFirstSlice(nal) : beginsPicture(type))) {
            complete();
        }
        if (slice && !picture.hevc) {
            refuseReordering(nal);
        }
        picture.add(nal);
    }

    /** Tells whether a slice begins a picture: its first macroblock is 0, or the flag for it is set. */
    private boolean isFirstSlice(ByteBuffer nal) {
        return nal.get(picture.hevc ? 2 : 1) < 0;
    }

    /** Tells whether a unit that is no slice can only come before the slices of a picture. */
    private boolean beginsPicture(int type) {
        return picture.hevc ? type >= 32 && type <= 35 || type == 39 : type >= 6 && type <= AVC_DELIMITER;
    }

    private void refuseReordering(ByteBuffer nal) throws MediaException {
        Bits bits = Bits.ofNal(nal, "the slice");
        bits.skip(8);
        bits.ue();
        if (bits.ue() % 5 == 1) {
            throw error(0, "has B-frames but no times, so their order is not known;"
                    + " ffmpeg: -bf 0, or -f mpegts instead of -f h264");
        }
    }

    private void complete() throws MediaException {
        boolean key = picture.isKey();
        if (picture.sets.isNew() && key) {
            track = picture.sets.track(RATE);
            long nanos = picture.sets.sps().frameNanos();
            frameTicks = nanos > 0 ? nanos * RATE / 1_000_000_000 : RATE / DEFAULT_RATE;
            muxer.tracks(track, null, nanos > 0 ? List.of() : List.of("the stream declares no frame rate, "
                    + DEFAULT_RATE + " frames per second are assumed"));
        }
        if (track != null && (key || !awaitKey)) {
            awaitKey = false;
            muxer.sample(MediaTrack.VIDEO, time, 0, frameTicks, key, picture.sample());
            time += frameTicks;
        }
        picture.clear();
    }

    @Override
    void finish(ByteBuffer rest) throws MediaException {
        if (started && rest.remaining() > 3) {
            unit(rest.slice(3, rest.remaining() - 3));
        }
        if (picture.isPicture()) {
            complete();
        }
        if (track == null) {
            throw error(0, "the stream ended before its first key frame with its parameter sets");
        }
    }

    @Override
    public void release() {
        super.release();
        picture.release();
    }

    @Override
    public int memoryBytes() {
        return super.memoryBytes() + picture.memoryBytes();
    }
}
