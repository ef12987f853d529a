package io.iocp4j.relay.media;

import java.nio.ByteBuffer;

/**
 * Cuts the sound of a transport stream into frames: AAC with ADTS headers (ISO/IEC 13818-7, 6.2), Opus with control
 * headers (opus-codec.org, Opus in MPEG-TS), and MP3. A frame may continue in the next packet.
 */
final class TsSound {
    /** Receives frames, with the time at 90 kHz and the duration in samples. */
    interface Frames {
        void frame(SampleTrack format, long time, int samples, ByteBuffer data) throws MediaException;
    }

    private static final int RATE = 90_000;
    private static final int BYTES_MAX = 256 * 1024;
    private static final int ADTS_BYTES = 7;
    private static final int OPUS_PREFIX = 0x3ff;
    /** The samples that a decoder of Opus drops at the beginning, as encoders use it. */
    private static final int OPUS_PRE_SKIP = 312;

    private final TsTables.Elementary stream;
    private final ByteCollector bytes;
    private SampleTrack format;
    private int header;
    private long time;

    TsSound(TsTables.Elementary stream, MediaMemory memory) {
        this.stream = stream;
        this.bytes = new ByteCollector(BYTES_MAX, memory);
    }

    /** Takes the payload of a packet whose first new frame has this time. */
    void feed(ByteBuffer payload, long pts, Frames frames) throws MediaException {
        if (bytes.size() == 0 || bytes.room() < payload.remaining()) {
            bytes.truncate(0);
            time = pts;
        }
        if (payload.remaining() > bytes.room()) {
            return;
        }
        boolean rest = bytes.size() > 0;
        bytes.append(payload, payload.remaining());
        ByteBuffer in = bytes.view(0, bytes.size());
        boolean more = true;
        while (more) {
            more = switch (stream.kind()) {
                case AAC -> adts(in, frames);
                case OPUS -> opus(in, frames);
                default -> mp3(in, frames);
            };
            if (more && rest) {
                // the time of a packet is that of the first frame that begins in it
                time = pts;
                rest = false;
            }
        }
        bytes.discard(in.position());
    }

    /** Takes one frame or passes one byte; false if there is no whole frame. */
    private boolean adts(ByteBuffer in, Frames frames) throws MediaException {
        if (in.remaining() < ADTS_BYTES) {
            return false;
        }
        int at = in.position();
        int first = in.getInt(at);
        int length = first << 11 & 0x1800 | in.getInt(at + 3) >>> 13 & 0x7ff;
        int head = (first >>> 16 & 1) == 0 ? 9 : ADTS_BYTES;
        int rateIndex = first >>> 10 & 0xf;
        if (first >>> 20 != 0xfff || (first >>> 17 & 3) != 0 || length < head || rateIndex > 12) {
            in.position(at + 1);
            return true;
        }
        if (in.remaining() < length) {
            return false;
        }
        int key = first & 0xff_fdc0;
        if (format == null || key != header) {
            header = key;
            format = Sound.adts((first >>> 14 & 3) + 1, rateIndex, first >>> 6 & 7);
        }
        int blocks = (in.get(at + 6) & 3) + 1;
        in.position(at + length);
        if (blocks == 1) {
            frame(Sound.AAC_SAMPLES, in.slice(at + head, length - head), frames);
        }
        return true;
    }

    private boolean mp3(ByteBuffer in, Frames frames) throws MediaException {
        if (in.remaining() < 4) {
            return false;
        }
        int at = in.position();
        Sound.Mp3Header read = Sound.Mp3Header.read(in.getInt(at));
        if (read == null) {
            in.position(at + 1);
            return true;
        }
        if (in.remaining() < read.bytes()) {
            return false;
        }
        int key = in.getInt(at) & 0xfffe_0cc0;
        if (format == null || key != header) {
            header = key;
            format = Sound.mp3(read.rate(), read.channels());
        }
        in.position(at + read.bytes());
        frame(read.samples(), in.slice(at, read.bytes()), frames);
        return true;
    }

    private boolean opus(ByteBuffer in, Frames frames) throws MediaException {
        int at = in.position();
        if (in.remaining() < 3) {
            return false;
        }
        int prefix = in.getShort(at) & 0xffff;
        if (prefix >>> 5 != OPUS_PREFIX) {
            in.position(at + 1);
            return true;
        }
        int size = 0;
        int next = at + 2;
        int value = 255;
        while (value == 255) {
            if (next >= in.limit()) {
                return false;
            }
            value = in.get(next++) & 0xff;
            size += value;
        }
        next += ((prefix & 0x10) != 0 ? 2 : 0) + ((prefix & 0x08) != 0 ? 2 : 0);
        if ((prefix & 0x04) != 0) {
            if (next >= in.limit()) {
                return false;
            }
            next += 1 + (in.get(next) & 0xff);
        }
        if (next > in.limit() || in.limit() - next < size) {
            return false;
        }
        if (format == null) {
            format = Sound.opus(stream.channels(), OPUS_PRE_SKIP);
        }
        ByteBuffer packet = in.slice(next, size);
        in.position(next + size);
        int samples = Sound.opusSamples(packet);
        if (samples > 0) {
            frame(samples, packet, frames);
        }
        return true;
    }

    private void frame(int samples, ByteBuffer data, Frames frames) throws MediaException {
        frames.frame(format, time, samples, data);
        time += (long) samples * RATE / format.timescale();
    }

    void release() {
        bytes.release();
    }

    int memoryBytes() {
        return bytes.capacity();
    }
}
