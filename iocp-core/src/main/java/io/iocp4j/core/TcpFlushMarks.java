package io.iocp4j.core;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Futures that complete when the operating system has taken the bytes queued up to a given position. Guarded by the
 * connection's lock. They complete on the strand, because the code that waits for one continues from there.
 */
final class TcpFlushMarks {
    private record Mark(long end, CompletableFuture<Void> taken) {
    }

    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private final Consumer<Runnable> strand;

    TcpFlushMarks(Consumer<Runnable> strand) {
        this.strand = strand;
    }

    /**
     * Adds a mark. Its end is a position in all bytes ever queued, and not below the end of the mark before. Returns a
     * copy of the future for the application.
     */
    CompletableFuture<Void> add(long end) {
        CompletableFuture<Void> taken = new CompletableFuture<>();
        marks.add(new Mark(end, taken));
        return taken.copy();
    }

    void reached(long position) {
        for (Mark mark = marks.peek(); mark != null && mark.end <= position; mark = marks.peek()) {
            CompletableFuture<Void> taken = mark.taken;
            // posted first: if there is no memory for it, the mark stays, and fails with the connection
            strand.accept(() -> taken.complete(null));
            marks.poll();
        }
    }

    /** Fails the remaining futures, after the end of the connection. Strand only, without the lock. */
    void fail(IoException reason) {
        for (Mark mark = marks.poll(); mark != null; mark = marks.poll()) {
            mark.taken.completeExceptionally(reason);
        }
    }
}
