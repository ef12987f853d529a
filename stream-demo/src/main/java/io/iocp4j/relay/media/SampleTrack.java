package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * One track as the muxer needs it. Immutable.
 *
 * @param number    {@link MediaTrack#VIDEO} or {@link MediaTrack#AUDIO}
 * @param codec     the codec for the MIME type (RFC 6381)
 * @param timescale ticks of its clock per second, 1 to 2^32 - 1
 * @param width     width of the picture in pixels; 0 for sound
 * @param height    height of the picture in pixels; 0 for sound
 * @param entry     its sample entry (ISO/IEC 14496-12, 8.5.2), a whole box; for VP8 the codec's name, because browsers
 *                  take VP8 in WebM only
 * @param nals      the format of its NAL units; null if it has none
 */
record SampleTrack(int number, String codec, long timescale, int width, int height, byte[] entry,
        NalFormat nals) {
    private static final String VP8 = "vp8";

    /** Checks the ranges. */
    public SampleTrack {
        Objects.requireNonNull(codec, "codec");
        Objects.requireNonNull(entry, "entry");
        if (timescale < 1 || timescale > 0xffff_ffffL) {
            throw new IllegalArgumentException("a timescale of " + timescale);
        }
    }

    boolean isVideo() {
        return number == MediaTrack.VIDEO;
    }

    /** Tells whether viewers get this track in WebM instead of MP4. */
    boolean isWebm() {
        return codec.equals(VP8);
    }

    /** Returns the container of the track for viewers. */
    String container() {
        return isWebm() ? "webm" : "fmp4";
    }

    String mime() {
        return (isVideo() ? "video/" : "audio/") + (isWebm() ? "webm" : "mp4") + "; codecs=\"" + codec + "\"";
    }

    static SampleTrack vp8(long timescale, int width, int height) {
        return new SampleTrack(MediaTrack.VIDEO, VP8, timescale, width, height,
                VP8.getBytes(StandardCharsets.US_ASCII), null);
    }

    /** Creates a track with pictures from the box of its decoder configuration: avcC, hvcC, vpcC or av1C. */
    static SampleTrack video(String entryType, long timescale, int width, int height, String configType,
            ByteBuffer config) throws MediaException {
        if (width < 1 || height < 1 || width > 0xffff || height > 0xffff) {
            throw new MediaException("a picture of " + width + "x" + height);
        }
        ByteCollector bytes = new ByteCollector(1 << 20, MediaMemory.UNBOUNDED);
        BoxWriter out = new BoxWriter(bytes, "1 MiB for a decoder configuration");
        int entry = out.begin(entryType);
        out.zeros(6).u16(1).zeros(16).u16(width).u16(height).u32(0x0048_0000).u32(0x0048_0000).u32(0).u16(1)
                .zeros(32).u16(0x18).u16(-1);
        int box = out.begin(configType);
        out.bytes(config);
        out.end(box);
        out.end(entry);
        Box read = box(entryType, bytes);
        read.skip(78);
        Box again = read.again();
        again.skip(78);
        return new SampleTrack(MediaTrack.VIDEO, CodecString.video(read), timescale, width, height, array(bytes),
                NalFormat.of(again));
    }

    /**
     * Creates a track with sound.
     *
     * @param entryType  mp4a, Opus or fLaC
     * @param sampleRate the rate of its samples per second, which is also its timescale
     * @param configType esds, dOps or dfLa
     * @param config     the body of that box
     */
    static SampleTrack audio(String entryType, int sampleRate, int channels, String configType, ByteBuffer config)
            throws MediaException {
        if (sampleRate < 1) {
            throw new MediaException("sound with " + sampleRate + " samples per second");
        }
        ByteCollector bytes = new ByteCollector(1 << 20, MediaMemory.UNBOUNDED);
        BoxWriter out = new BoxWriter(bytes, "1 MiB for a decoder configuration");
        int entry = out.begin(entryType);
        // the rate is a fixed-point number of 16 bits; a decoder takes a higher one from its configuration
        out.zeros(6).u16(1).zeros(8).u16(channels).u16(16).u32(0).u32(sampleRate > 0xffff ? 0 : sampleRate << 16);
        int box = out.begin(configType);
        out.bytes(config);
        out.end(box);
        out.end(entry);
        return new SampleTrack(MediaTrack.AUDIO, CodecString.audio(box(entryType, bytes)), sampleRate, 0, 0,
                array(bytes), null);
    }

    private static Box box(String type, ByteCollector bytes) throws MediaException {
        return Box.outermost(type, bytes.view(8, bytes.size()), 8, 16);
    }

    private static byte[] array(ByteCollector bytes) {
        return bytes.copy().array();
    }

    /** Tells whether a viewer can go on with the same init segment. */
    boolean isSameAs(SampleTrack other) {
        return other != null && number == other.number && timescale == other.timescale && width == other.width
                && height == other.height && codec.equals(other.codec) && Arrays.equals(entry, other.entry);
    }
}
