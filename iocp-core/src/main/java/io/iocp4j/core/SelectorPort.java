package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The port over {@link java.nio.channels.Selector}: completions made of readiness, by the JDK alone, on every platform.
 *
 * <p>Each worker is a {@link SelectorLoop} with a selector of its own, which is two descriptors on Linux. A new handle
 * is given to the next loop in turn and stays there, so a handler that blocks holds up the connections of its loop: one
 * that waits belongs on a virtual thread. The selector watches a connection for input from its first receive on, and
 * goes on watching between two receives. A send is tried at once, and the selector watches for output only after the
 * system took nothing. An echo is so one select for many connections, one read and one write.
 *
 * <p>Posts are the business of all loops: one that sleeps is woken, else whichever comes first delivers them.
 */
final class SelectorPort extends PortEngine {
    /** Posts that one loop delivers before it asks its selector again. */
    private static final int POSTS_PER_TURN = 64;

    private final List<SelectorLoop> loops = new ArrayList<>();
    private final Deque<IoContext> posts = new ConcurrentLinkedDeque<>();
    private final AtomicInteger nextLoop = new AtomicInteger();
    private final AtomicInteger nulls = new AtomicInteger();

    /** Makes the selector of a loop. Tests make one that fails. */
    @FunctionalInterface
    interface SelectorOpener {
        Selector open() throws IOException;
    }

    SelectorPort(PortOptions options) throws IoException {
        this(options, Selector::open);
    }

    SelectorPort(PortOptions options, SelectorOpener opener) throws IoException {
        super(options);
        List<Thread> workers = new ArrayList<>();
        boolean complete = false;
        try {
            for (int i = 0; i < threadCount(); i++) {
                SelectorLoop loop = new SelectorLoop(this, opener.open());
                loops.add(loop);
                workers.add(newWorker(loop));
                loop.thread(workers.getLast());
            }
            watchWorkers();
            workers.forEach(Thread::start);
            complete = true;
        } catch (IOException e) {
            throw new IoException(IoError.of(e), "open", null, null, e);
        } finally {
            if (!complete) {
                loops.forEach(SelectorLoop::giveUp);
            }
        }
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        return open(() -> new SelectorSocket(nextLoop(), key));
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return open(() -> new SelectorAcceptor(nextLoop(), local, backlog, key));
    }

    /** The loop of the next handle. */
    SelectorLoop nextLoop() {
        return loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
    }

    // ------------------------------------------------------------------ posts

    @Override
    protected void queue(IoContext context) {
        posts.add(context);
        for (SelectorLoop loop : loops) {
            if (loop.wake()) {
                return;
            }
        }
    }

    boolean hasPosts() {
        return !posts.isEmpty();
    }

    /**
     * Delivers some of what is posted now. The rest, and what these deliveries post, waits until the loop comes back
     * from its selector.
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

    /** A loop has taken its null completion. */
    void nullTaken(SelectorLoop loop) {
        assert loop.isCurrent();
        nullTaken();
    }

    /** A turn that has thrown has lost nothing, see {@link SelectorLoop}. */
    @Override
    protected boolean loopsRunAgain() {
        return true;
    }

    /** The handles of a loop that has ended are served by nobody: the port ends with it. */
    @Override
    void workerLost() {
        for (SelectorLoop loop : loops) {
            if (loop.isCurrent()) {
                loop.end();
            }
        }
        cannotGoOn(new IllegalStateException("a loop of " + options().name() + " has ended, with its connections"));
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
