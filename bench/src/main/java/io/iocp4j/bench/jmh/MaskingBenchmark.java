package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.Masker;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Unmasking in place. The baseline does it byte by byte. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class MaskingBenchmark {
    private ByteBuffer data;

    /** Payload bytes in a frame. */
    @Param({"64", "65536"})
    public int length;

    /** The offset of the payload from an address that is a multiple of 8. After a header, any offset is possible. */
    @Param({"0", "1", "4", "6"})
    public int offset;

    /** Whether the bytes are outside the heap. */
    @Param({"true", "false"})
    public boolean direct;

    /** Constructor for JMH. */
    public MaskingBenchmark() {
    }

    /** Prepares a trial. */
    @Setup
    public void prepare() {
        ByteBuffer all = direct ? ByteBuffer.allocateDirect(offset + Payload.BYTES)
                : ByteBuffer.allocate(offset + Payload.BYTES);
        data = all.put(offset, Payload.random(), 0, Payload.BYTES).slice(offset, Payload.BYTES);
    }

    /**
     * Masks each byte with its byte of the key.
     *
     * @return the data
     */
    @Benchmark
    public ByteBuffer baseline() {
        for (int start = 0; start < Payload.BYTES; start += length) {
            for (int i = 0; i < length; i++) {
                data.put(start + i, (byte) (data.get(start + i) ^ Payload.MASK_KEY >>> (3 - (i & 3)) * Byte.SIZE));
            }
        }
        return data;
    }

    /**
     * Masks with {@link Masker#mask}.
     *
     * @return the data
     */
    @Benchmark
    public ByteBuffer unmask() {
        for (int start = 0; start < Payload.BYTES; start += length) {
            Masker.mask(data.limit(start + length).position(start), Payload.MASK_KEY);
        }
        return data;
    }
}
