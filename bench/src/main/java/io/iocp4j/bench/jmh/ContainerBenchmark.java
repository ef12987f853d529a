package io.iocp4j.bench.jmh;

import io.iocp4j.bench.load.LoadMain;
import io.iocp4j.relay.media.ContainerParser;
import io.iocp4j.relay.media.MediaInit;
import io.iocp4j.relay.media.MediaLimits;
import io.iocp4j.relay.media.MediaListener;
import io.iocp4j.relay.media.MediaMemory;
import io.iocp4j.relay.media.UnitFacts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The parser of fragmented MP4, on the stream of the workload relay. The baseline copies the bytes once, as the parser
 * does. One operation is the whole stream, which is a second of video.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ContainerBenchmark {
    private static final int PIECE = 16 << 10;

    private ByteBuffer stream;
    private ByteBuffer copy;
    private int keys;

    /** Constructor for JMH. */
    public ContainerBenchmark() {
    }

    /**
     * Reads the stream.
     *
     * @throws IOException if it is not there
     */
    @Setup
    public void prepare() throws IOException {
        try (InputStream in = LoadMain.class.getResourceAsStream("video.mp4")) {
            stream = ByteBuffer.wrap(in.readAllBytes());
        }
        copy = ByteBuffer.allocate(stream.capacity());
    }

    /**
     * Copies the stream in pieces.
     *
     * @return the copy
     */
    @Benchmark
    public ByteBuffer baseline() {
        copy.clear();
        for (int start = 0; start < stream.capacity(); start += PIECE) {
            copy.put(piece(start));
        }
        return copy;
    }

    /**
     * Parses the stream in pieces.
     *
     * @return the key frames so far
     * @throws IOException never; otherwise the benchmark is wrong
     */
    @Benchmark
    public int parse() throws IOException {
        ContainerParser parser = new ContainerParser(MediaLimits.defaults(), new MediaListener() {
            @Override
            public void onInit(MediaInit init) {
                keys += init.video().width() > 0 ? 0 : 1;
            }

            @Override
            public void onUnit(int track, ByteBuffer unit, UnitFacts facts) {
                keys += facts.key() ? 1 : 0;
            }
        }, MediaMemory.UNBOUNDED);
        for (int start = 0; start < stream.capacity(); start += PIECE) {
            parser.feed(piece(start));
        }
        parser.end();
        parser.release();
        return keys;
    }

    private ByteBuffer piece(int start) {
        return stream.slice(start, Math.min(PIECE, stream.capacity() - start));
    }
}
