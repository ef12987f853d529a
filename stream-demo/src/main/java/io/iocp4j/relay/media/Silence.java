package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * One frame of silence of a track with sound. The frames of AAC are what an encoder makes of silence, for one and for
 * two channels; that of Opus asks the decoder to go on with nothing (RFC 6716, 2.1.9).
 *
 * @param frame its bytes, read-only
 * @param ticks its duration in ticks of the track
 */
record Silence(ByteBuffer frame, long ticks) {
    private static final ByteBuffer AAC_MONO = hex("01182007");
    private static final ByteBuffer AAC_STEREO = hex("211004608c1c");
    private static final ByteBuffer OPUS = hex("f8fffe");
    private static final int OPUS_SAMPLES = 960;
    /** The places of channels and sample rate in a sample entry of sound. */
    private static final int CHANNELS_INDEX = 24;
    private static final int RATE_INDEX = 32;

    private static ByteBuffer hex(String digits) {
        return ByteBuffer.wrap(HexFormat.of().parseHex(digits)).asReadOnlyBuffer();
    }

    /** Returns the silence of a track; null if it is not known, or the track is a picture. */
    static Silence of(SampleTrack track) {
        if (track.isVideo()) {
            return null;
        }
        int channels = u16(track.entry(), CHANNELS_INDEX);
        boolean opus = track.codec().equals("opus");
        int rate = opus ? Sound.OPUS_RATE : u16(track.entry(), RATE_INDEX);
        long ticks = rate == 0 ? 0 : (opus ? OPUS_SAMPLES : Sound.AAC_SAMPLES) * track.timescale() / rate;
        if (!opus && !track.codec().equals("mp4a.40.2") || ticks == 0 || channels < 1 || channels > 2) {
            return null;
        }
        return new Silence(opus ? OPUS : channels == 1 ? AAC_MONO : AAC_STEREO, ticks);
    }

    private static int u16(byte[] bytes, int at) {
        return bytes.length < at + 2 ? 0 : (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }
}
