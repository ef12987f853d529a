package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.MessageDeflater;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Compression of messages like JSON. The baseline is the JDK's Deflater, flushed after each message. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class DeflatingBenchmark {
    private final ByteBuffer text = Payload.json();
    private final ByteBuffer out = ByteBuffer.allocateDirect(2 * Payload.BYTES);
    private Deflater bare;
    private MessageDeflater deflater;

    /** Payload bytes in a message. */
    @Param({"256", "4096"})
    public int length;

    /** Constructor for JMH. */
    public DeflatingBenchmark() {
    }

    /** Prepares a trial. */
    @Setup
    public void prepare() {
        bare = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        deflater = new MessageDeflater(Deflater.DEFAULT_COMPRESSION, true, MessageDeflater.WINDOW_BITS_MAX);
    }

    /** Gives the memory back. */
    @TearDown
    public void release() {
        bare.end();
        deflater.release();
    }

    /**
     * Compresses with the JDK alone.
     *
     * @return the compressed bytes
     */
    @Benchmark
    public int baseline() {
        int bytes = 0;
        for (int start = 0; start < Payload.BYTES; start += length) {
            bare.setInput(text.limit(start + length).position(start));
            bytes += bare.deflate(out.clear(), Deflater.SYNC_FLUSH);
        }
        return bytes;
    }

    /**
     * Compresses with {@link MessageDeflater#deflate}.
     *
     * @return the compressed bytes
     */
    @Benchmark
    public int deflate() {
        int bytes = 0;
        for (int start = 0; start < Payload.BYTES; start += length) {
            bytes += deflater.deflate(text.limit(start + length).position(start), true).remaining();
        }
        return bytes;
    }
}
