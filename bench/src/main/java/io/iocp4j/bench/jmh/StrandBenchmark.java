package io.iocp4j.bench.jmh;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
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
 * Tasks of a connection, which run one after the other on any worker. The baseline runs them on the port, without this
 * order. One operation is one task.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class StrandBenchmark {
    private static final int TASKS = 64;

    private CompletionPort port;
    private TcpConnection connection;
    private long run;

    /** Constructor for JMH. */
    public StrandBenchmark() {
    }

    /**
     * Opens a pair of connections.
     *
     * @throws Exception if there is no port
     */
    @Setup
    public void open() throws Exception {
        port = PulledPort.open();
        connection = TcpPair.open(port, TcpOptions.defaults(), new TcpHandler() { }, new TcpHandler() { }).left();
        PulledPort.deliverUntil(port, () -> connection.state() == TcpConnection.State.OPEN);
    }

    /** Closes everything. */
    @TearDown
    public void close() {
        PulledPort.close(port);
    }

    /**
     * Runs tasks on the port.
     *
     * @return how many have run so far
     */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long baseline() {
        long wanted = run + TASKS;
        for (int i = 0; i < TASKS; i++) {
            port.execute(() -> run++);
        }
        PulledPort.deliverUntil(port, () -> run == wanted);
        return run;
    }

    /**
     * Runs tasks on the connection.
     *
     * @return how many have run so far
     */
    @Benchmark
    @OperationsPerInvocation(TASKS)
    public long execute() {
        long wanted = run + TASKS;
        for (int i = 0; i < TASKS; i++) {
            connection.execute(() -> run++);
        }
        PulledPort.deliverUntil(port, () -> run == wanted);
        return run;
    }
}
