package io.iocp4j.uring;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortEngine;
import io.iocp4j.core.PortHandle;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The port over io_uring. Each worker is a {@link UringLoop} with a ring of its own. A new handle is given to the next
 * loop in turn and stays there, so a handler that blocks stops all connections of its loop.
 *
 * <p>Any loop may deliver a post. A sleeping loop is woken for it; if none sleeps, the loop that next reaches the queue
 * delivers it.
 */
final class UringPort extends PortEngine {
    /** The most posts that one loop delivers before it enters its ring again. */
    private static final int POSTS_PER_TURN = 64;

    private final List<UringLoop> loops = new ArrayList<>();
    private final Deque<IoContext> posts = new ConcurrentLinkedDeque<>();
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final AtomicInteger nulls = new AtomicInteger();

    UringPort(PortOptions options, Kernel kernel) throws IoException {
        super(options);
        List<Thread> workers = new ArrayList<>();
        boolean complete = false;
        try {
            for (int i = 0; i < threadCount(); i++) {
                UringLoop loop = new UringLoop(this, kernel);
                loops.add(loop);
                workers.add(newWorker(loop));
                loop.thread(workers.getLast());
            }
            watchWorkers();
            workers.forEach(Thread::start);
            complete = true;
        } catch (Errno e) {
            throw new IoException(e.error(), "open", null, null, e);
        } finally {
            if (!complete) {
                loops.forEach(UringLoop::giveUp);
            }
        }
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        return open(() -> {
            try {
                return new UringSocket(nextLoop(), SocketAddresses.open(), key);
            } catch (Errno e) {
                throw new IoException(e.error(), "open", null, null, e);
            }
        });
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return open(() -> new UringAcceptor(nextLoop(), local, backlog, key));
    }

    /** Returns the loop for the next handle. */
    UringLoop nextLoop() {
        return loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
    }

    // ------------------------------------------------------------------ for the handles: shown to engines only

    /** Begins an operation: from here on the port owes its completion; throws IllegalStateException on misuse. */
    void started(IoContext context, Operation operation, ByteBuffer buffer) {
        begin(context, operation, buffer);
    }

    /** Takes a begun operation back after misuse was found; the context belongs to the caller again. */
    void notStarted(IoContext context) {
        takeBack(context);
    }

    /** Stores the result of a transfer or a connect. */
    void succeeded(IoContext context, long bytes) {
        complete(context, bytes);
    }

    /** Stores the result of an accept. */
    void succeeded(IoContext context, PortSocket accepted) {
        complete(context, accepted);
    }

    /** Stores the reason why an operation failed; the cause may be null. */
    void failed(IoContext context, IoError error, Throwable cause) {
        fail(context, error, cause);
    }

    /** Delivers a completion that the calling loop has taken from its ring. */
    void deliverTaken(IoContext context) {
        deliver(context);
    }

    /** Fails an operation that the kernel never had. The completion is never delivered on the calling stack. */
    void failWithoutCompletion(IoContext context, IoError error, Throwable cause) {
        fail(context, error, cause);
        deliverLater(context);
    }

    /** Registers an open handle. Throws IllegalStateException, and closes the handle, if the port is closing. */
    void opened(PortHandle handle) {
        add(handle);
    }

    /** Forgets a handle that is being closed. */
    void closed(PortHandle handle) {
        remove(handle);
    }

    // ------------------------------------------------------------------ posts

    @Override
    protected void queue(IoContext context) {
        posts.add(context);
        for (UringLoop loop : loops) {
            if (loop.wake()) {
                return;
            }
        }
    }

    boolean hasPosts() {
        return !posts.isEmpty();
    }

    /**
     * Delivers some of the posts that are queued now. The rest, and what these deliveries post, waits until the loop
     * comes back from its ring.
     */
    void deliverPosts() {
        IoContext last = posts.peekLast();
        IoContext context = null;
        for (int i = 0; i < POSTS_PER_TURN && context != last; i++) {
            context = posts.poll();
            if (context == null) {
                return;
            }
            deliver(context);
        }
    }

    // ------------------------------------------------------------------ the end

    @Override
    protected void queueNull() {
        loops.get(nulls.getAndIncrement()).leaveNow();
    }

    /** Called when the calling loop has taken its null completion. */
    void loopLeaves() {
        nullTaken();
    }

    /** Returns true unless the ring is broken: a turn that throws loses nothing, see {@link UringLoop}. */
    @Override
    protected boolean loopsRunAgain() {
        for (UringLoop loop : loops) {
            if (loop.isCurrent()) {
                return !loop.ring.isBroken();
            }
        }
        return false;
    }

    /** Ends the port, since no thread serves the handles of a loop that has ended. */
    @Override
    protected void workerLost() {
        for (UringLoop loop : loops) {
            if (loop.isCurrent()) {
                // an accepted connection has its descriptor only there
                loop.takeCompletions();
                loop.end();
            }
        }
        cannotGoOn(new IllegalStateException("a loop of " + this + " has ended, with its connections"));
    }

    @Override
    protected void abandon() {
        for (IoContext context = posts.poll(); context != null; context = posts.poll()) {
            deliver(context);
        }
    }

    @Override
    public String toString() {
        return options().name();
    }
}
