package io.iocp4j.bench.jmh;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.RefCounted;
import io.iocp4j.relay.RelayServer;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
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
 * The queue of one viewer of the relay: frames are offered, and its socket takes them as a batch. The baseline is a
 * queue that only counts references. One operation is one frame.
 *
 * <p>The queue is internal to the relay, so it is called through method handles in constants, which the compiler treats
 * as plain calls. This works on the class path, where the lab runs.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class ViewerQueueBenchmark {
    /** The most that a batch has. */
    private static final int FRAMES = 16;
    private static final int FRAME_BYTES = 1_000;
    private static final long BYTES_MAX = 1 << 20;
    /** The lag that makes the queue drop frames, in nanoseconds. The time of a benchmark stands still. */
    private static final long LAG_MAX = TimeUnit.SECONDS.toNanos(1);
    /** Long after the join, so the age of each frame counts. */
    private static final long NOW = TimeUnit.SECONDS.toNanos(60);

    private static final MethodHandle FRAME;
    private static final MethodHandle QUEUE;
    private static final MethodHandle OFFER;
    private static final MethodHandle TAKE;
    private static final MethodHandle SENT;
    private static final MethodHandle CLEAR;

    static {
        try {
            MethodHandles.Lookup relay = MethodHandles.privateLookupIn(RelayServer.class, MethodHandles.lookup());
            Class<?> queue = relay.findClass("io.iocp4j.relay.ViewerQueue");
            Class<?> unit = relay.findClass("io.iocp4j.relay.MediaUnit");
            FRAME = relay.findStatic(unit, "media", MethodType.methodType(unit, BufferPool.class, boolean.class,
                    int.class, long.class, ByteBuffer.class)).asType(MethodType.methodType(RefCounted.class,
                    BufferPool.class, boolean.class, int.class, long.class, ByteBuffer.class));
            QUEUE = relay.findConstructor(queue, MethodType.methodType(void.class, long.class, boolean.class))
                    .asType(MethodType.methodType(Object.class, long.class, boolean.class));
            OFFER = relay.findVirtual(queue, "offer", MethodType.methodType(void.class, unit, long.class, long.class))
                    .asType(MethodType.methodType(void.class, Object.class, RefCounted.class, long.class, long.class));
            TAKE = relay.findVirtual(queue, "takeBatch", MethodType.methodType(List.class, long.class))
                    .asType(MethodType.methodType(List.class, Object.class, long.class));
            SENT = relay.findVirtual(queue, "sent", MethodType.methodType(void.class))
                    .asType(MethodType.methodType(void.class, Object.class));
            CLEAR = relay.findVirtual(queue, "clear", MethodType.methodType(void.class))
                    .asType(MethodType.methodType(void.class, Object.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ArrayDeque<RefCounted> plain = new ArrayDeque<>();
    private BufferPool pool;
    private RefCounted key;
    private RefCounted frame;
    private Object queue;

    /** Frames that wait in the queue while others come and go, because the viewer lags behind. */
    @Param({"0", "128"})
    public int behind;

    /** Constructor for JMH. */
    public ViewerQueueBenchmark() {
    }

    /**
     * Fills the queue.
     *
     * @throws Throwable never; otherwise the benchmark is wrong
     */
    @Setup
    public void open() throws Throwable {
        pool = new BufferPool(1 << 20);
        ByteBuffer payload = ByteBuffer.allocate(FRAME_BYTES);
        key = (RefCounted) FRAME.invokeExact(pool, true, 0, 0L, payload);
        frame = (RefCounted) FRAME.invokeExact(pool, false, 1, 0L, payload);
        queue = (Object) QUEUE.invokeExact(LAG_MAX, false);
        for (int i = 0; i < behind; i++) {
            RefCounted unit = i == 0 ? key : frame;
            OFFER.invokeExact(queue, unit, BYTES_MAX, NOW);
            frame.retain();
            plain.add(frame);
        }
    }

    /**
     * Releases everything.
     *
     * @throws Throwable never; otherwise the benchmark is wrong
     */
    @TearDown
    public void close() throws Throwable {
        CLEAR.invokeExact(queue);
        plain.forEach(RefCounted::release);
        plain.clear();
        frame.release();
        key.release();
    }

    /**
     * Adds frames to a queue, and takes as many.
     *
     * @return the number of frames in the queue
     */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int baseline() {
        for (int i = 0; i < FRAMES; i++) {
            frame.retain();
            plain.add(frame);
        }
        for (int i = 0; i < FRAMES; i++) {
            plain.poll().release();
        }
        return plain.size();
    }

    /**
     * Offers frames to the queue, and takes a batch of as many.
     *
     * @return the batch
     * @throws Throwable never; otherwise the benchmark is wrong
     */
    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public List<?> offer() throws Throwable {
        for (int i = 0; i < FRAMES; i++) {
            OFFER.invokeExact(queue, frame, BYTES_MAX, NOW);
        }
        List<?> batch = (List<?>) TAKE.invokeExact(queue, Long.MAX_VALUE);
        SENT.invokeExact(queue);
        if (batch.size() != FRAMES) {
            throw new IllegalStateException("a batch of " + batch.size());
        }
        return batch;
    }
}
