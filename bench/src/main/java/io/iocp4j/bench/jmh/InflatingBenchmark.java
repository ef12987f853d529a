package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.MessageDeflater;
import io.iocp4j.websocket.frame.MessageInflater;
import io.iocp4j.websocket.frame.ProtocolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
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

/** Decompression of messages like JSON, without their context. The baseline is the JDK's Inflater. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class InflatingBenchmark {
    private static final byte[] TAIL = {0, 0, -1, -1};

    private final List<byte[]> messages = new ArrayList<>();
    private final byte[] out = new byte[Payload.BYTES];
    private Inflater bare;
    private MessageInflater inflater;
    private long bytes;

    /** Payload bytes in a message before its compression. */
    @Param({"256", "4096"})
    public int length;

    /** Constructor for JMH. */
    public InflatingBenchmark() {
    }

    /** Prepares a trial. */
    @Setup
    public void prepare() {
        ByteBuffer text = Payload.json();
        MessageDeflater deflater =
                new MessageDeflater(Deflater.DEFAULT_COMPRESSION, false, MessageDeflater.WINDOW_BITS_MAX);
        for (int start = 0; start < Payload.BYTES; start += length) {
            ByteBuffer compressed = deflater.deflate(text.limit(start + length).position(start), true);
            byte[] message = new byte[compressed.remaining()];
            compressed.get(message);
            messages.add(message);
        }
        deflater.release();
        bare = new Inflater(true);
        inflater = new MessageInflater(1 << 20, 1000, false);
    }

    /** Gives the memory back. */
    @TearDown
    public void release() {
        bare.end();
        inflater.release();
    }

    /**
     * Decompresses with the JDK alone.
     *
     * @return the bytes of all messages so far
     * @throws DataFormatException never; otherwise the benchmark is wrong
     */
    @Benchmark
    public long baseline() throws DataFormatException {
        for (byte[] message : messages) {
            bare.reset();
            bare.setInput(message);
            bytes += bare.inflate(out);
            bare.setInput(TAIL);
            bytes += bare.inflate(out);
        }
        return bytes;
    }

    /**
     * Decompresses with {@link MessageInflater#inflate}.
     *
     * @return the bytes of all messages so far
     * @throws ProtocolException never; otherwise the benchmark is wrong
     */
    @Benchmark
    public long inflate() throws ProtocolException {
        for (byte[] message : messages) {
            inflater.inflate(ByteBuffer.wrap(message), true, piece -> bytes += piece.remaining());
        }
        return bytes;
    }
}
