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
 * The port over {@link java.nio.channels.Selector}. It makes completions from readiness, with the JDK alone, on every
 * platform.
 *
 * <p>Each worker is a {@link SelectorLoop} with a selector of its own, which is two descriptors on Linux. A new handle
 * is given to the next loop in turn and stays there. A handler that blocks therefore stops all connections of its loop;
 * code that must block belongs on a virtual thread. The selector watches a connection for input from its first receive
 * on, and goes on watching between two receives. A send is tried at once, for a connection of the same loop without an
 * operation, and the selector watches for output only after the system took nothing. So an echo costs one read, one
 * write and a share of one select for many connections.
 *
 * <p>Any loop may deliver a post. A sleeping loop is woken for it; if none sleeps, the loop that next reaches the queue
 * delivers it.
 */
final class SelectorPort extends PortEngine {
    /** The most posts that one loop delivers before it calls its selector again. */
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

    /** Returns the loop for the next handle. */
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
     * Delivers some of the posts that are queued now. The rest, and what these deliveries post, waits until the loop
     * comes back from its selector.
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

    /** Called when a loop has taken its null completion. */
    void nullTaken(SelectorLoop loop) {
        assert loop.isCurrent();
        nullTaken();
    }

    /** Returns true, since a turn that throws loses nothing, see {@link SelectorLoop}. */
    @Override
    protected boolean loopsRunAgain() {
        return true;
    }

    /** Ends the port, since no thread serves the handles of a loop that has ended. */
    @Override
    protected void workerLost() {
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
