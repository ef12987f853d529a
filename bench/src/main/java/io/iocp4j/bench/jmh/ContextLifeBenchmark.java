package io.iocp4j.bench.jmh;

import io.iocp4j.core.IoContext;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The life of an operation's context, from its making to its last release. The baseline makes an object of the same
 * size.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ContextLifeBenchmark {
    private static final class Context extends IoContext {
        @Override
        protected void onCompletion() {
            throw new AssertionError("this context is never submitted");
        }
    }

    /** Has as many fields as a context. */
    private static final class Plain {
        private Object first;
        private Object second;
        private Object third;
        private Object fourth;
        private Object fifth;
        private long number;
    }

    /** Constructor for JMH. */
    public ContextLifeBenchmark() {
    }

    /**
     * Makes an object.
     *
     * @return the object
     */
    @Benchmark
    public Object baseline() {
        return new Plain();
    }

    /**
     * Makes a context and releases it.
     *
     * @return true, since it was the last reference
     */
    @Benchmark
    public boolean live() {
        return new Context().release();
    }

    /**
     * Makes a context, shares it once, and releases both references.
     *
     * @return true, since the second one was the last reference
     */
    @Benchmark
    public boolean share() {
        Context context = new Context();
        context.retain();
        context.release();
        return context.release();
    }
}
