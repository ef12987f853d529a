package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.Utf8Checker;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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

/** The check that bytes are UTF-8. The baseline is the JDK's decoder, which also produces the characters. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class Utf8Benchmark {
    /** The kind of text that is checked. */
    public enum Text {
        /** One byte for each character. */
        ASCII("{\"price\": 42, \"name\": \"tick\"}, "),
        /** Some characters of two bytes. */
        EUROPEAN("Die Größe des Übermaßes überrascht. "),
        /** Three bytes for most characters. */
        CHINESE("完成端口的每个操作恰好完成一次。");

        private final byte[] sample;

        Text(String sample) {
            this.sample = sample.getBytes(StandardCharsets.UTF_8);
        }

        private ByteBuffer repeated() {
            byte[] bytes = new byte[Payload.BYTES];
            // the rest at the end is too short for the sample
            Arrays.fill(bytes, (byte) ' ');
            for (int at = 0; at + sample.length <= bytes.length; at += sample.length) {
                System.arraycopy(sample, 0, bytes, at, sample.length);
            }
            return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        }
    }

    private final Utf8Checker checker = new Utf8Checker();
    private final CharsetDecoder decoder =
            StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT);
    private final CharBuffer characters = CharBuffer.allocate(Payload.BYTES);
    private ByteBuffer bytes;

    /** The kind of text. */
    @Param
    public Text text;

    /** Constructor for JMH. */
    public Utf8Benchmark() {
    }

    /** Prepares a trial. */
    @Setup
    public void prepare() {
        bytes = text.repeated();
    }

    /**
     * Decodes with the JDK's decoder.
     *
     * @return the result of the decoder
     */
    @Benchmark
    public CoderResult baseline() {
        return decoder.reset().decode(bytes.duplicate(), characters.clear(), true);
    }

    /**
     * Checks with {@link Utf8Checker#accept}.
     *
     * @return true if the bytes are UTF-8
     */
    @Benchmark
    public boolean check() {
        checker.reset();
        return checker.accept(bytes) && checker.isComplete();
    }
}
