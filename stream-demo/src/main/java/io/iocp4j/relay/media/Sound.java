package io.iocp4j.relay.media;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Sound that browsers can play, from the configurations of the containers: AAC, Opus, FLAC and MP3. */
final class Sound {
    /** The samples of one AAC frame. */
    static final int AAC_SAMPLES = 1_024;
    static final int OPUS_RATE = 48_000;

    private static final int[] AAC_RATES = {96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000,
        12_000, 11_025, 8_000, 7_350};
    private static final int OBJECT_AAC = 0x40;
    private static final int OBJECT_MP3 = 0x6b;
    private static final int OPUS_HEAD_BYTES = 19;
    private static final int STREAM_INFO_BYTES = 34;
    /** The largest configuration. A decoder needs a few bytes; comments and pictures of a file are not needed. */
    private static final int CONFIG_BYTES_MAX = 1_024;

    private Sound() {
    }

    /** Returns the rate of an index of ISO/IEC 14496-3, table 1.18. */
    static int aacRate(int index) throws MediaException {
        if (index >= AAC_RATES.length) {
            throw new MediaException("the AAC sample rate " + index + " is reserved");
        }
        return AAC_RATES[index];
    }

    /** Creates a track of AAC from its AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). */
    static SampleTrack aac(ByteBuffer config) throws MediaException {
        Bits bits = Bits.of(config, "the configuration of AAC");
        int type = bits.bits(5);
        if (type == 31) {
            type = 32 + bits.bits(6);
        }
        int index = bits.bits(4);
        int rate = index == 15 ? bits.bits(24) : aacRate(index);
        int channels = bits.bits(4);
        return mpeg4(OBJECT_AAC, rate, channels == 0 ? 2 : channels == 7 ? 8 : channels, config);
    }

    /** Creates a track of AAC from the fields of an ADTS header (ISO/IEC 13818-7, 6.2.1). */
    static SampleTrack adts(int objectType, int rateIndex, int channels) throws MediaException {
        int config = objectType << 11 | rateIndex << 7 | channels << 3;
        return aac(ByteBuffer.allocate(2).putShort((short) config).flip());
    }

    static SampleTrack mp3(int rate, int channels) throws MediaException {
        return mpeg4(OBJECT_MP3, rate, channels, ByteBuffer.allocate(0));
    }

    private static SampleTrack mpeg4(int objectType, int rate, int channels, ByteBuffer config)
            throws MediaException {
        int specific = config.remaining();
        if (specific > 64) {
            throw new MediaException("a configuration of sound with " + specific + " bytes, 64 are allowed");
        }
        int tail = specific == 0 ? 0 : 2 + specific;
        ByteBuffer body = ByteBuffer.allocate(128).putInt(0).put((byte) 3).put((byte) (21 + tail));
        body.putShort((short) 0).put((byte) 0).put((byte) 4).put((byte) (13 + tail)).put((byte) objectType);
        // an audio stream; buffer size and bit rates are not known
        body.put((byte) 0x15).put(new byte[11]);
        if (specific > 0) {
            body.put((byte) 5).put((byte) specific).put(config.duplicate());
        }
        body.put((byte) 6).put((byte) 1).put((byte) 2);
        return SampleTrack.audio("mp4a", rate, channels, "esds", body.flip());
    }

    /** Creates a track of Opus from an identification header (RFC 7845, 5.1). */
    static SampleTrack opus(ByteBuffer head) throws MediaException {
        ByteBuffer in = head.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < OPUS_HEAD_BYTES || in.remaining() > CONFIG_BYTES_MAX || !startsWith(in, "OpusHead")) {
            throw new MediaException("the configuration of Opus does not begin with a valid 'OpusHead'");
        }
        int channels = in.get(9) & 0xff;
        int family = in.get(18);
        if (channels == 0 || family == 0 && channels > 2
                || family != 0 && in.remaining() < OPUS_HEAD_BYTES + 2 + channels) {
            throw new MediaException("the configuration of Opus declares " + channels + " channels in family "
                    + family);
        }
        // the same fields, big-endian and with version 0 (Opus in ISO base media, 4.3.2)
        ByteBuffer body = ByteBuffer.allocate(11 + 2 + channels);
        body.put((byte) 0).put((byte) channels).putShort(in.getShort(10)).putInt(in.getInt(12))
                .putShort(in.getShort(16)).put((byte) family);
        if (family != 0) {
            body.put(in.position(OPUS_HEAD_BYTES).limit(OPUS_HEAD_BYTES + 2 + channels));
        }
        return SampleTrack.audio("Opus", OPUS_RATE, channels, "dOps", body.flip());
    }

    /** Creates a track of Opus with one or two channels, whose container has no identification header. */
    static SampleTrack opus(int channels, int preSkip) throws MediaException {
        ByteBuffer head = ByteBuffer.allocate(OPUS_HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        head.put("OpusHead".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) channels)
                .putShort((short) preSkip).putInt(OPUS_RATE);
        return opus(head.clear());
    }

    /** Returns the duration of a packet of Opus in samples of 48 kHz (RFC 6716, 3.1); 0 if it is malformed. */
    static int opusSamples(ByteBuffer packet) {
        if (!packet.hasRemaining()) {
            return 0;
        }
        int toc = packet.get(packet.position()) & 0xff;
        int config = toc >>> 3;
        int frame = config < 12 ? new int[] {480, 960, 1920, 2880}[config & 3]
                : config < 16 ? 480 << (config & 1) : 120 << (config & 3);
        int frames = switch (toc & 3) {
            case 0 -> 1;
            case 1, 2 -> 2;
            default -> packet.remaining() < 2 ? 0 : packet.get(packet.position() + 1) & 0x3f;
        };
        // a packet has at most 120 ms
        return Math.min(frame * frames, 5_760);
    }

    /** Creates a track of FLAC from the beginning of a native stream: "fLaC" and its metadata (RFC 9639, 8). */
    static SampleTrack flac(ByteBuffer header) throws MediaException {
        ByteBuffer in = header.slice();
        if (startsWith(in, "fLaC")) {
            in = in.position(4).slice();
        }
        if (in.remaining() < 4 + STREAM_INFO_BYTES || (in.get(0) & 0x7f) != 0) {
            throw new MediaException("the configuration of FLAC does not begin with its stream information");
        }
        Bits bits = Bits.of(in.slice(4, STREAM_INFO_BYTES), "the stream information of FLAC");
        bits.skip(80);
        int rate = bits.bits(20);
        int channels = bits.bits(3) + 1;
        ByteBuffer body = ByteBuffer.allocate(8 + STREAM_INFO_BYTES).putInt(0)
                .putInt(0x8000_0000 | STREAM_INFO_BYTES).put(in.slice(4, STREAM_INFO_BYTES));
        return SampleTrack.audio("fLaC", rate, channels, "dfLa", body.flip());
    }

    /** Returns the samples of one frame of FLAC (RFC 9639, 9.1.1); 0 if that is not known. */
    static int flacSamples(ByteBuffer frame) {
        if (frame.remaining() < 6) {
            return 0;
        }
        int code = frame.get(frame.position() + 2) >>> 4 & 0xf;
        return switch (code) {
            case 0, 6, 7 -> 0;
            case 1 -> 192;
            default -> code < 6 ? 144 << code : 1 << code;
        };
    }

    /** The fields of the header of an MPEG audio frame (ISO/IEC 11172-3, 2.4.1.3, and 13818-3). */
    record Mp3Header(int rate, int channels, int samples, int bytes) {
        private static final int[] RATES = {44_100, 48_000, 32_000};
        private static final int[] KBITS = {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
        private static final int[] KBITS_LOW = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};

        /** Reads a header of layer 3; null if it is none. */
        static Mp3Header read(int header) {
            int version = header >>> 19 & 3;
            int layer = header >>> 17 & 3;
            int kbits = header >>> 12 & 0xf;
            int rate = header >>> 10 & 3;
            if (header >>> 21 != 0x7ff || version == 1 || layer != 1 || kbits == 0 || kbits == 15 || rate == 3) {
                return null;
            }
            boolean low = version != 3;
            int samplesPerSecond = RATES[rate] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
            int samples = low ? 576 : 1_152;
            int bytes = samples / 8 * 1_000 * (low ? KBITS_LOW : KBITS)[kbits] / samplesPerSecond + (header >>> 9 & 1);
            return new Mp3Header(samplesPerSecond, (header >>> 6 & 3) == 3 ? 1 : 2, samples, bytes);
        }
    }

    private static boolean startsWith(ByteBuffer in, String magic) {
        byte[] wanted = magic.getBytes(StandardCharsets.US_ASCII);
        return in.remaining() >= wanted.length && in.slice(0, wanted.length).equals(ByteBuffer.wrap(wanted));
    }
}
