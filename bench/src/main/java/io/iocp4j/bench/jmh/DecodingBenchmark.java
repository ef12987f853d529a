package io.iocp4j.bench.jmh;

import io.iocp4j.websocket.frame.FrameDecoder;
import io.iocp4j.websocket.frame.FrameEncoder;
import io.iocp4j.websocket.frame.MessageAssembler;
import io.iocp4j.websocket.frame.MessageListener;
import io.iocp4j.websocket.frame.Opcode;
import io.iocp4j.websocket.frame.ProtocolException;
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

/**
 * Decoding, from the bytes that a server receives to its listener: headers, unmasking, rules of messages. The baseline
 * copies as many bytes. The other method copies them too: decoding unmasks in place, so each call needs a fresh copy.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Payload.BYTES)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class DecodingBenchmark {
    private static final byte LETTER = (byte) 'a';
    /** The most header bytes of a masked frame. */
    private static final int HEADER_MAX = 14;

    private final Counting messages = new Counting();
    private FrameDecoder decoder;
    private MessageAssembler assembler;
    private ByteBuffer sent;
    private ByteBuffer received;

    /** Payload bytes in a frame. */
    @Param({"64", "65536"})
    public int length;

    /** The kind of message. */
    @Param({"BINARY", "TEXT"})
    public Opcode opcode;

    /** Constructor for JMH. */
    public DecodingBenchmark() {
    }

    /** Prepares a trial. */
    @Setup
    public void prepare() {
        int frames = Payload.BYTES / length;
        sent = ByteBuffer.allocateDirect(Payload.BYTES + frames * HEADER_MAX);
        for (int i = 0; i < frames; i++) {
            FrameEncoder.putHeader(sent, true, false, opcode, length, Payload.MASK_KEY);
            for (int j = 0; j < length; j++) {
                sent.put((byte) (LETTER ^ Payload.MASK_KEY >>> (3 - (j & 3)) * Byte.SIZE));
            }
        }
        sent.flip();
        received = ByteBuffer.allocateDirect(sent.capacity());
        decoder = new FrameDecoder(1 << 20, true);
        assembler = new MessageAssembler(1 << 20, 1024, messages);
    }

    /**
     * Copies the bytes and does not look at them.
     *
     * @return the copy
     */
    @Benchmark
    public ByteBuffer baseline() {
        return received.clear().put(sent.duplicate()).flip();
    }

    /**
     * Decodes frames and messages.
     *
     * @return bytes of all messages so far
     * @throws ProtocolException never; otherwise the benchmark is wrong
     */
    @Benchmark
    public long decode() throws ProtocolException {
        decoder.decode(received.clear().put(sent.duplicate()).flip(), assembler);
        return messages.bytes;
    }

    private static final class Counting implements MessageListener {
        private long bytes;

        @Override
        public void onText(String text) {
            bytes += text.length();
        }

        @Override
        public void onBinary(ByteBuffer data) {
            bytes += data.remaining();
        }

        @Override
        public void onPing(ByteBuffer payload) {
            throw new AssertionError("nobody pings here");
        }

        @Override
        public void onPong(ByteBuffer payload) {
            throw new AssertionError("nobody pings here");
        }

        @Override
        public void onCloseFrame(int code, String reason) {
            throw new AssertionError("nobody closes here");
        }
    }
}
