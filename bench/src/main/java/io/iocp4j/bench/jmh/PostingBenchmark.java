package io.iocp4j.bench.jmh;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import java.util.ArrayDeque;
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
 * Posts to a port and takes from it, on one thread in pull mode. The baseline is a queue without any synchronization.
 * One operation is one completion.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class PostingBenchmark {
    private static final int POSTS = 256;

    private final ArrayDeque<Runnable> queue = new ArrayDeque<>();
    private CompletionPort port;
    private long delivered;

    /** Constructor for JMH. */
    public PostingBenchmark() {
    }

    /**
     * Opens the port.
     *
     * @throws Exception if there is none
     */
    @Setup
    public void open() throws Exception {
        port = PulledPort.open();
    }

    /** Closes the port. */
    @TearDown
    public void close() {
        PulledPort.close(port);
    }

    /**
     * Adds tasks to a queue and runs them.
     *
     * @return how many tasks were run so far
     */
    @Benchmark
    @OperationsPerInvocation(POSTS)
    public long baseline() {
        for (int i = 0; i < POSTS; i++) {
            queue.add(new Runnable() {
                @Override
                public void run() {
                    delivered++;
                }
            });
        }
        for (Runnable task; (task = queue.poll()) != null;) {
            task.run();
        }
        return delivered;
    }

    /**
     * Posts contexts and delivers them.
     *
     * @return how many contexts were delivered so far
     */
    @Benchmark
    @OperationsPerInvocation(POSTS)
    public long post() {
        for (int i = 0; i < POSTS; i++) {
            port.post(new IoContext() {
                @Override
                protected void onCompletion() {
                    delivered++;
                }
            });
        }
        for (int i = 0; i < POSTS; i++) {
            port.take().deliver();
        }
        return delivered;
    }
}
