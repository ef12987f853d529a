package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses an MPEG transport stream (ISO/IEC 13818-1) with packets of 188 bytes: H.264 or HEVC, and AAC (ADTS), Opus or
 * MP3. Only the first program is read, and of it the first track of each kind.
 *
 * <p>Loss: a gap in the continuity counter of a track drops what was begun of it. The picture goes on with the next key
 * frame. Times have 33 bits at 90 kHz and wrap after 26.5 hours; they are extended here.
 *
 * <p>A picture is complete when its declared length is there, or when the next one begins. Most publishers declare no
 * length, so this costs the duration of one frame.
 */
final class TsParser extends BufferedParser {
    static final int PACKET_BYTES = 188;
    private static final int SYNC = 0x47;
    private static final int RATE = 90_000;
    /** More bytes without a packet are not a lossy transport stream but something else. */
    private static final int LOST_BYTES_MAX = 64 * 1024;
    /** Before this many packets there must be a picture. ffmpeg sends the tables each 0.1 s. */
    private static final int PACKETS_WITHOUT_TABLES_MAX = 50_000;

    private final MediaMemory memory;
    private final TsTables tables = new TsTables();
    private TsTrack video;
    private TsTrack audio;
    private PictureUnits picture;
    private TsSound sound;
    private SampleTrack videoTrack;
    private SampleTrack audioTrack;
    private boolean synced;
    private boolean awaitKey = true;
    private int lostBytes;
    private int packets;
    private int lostPictures;

    TsParser(MediaLimits limits, MediaListener listener, MediaMemory memory) {
        super(limits, listener, memory);
        this.memory = memory;
    }

    @Override
    String container() {
        return "MPEG-TS";
    }

    @Override
    int parse(ByteBuffer bytes) throws MediaException {
        if (!synced) {
            if (bytes.remaining() <= 2 * PACKET_BYTES) {
                return 2 * PACKET_BYTES + 1;
            }
            if (bytes.get(bytes.position() + PACKET_BYTES) != SYNC
                    || bytes.get(bytes.position() + 2 * PACKET_BYTES) != SYNC) {
                throw error(0, "this is no stream of packets of " + PACKET_BYTES
                        + " bytes, and of no other known container; ffmpeg: -f mpegts");
            }
            synced = true;
        }
        while (bytes.remaining() >= PACKET_BYTES) {
            int at = bytes.position();
            if ((bytes.get(at) & 0xff) != SYNC) {
                if (++lostBytes > LOST_BYTES_MAX) {
                    throw error(at, "no packet begins within " + LOST_BYTES_MAX + " bytes");
                }
                bytes.position(at + 1);
                continue;
            }
            lostBytes = 0;
            bytes.position(at + PACKET_BYTES);
            packet(at, bytes.slice(at, PACKET_BYTES));
        }
        return PACKET_BYTES;
    }

    private void packet(int at, ByteBuffer packet) throws MediaException {
        int header = packet.getInt();
        int pid = header >>> 8 & 0x1fff;
        boolean broken = (header & 0x80_0000) != 0;
        boolean begins = (header & 0x40_0000) != 0;
        if (tables.video() == null && ++packets > PACKETS_WITHOUT_TABLES_MAX) {
            throw error(at, "no table names a picture within " + PACKETS_WITHOUT_TABLES_MAX + " packets");
        }
        boolean gapAllowed = false;
        if ((header & 0x20) != 0) {
            int length = packet.get() & 0xff;
            if (length > packet.remaining()) {
                return;
            }
            if (length > 0) {
                gapAllowed = (packet.get(packet.position()) & 0x80) != 0;
            }
            packet.position(packet.position() + length);
        }
        if ((header & 0x10) == 0) {
            return;
        }
        if (tables.isTable(pid)) {
            if (!broken) {
                tables.packet(pid, begins, packet);
                if (tables.takeChanged()) {
                    changeTracks();
                }
            }
            return;
        }
        TsTrack track = video != null && pid == video.pid ? video : audio != null && pid == audio.pid ? audio : null;
        if (track == null) {
            return;
        }
        if ((header & 0xc0) != 0) {
            throw error(at, "the stream is encrypted");
        }
        TsTrack.Order order = track.order(header & 0xf, gapAllowed, broken);
        if (order == TsTrack.Order.REPEATED) {
            return;
        }
        if (order == TsTrack.Order.GAP) {
            lost(track);
        }
        if (begins && track.isBegun()) {
            complete(track);
        }
        if (track.add(begins, packet)) {
            complete(track);
        }
    }

    private void lost(TsTrack track) {
        track.drop();
        if (track == video) {
            awaitKey = true;
            lostPictures++;
        }
    }

    private void changeTracks() throws MediaException {
        TsTables.Elementary pictures = tables.video();
        if (video == null || video.pid != pictures.pid()
                || picture.hevc != (pictures.kind() == TsTables.Kind.HEVC)) {
            release(video);
            if (picture != null) {
                picture.release();
            }
            video = new TsTrack(pictures.pid(), limits, memory);
            picture = new PictureUnits(pictures.kind() == TsTables.Kind.HEVC, limits, memory);
            videoTrack = null;
            awaitKey = true;
        }
        release(audio);
        audio = null;
        audioTrack = null;
        if (sound != null) {
            sound.release();
            sound = null;
        }
        if (tables.audio() != null) {
            audio = new TsTrack(tables.audio().pid(), limits, memory);
            sound = new TsSound(tables.audio(), memory);
        }
    }

    private static void release(TsTrack track) {
        if (track != null) {
            track.release();
        }
    }

    private void complete(TsTrack track) throws MediaException {
        if (track.hasTime()) {
            if (track == video) {
                picture(track);
            } else {
                sound.feed(track.payload(), track.pts(), this::sound);
            }
        }
        track.drop();
    }

    private void picture(TsTrack track) throws MediaException {
        picture.clear();
        picture.addAll(track.payload());
        if (!picture.isPicture()) {
            return;
        }
        boolean key = picture.isKey();
        if (awaitKey && !key) {
            return;
        }
        if (picture.sets.isNew()) {
            videoTrack = picture.sets.track(RATE);
            begin();
        }
        if (videoTrack == null) {
            return;
        }
        awaitKey = false;
        int composition = (int) Math.clamp(track.pts() - track.dts(), -10L * RATE, 10L * RATE);
        muxer.sample(MediaTrack.VIDEO, track.dts(), composition, 0, key, picture.sample());
    }

    private void sound(SampleTrack format, long time, int samples, ByteBuffer data) throws MediaException {
        if (videoTrack == null) {
            // no unit may come before the init segments, which need the picture
            return;
        }
        if (!format.isSameAs(audioTrack)) {
            audioTrack = format;
            begin();
        }
        muxer.sample(MediaTrack.AUDIO, Fmp4Muxer.scale(time, RATE, format.timescale()), 0, samples, true, data);
    }

    private void begin() throws MediaException {
        List<String> leftOut = new ArrayList<>(tables.leftOut());
        if (tables.audio() != null && audioTrack == null) {
            leftOut.add("the sound begins later");
        }
        muxer.tracks(videoTrack, audioTrack, leftOut);
    }

    @Override
    void finish(ByteBuffer rest) throws MediaException {
        if (video == null) {
            throw error(0, "the stream ended before its tables");
        }
        if (video.isBegun()) {
            complete(video);
        }
        if (audio != null && audio.isBegun()) {
            complete(audio);
        }
        if (videoTrack == null) {
            throw error(0, "the stream ended before its first key frame");
        }
    }

    /** Returns how often a part of the picture was lost. */
    int lostPictures() {
        return lostPictures;
    }

    @Override
    public void release() {
        super.release();
        release(video);
        release(audio);
        if (picture != null) {
            picture.release();
        }
        if (sound != null) {
            sound.release();
        }
    }

    @Override
    public int memoryBytes() {
        return super.memoryBytes() + (video == null ? 0 : video.memoryBytes() + picture.memoryBytes())
                + (audio == null ? 0 : audio.memoryBytes() + sound.memoryBytes());
    }
}
