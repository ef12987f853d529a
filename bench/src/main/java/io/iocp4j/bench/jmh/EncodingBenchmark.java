package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.Opcode;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Framing of binary messages into direct memory, as a server does it. The baseline only copies the payload. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class EncodingBenchmark {
    private final ByteBuffer payload = Payload.random();
    private final ByteBuffer out = ByteBuffer.allocateDirect(2 * Payload.BYTES);

    /** Payload bytes in a frame. */
    @Param({"64", "65536"})
    public int length;

    /** Constructor for JMH. */
    public EncodingBenchmark() {
    }

    /**
     * Writes the payload without headers.
     *
     * @return the buffer written to
     */
    @Benchmark
    public ByteBuffer baseline() {
        out.clear();
        for (int start = 0; start < Payload.BYTES; start += length) {
            out.put(payload.limit(start + length).position(start));
        }
        return out;
    }

    /**
     * Writes headers and payload.
     *
     * @return the buffer written to
     */
    @Benchmark
    public ByteBuffer encode() {
        out.clear();
        for (int start = 0; start < Payload.BYTES; start += length) {
            FrameEncoder.putHeader(out, true, false, Opcode.BINARY, length);
            out.put(payload.limit(start + length).position(start));
        }
        return out;
    }
}
