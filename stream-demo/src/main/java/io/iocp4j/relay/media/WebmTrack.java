package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/** One track of a WebM or Matroska file (RFC 9559, 5.1.4.1), with the codecs that browsers play. */
final class WebmTrack {
    private static final int VIDEO = 1;
    private static final int AUDIO = 2;

    private final long timescale;
    private int number = -1;
    private int type;
    private String codec = "";
    private ByteBuffer config = ByteBuffer.allocate(0);
    private int width;
    private int height;
    private double rate = 8_000;
    private int channels = 1;
    private boolean encoded;
    private long frameNanos;

    private WebmTrack(long timescale) {
        this.timescale = timescale;
    }

    /** Reads a track entry. Times of its samples will be in ticks of {@code timescale}. */
    static WebmTrack read(Ebml entry, long timescale) throws MediaException {
        WebmTrack track = new WebmTrack(timescale);
        while (entry.next()) {
            track.take(entry);
        }
        return track;
    }

    private void take(Ebml element) throws MediaException {
        switch (element.id()) {
            case 0xd7 -> number = (int) Math.min(Integer.MAX_VALUE, Math.max(-1, element.number()));
            case 0x83 -> type = (int) element.number();
            case 0x86 -> codec = element.text();
            case 0x63a2 -> config = element.content();
            case 0x6d80 -> encoded = true;
            case 0x23e383 -> frameNanos = element.number();
            case 0xe0 -> {
                Ebml video = element.children("Video");
                while (video.next()) {
                    switch (video.id()) {
                        case 0xb0 -> width = (int) Math.clamp(video.number(), 0L, 0x10000);
                        case 0xba -> height = (int) Math.clamp(video.number(), 0L, 0x10000);
                        default -> { /* cropping, colours and others that the bit stream has too */ }
                    }
                }
            }
            case 0xe1 -> {
                Ebml audio = element.children("Audio");
                while (audio.next()) {
                    switch (audio.id()) {
                        case 0xb5 -> rate = audio.real();
                        case 0x9f -> channels = (int) Math.clamp(audio.number(), 0L, 255);
                        default -> { /* the depth, which codecs do not need */ }
                    }
                }
            }
            default -> { /* names, languages and others */ }
        }
    }

    int number() {
        return number;
    }

    boolean isVideo() {
        return type == VIDEO;
    }

    boolean isAudio() {
        return type == AUDIO;
    }

    String codec() {
        return codec;
    }

    boolean isVp8() {
        return codec.equals("V_VP8");
    }

    boolean isVp9() {
        return codec.equals("V_VP9");
    }

    /** Returns the declared duration of a frame in nanoseconds, 0 if there is none. */
    long frameNanos() {
        return frameNanos;
    }

    /** Returns why the track cannot be relayed; null if it can. */
    String refusal() {
        boolean known = switch (codec) {
            case "V_VP8", "V_VP9", "V_AV1", "V_MPEG4/ISO/AVC", "V_MPEGH/ISO/HEVC" -> isVideo();
            case "A_OPUS", "A_FLAC", "A_MPEG/L3" -> isAudio();
            default -> isAudio() && codec.startsWith("A_AAC");
        };
        if (known && !encoded) {
            return null;
        }
        String kind = isVideo() ? "the picture '" : "the sound '";
        return kind + codec + "' is left out: " + (known ? "the container compresses or encrypts it"
                : "browsers do not play it; use " + (isVideo() ? "H.264, VP8, VP9 or AV1" : "Opus, AAC, FLAC or MP3"));
    }

    /** Returns the track for the muxer. For VP8 and VP9 it is made of the first key frame instead. */
    SampleTrack track() throws MediaException {
        return switch (codec) {
            case "V_AV1" -> Vpx.av1(config, timescale, width, height);
            case "V_MPEG4/ISO/AVC" -> DecoderConfig.track(false, config, timescale);
            case "V_MPEGH/ISO/HEVC" -> DecoderConfig.track(true, config, timescale);
            case "A_OPUS" -> Sound.opus(config);
            case "A_FLAC" -> Sound.flac(config);
            case "A_MPEG/L3" -> Sound.mp3((int) Math.clamp(rate, 0, 192_000), channels);
            default -> Sound.aac(config);
        };
    }

    /** Returns the samples of a frame of sound; 0 if that is not known. */
    int samples(ByteBuffer frame) {
        if (codec.equals("A_OPUS")) {
            return Sound.opusSamples(frame);
        }
        if (codec.equals("A_FLAC")) {
            return Sound.flacSamples(frame);
        }
        if (codec.equals("A_MPEG/L3")) {
            Sound.Mp3Header header = frame.remaining() < 4 ? null
                    : Sound.Mp3Header.read(frame.getInt(frame.position()));
            return header == null ? 0 : header.samples();
        }
        return Sound.AAC_SAMPLES;
    }
}
