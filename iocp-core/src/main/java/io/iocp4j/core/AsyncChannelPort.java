package io.iocp4j.core;

import io.iocp4j.core.AsyncChannelHandle.Completer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousChannelGroup;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The port over {@link AsynchronousChannelGroup}: epoll on Linux, kqueue on macOS, the system's own completion port on
 * Windows.
 *
 * <p>The threads of a fixed group are the workers. Measured with {@code bench/lab run tcp-echo --servers aio} on Linux,
 * CPU time per message: 7.6 us this way, 12.0 us with a group over an executor of ours, 15.4 us with a hand-over to a
 * queue and workers of ours. A group that the JDK makes is also an {@link Executor}, which queues a task to the group's
 * threads. It serves as this port's PostQueuedCompletionStatus. The JDK does not promise this. If the group is no
 * executor, it is built over an executor of ours, whose threads are the workers.
 *
 * <p>A loop of the group ends when it throws. If the handling of an event threw, the group begins the loop again. If
 * the wait for events threw, the group does not, and no other code can. The group is therefore opened with more loops
 * than workers. Its pool asks for a thread for each loop, gets one for each worker, and keeps the other loops in its
 * queue. When a worker ends, the pool asks for another thread. That thread takes a loop from the queue: either the loop
 * that the group has put back, or one in reserve.
 */
final class AsyncChannelPort extends PortEngine {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    private final AsynchronousChannelGroup group;
    private final Executor poster;
    /** Loops in reserve: one for each worker that may be lost, and one for the end. */
    private static final int LOOPS_MORE = PortThreads.LOST_MAX + 1;

    private final AtomicInteger made = new AtomicInteger();
    /**
     * A worker that has taken its null completion waits here until all null completions are taken, or until a worker
     * was lost. In the second case the other workers must take the lost worker's null completion.
     */
    private final CountDownLatch goOn = new CountDownLatch(1);
    private volatile boolean allNullsTaken;
    /** The completion handler of a send of several buffers. */
    final Completer<Long> gathered = new Completer<>(this) {
        @Override
        public void completed(Long bytes, IoContext context) {
            transferred(context, bytes);
        }
    };

    /** Makes a group with threads of its own. Tests replace it by a group that another JDK might make. */
    @FunctionalInterface
    interface FixedGroup {
        AsynchronousChannelGroup open(int threads, ThreadFactory factory) throws IOException;
    }

    AsyncChannelPort(PortOptions options) throws IoException {
        this(options, AsynchronousChannelGroup::withFixedThreadPool);
    }

    AsyncChannelPort(PortOptions options, FixedGroup fixedGroup) throws IoException {
        super(options);
        try {
            // the group asks for all its threads inside its constructor, and later for a new one when one has ended
            AsynchronousChannelGroup fixed = fixedGroup.open(threadCount() + LOOPS_MORE, this::newThread);
            if (fixed instanceof Executor executor) {
                group = fixed;
                poster = executor;
            } else {
                fixed.shutdown();
                threads.forget();
                ThreadPoolExecutor ours = new ThreadPoolExecutor(threadCount(), threadCount(), 0, TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        loop -> isOwnThread() ? threads.newSuccessor(loop) : newWorker(loop));
                group = AsynchronousChannelGroup.withThreadPool(ours);
                poster = ours;
                ours.prestartAllCoreThreads();
            }
        } catch (IOException e) {
            throw new IoException(IoError.of(e), "open", null, null, e);
        }
        watchWorkers();
    }

    /** Makes the thread that the group's pool asks for. Returns null if the pool should keep the loop in its queue. */
    private Thread newThread(Runnable loop) {
        if (isOwnThread()) {
            // this worker ends, and the pool asks for its successor. If the group puts the loop back, it asks before
            // the pool
            return threads.newSuccessor(loop);
        }
        int before = made.getAndIncrement();
        return before < threadCount() ? newWorker(loop) : before == threadCount() ? threads.newSpare(loop) : null;
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        // the JDK loses the descriptor of a channel that is opened in a group that was shut down; open() makes sure
        // that the group is not shut down
        return open(() -> new AsyncChannelSocket(this, key));
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return open(() -> new AsyncChannelAcceptor(this, local, backlog, key));
    }

    @Override
    protected void queue(IoContext context) {
        poster.execute(() -> deliver(context));
    }

    @Override
    protected void queueNull() {
        poster.execute(this::takeNull);
    }

    /**
     * Takes a null completion. The group's threads share one queue, so a worker that went on after its own null
     * completion could take that of another. Each worker therefore waits until all null completions are taken. Only
     * then are the threads of the group, or of the executor under it, ended.
     */
    private void takeNull() {
        if (nullTaken()) {
            allNullsTaken = true;
            goOn.countDown();
        }
        boolean waiting = true;
        while (waiting) {
            try {
                goOn.await();
                waiting = false;
            } catch (InterruptedException e) {
                LOG.log(Level.DEBUG, "a worker of {0} was interrupted while it left", options().name());
            }
        }
        if (allNullsTaken) {
            group.shutdown();
            threads.endSpare();
        }
    }

    @Override
    protected void workerLost() {
        // from now on no worker waits after its null completion, since there may be fewer workers than null completions
        goOn.countDown();
    }

    @Override
    protected void abandon() {
        allNullsTaken = true;
        goOn.countDown();
        try {
            group.shutdownNow();
        } catch (Throwable thrown) {
            LOG.log(Level.ERROR, "a group of channels could not be ended", thrown);
        }
        threads.endSpare();
    }

    /** Completes and delivers a receive or a send. */
    void transferred(IoContext context, long bytes) {
        // the one place where the -1 of NIO becomes the 0 of the completion port
        complete(context, Math.max(0, bytes));
        deliver(context);
    }

    /** Fails and delivers an operation. */
    void failed(IoContext context, Throwable failure) {
        fail(context, IoError.of(failure), failure);
        deliver(context);
    }

    AsynchronousChannelGroup group() {
        return group;
    }
}
