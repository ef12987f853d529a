package io.iocp4j.bench.jmh;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.ClientOptions;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.Topic;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketPair;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A message to 1,000 WebSockets in memory, which receive and decode it. All callbacks run on the thread of the
 * benchmark. The baseline copies the message for each WebSocket. One operation is one message of one WebSocket.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class FanOutBenchmark {
    private static final int VIEWERS = 1_000;

    private final Topic topic = Topic.create("all");
    private CompletionPort port;
    private ByteBuffer message;
    private ByteBuffer copy;
    private long received;

    /** Payload bytes of the message. */
    @Param({"128", "16384"})
    public int length;

    /** Constructor for JMH. */
    public FanOutBenchmark() {
    }

    /**
     * Opens the WebSockets.
     *
     * @throws Exception if there is no port
     */
    @Setup
    public void open() throws Exception {
        port = PulledPort.open();
        message = Payload.random().limit(length);
        copy = ByteBuffer.allocateDirect(length);
        WebSocketListener counting = new WebSocketListener() {
            @Override
            public void onBinary(WebSocket socket, ByteBuffer data) {
                received++;
            }
        };
        for (int i = 0; i < VIEWERS; i++) {
            CompletableFuture<WebSocketPair> opening = WebSocketPair.openAsync(port, ServerOptions.defaults(),
                    request -> new WebSocketListener() { }, ClientOptions.defaults(), counting);
            PulledPort.deliverUntil(port, opening::isDone);
            topic.add(opening.join().server());
        }
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        PulledPort.close(port);
    }

    /**
     * Copies the message for each viewer.
     *
     * @return the last copy
     */
    @Benchmark
    @OperationsPerInvocation(VIEWERS)
    public ByteBuffer baseline() {
        for (int i = 0; i < VIEWERS; i++) {
            copy.clear().put(message.rewind());
        }
        return copy;
    }

    /**
     * Publishes the message and waits until all have it.
     *
     * @return the messages received so far
     */
    @Benchmark
    @OperationsPerInvocation(VIEWERS)
    public long publish() {
        long wanted = received + VIEWERS;
        topic.publish(message.rewind());
        PulledPort.deliverUntil(port, () -> received == wanted);
        return received;
    }
}
