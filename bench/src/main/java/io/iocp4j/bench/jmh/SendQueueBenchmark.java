package io.iocp4j.bench.jmh;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The queue of a connection: messages of 64 bytes are queued, sent together and received by the other end, in memory
 * without a socket. The baseline copies them once. One operation is one message.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class SendQueueBenchmark {
    private static final int MESSAGES = 16;
    private static final int MESSAGE_BYTES = 64;

    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);
    private final ByteBuffer copy = ByteBuffer.allocateDirect(MESSAGE_BYTES * MESSAGES);
    private CompletionPort port;
    private TcpConnection sender;
    private long received;

    /** Constructor for JMH. */
    public SendQueueBenchmark() {
    }

    /**
     * Opens a pair of connections.
     *
     * @throws Exception if there is no port
     */
    @Setup
    public void open() throws Exception {
        port = PulledPort.open();
        TcpHandler counting = new TcpHandler() {
            @Override
            public void onData(TcpConnection connection, ByteBuffer data) {
                received += data.remaining();
            }
        };
        sender = TcpPair.open(port, TcpOptions.defaults(), new TcpHandler() { }, counting).left();
        PulledPort.deliverUntil(port, () -> sender.state() == TcpConnection.State.OPEN);
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        PulledPort.close(port);
    }

    /**
     * Copies the messages.
     *
     * @return the copies
     */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public ByteBuffer baseline() {
        copy.clear();
        for (int i = 0; i < MESSAGES; i++) {
            copy.put(message.clear());
        }
        return copy;
    }

    /**
     * Sends messages and waits until the other end has received them.
     *
     * @return the bytes that it has received so far
     */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long send() {
        long wanted = received + MESSAGES * MESSAGE_BYTES;
        for (int i = 0; i < MESSAGES; i++) {
            sender.send(message.clear());
        }
        PulledPort.deliverUntil(port, () -> received == wanted);
        return received;
    }
}
