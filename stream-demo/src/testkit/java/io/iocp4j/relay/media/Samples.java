package io.iocp4j.relay.media;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;

/** The samples of all containers, which ffmpeg made; ContainersTest tells how. */
final class Samples {
    static final List<String> NAMES = List.of("h264-aac.ts", "hevc-opus.ts", "vp8-opus.webm", "vp9-opus.webm",
            "av1-opus.webm", "h264-flac.mkv", "h264-aac.flv", "h264-mp3.flv", "two-trafs.mp4", "raw.mjpeg",
            "multipart.mjpeg", "raw.h264", "raw.hevc", "video-audio.mp4");

    private Samples() {
    }

    static byte[] load(String name) {
        try (InputStream in = Samples.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Recorder parse(String name) throws MediaException {
        return parse(load(name));
    }

    /** Feeds bytes with one call, and ends the stream. */
    static Recorder parse(byte[] bytes) throws MediaException {
        Recorder recorder = new Recorder();
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), recorder, MediaMemory.UNBOUNDED);
        parser.feed(ByteBuffer.wrap(bytes));
        parser.end();
        return recorder;
    }

    static Recorder parseInPieces(String name, int least, int most, long seed) throws MediaException {
        byte[] bytes = load(name);
        SplittableRandom random = new SplittableRandom(seed);
        Recorder recorder = new Recorder();
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), recorder, MediaMemory.UNBOUNDED);
        for (int at = 0; at < bytes.length; ) {
            int count = Math.min(bytes.length - at, random.nextInt(least, most + 1));
            ByteBuffer piece = ByteBuffer.wrap(bytes, at, count);
            parser.feed(piece);
            assertEquals(0, piece.remaining(), "bytes that were not consumed");
            at += count;
        }
        parser.end();
        return recorder;
    }
}
