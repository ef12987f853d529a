package io.iocp4j.core;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counts of one worker's deliveries. Only that worker writes them, or a thread under one lock. Other threads read
 * them for reports, which need no order. So a count costs a plain store. With a counter shared by all workers, each
 * message would contend for its cache line.
 */
final class WorkerCounters {
    /** The counts. */
    private enum Count {
        DELIVERED,
        HANDLER_FAILURES,
        NULLS,
        ACCEPTED,
        ACCEPTS_FAILED,
        CONNECTED,
        CONNECTS_FAILED,
        BYTES_RECEIVED,
        BYTES_SENT
    }

    /** Stored once, since values() makes a copy. */
    private static final Count[] COUNTS = Count.values();

    private final AtomicLongArray counts = new AtomicLongArray(COUNTS.length);

    /** Counts a delivery by what it delivered. */
    void delivered(IoContext context) {
        add(Count.DELIVERED, 1);
        switch (context.operation()) {
            case RECEIVE -> add(Count.BYTES_RECEIVED, context.transferred());
            case SEND -> add(Count.BYTES_SENT, context.transferred());
            case ACCEPT -> {
                // an accept that the close of its listener ended did not fail
                if (context.error() == null) {
                    add(Count.ACCEPTED, 1);
                } else if (context.error().group() != IoError.Group.CLOSED) {
                    add(Count.ACCEPTS_FAILED, 1);
                }
            }
            case CONNECT -> add(context.error() == null ? Count.CONNECTED : Count.CONNECTS_FAILED, 1);
            default -> { }
        }
    }

    void sentNow(long bytes) {
        add(Count.BYTES_SENT, bytes);
    }

    void handlerFailed() {
        add(Count.HANDLER_FAILURES, 1);
    }

    /** Completions so far. */
    long taken() {
        return counts.getOpaque(Count.DELIVERED.ordinal());
    }

    void nullTaken() {
        add(Count.NULLS, 1);
    }

    /** Adds the counts of a worker whose thread has ended. */
    void add(WorkerCounters ended) {
        for (Count count : COUNTS) {
            add(count, ended.counts.getOpaque(count.ordinal()));
        }
    }

    private void add(Count count, long value) {
        counts.setOpaque(count.ordinal(), counts.getPlain(count.ordinal()) + value);
    }

    /** Returns the sums over workers, with the numbers of the port itself. */
    static PortCounters sum(List<WorkerCounters> all, int workers, long replaced, int handles, long outstanding,
            BufferPool buffers) {
        return new PortCounters(workers, replaced, handles, outstanding,
                sum(all, Count.DELIVERED), sum(all, Count.HANDLER_FAILURES), (int) sum(all, Count.NULLS),
                sum(all, Count.ACCEPTED), sum(all, Count.ACCEPTS_FAILED),
                sum(all, Count.CONNECTED), sum(all, Count.CONNECTS_FAILED),
                sum(all, Count.BYTES_RECEIVED), sum(all, Count.BYTES_SENT),
                buffers.usedBytes(), buffers.keptBytes(),
                buffers.budget().used(MemoryBudget.Kind.HEAP), buffers.budget().evicted());
    }

    private static long sum(List<WorkerCounters> all, Count count) {
        return all.stream().mapToLong(counters -> counters.counts.getOpaque(count.ordinal())).sum();
    }
}
