package io.iocp4j.core;

import java.util.ArrayDeque;

/**
 * A thread that takes completions from its port and delivers them, one after the other.
 *
 * <p>An engine may complete an operation inside the call that submits it, on this very thread. Such a completion goes to the ready list
 * and is delivered when the current delivery has returned, so that no delivery is ever nested in another.
 */
final class Worker extends PortThread {
    /**
     * How many posts from its own deliveries a worker takes over directly before the next ones go through the port's queue: a delivery
     * that posts itself again and again must not keep the worker from looking at its sockets.
     */
    static final int OWN_POSTS_MAX = 16;

    private final BufferPool.Shelf shelf;
    private final ArrayDeque<IoContext> ready = new ArrayDeque<>();
    private boolean delivering;
    /** What completes in the call that is going on is not for this worker. */
    private boolean aside;
    private int ownPosts;

    Worker(PortEngine port, boolean spare, Runnable loop, String name) {
        super(port, spare, loop, name, port.options().daemon());
        this.shelf = port.buffers().newShelf();
    }

    /** The worker of this port that the calling thread is, or null. */
    static Worker current(CompletionPort port) {
        return Thread.currentThread() instanceof Worker worker && worker.port == port ? worker : null;
    }

    /** Throws if the calling thread is a worker of the port: a blocking call there would wait for itself. */
    static void requireNotWorker(CompletionPort port) {
        if (port.isWorker()) {
            throw new IllegalStateException(
                    "a worker of the port must not wait for the port: use callbacks, or a thread of your own");
        }
    }

    /** The shelf that the calling thread has in this pool, or null. */
    static BufferPool.Shelf shelf(BufferPool pool) {
        return Thread.currentThread() instanceof Worker worker && worker.shelf != null && worker.shelf.isOf(pool) ? worker.shelf : null;
    }

    /**
     * Submits something from a delivery that may take long: should it complete inside the call, another worker gets the completion, which
     * would otherwise wait for the end of the delivery.
     */
    static void aside(CompletionPort port, Runnable submit) {
        Worker worker = current(port);
        if (worker == null || !worker.delivering) {
            submit.run();
            return;
        }
        worker.aside = true;
        try {
            submit.run();
        } finally {
            worker.aside = false;
        }
    }

    /** Delivers now, or after the delivery that is going on. */
    void take(IoContext context) {
        if (delivering) {
            if (aside) {
                port.deliverBehind(context);
            } else {
                ready.add(context);
            }
            return;
        }
        delivering = true;
        ownPosts = 0;
        int ended = 0;
        try {
            for (IoContext next = context; next != null; next = ready.poll()) {
                ended++;
                deliver(next);
            }
        } finally {
            delivering = false;
            // together, since all workers share the count
            port.end(ended);
        }
    }

    /** Delivers what a delivery has left behind that was thrown out of: this worker ends, and nobody else knows of it. */
    void deliverReady() {
        IoContext next = ready.poll();
        if (next != null) {
            take(next);
        }
    }

    /** Takes a post of its own delivery; false if it has to go through the port. */
    boolean takeOwnPost(IoContext context) {
        if (!delivering || aside || ownPosts == OWN_POSTS_MAX) {
            return false;
        }
        ownPosts++;
        ready.add(context);
        return true;
    }

    private void deliver(IoContext context) {
        try {
            context.finish();
        } catch (Throwable thrown) {
            counters.handlerFailed();
            port.report(context, thrown);
        } finally {
            counters.delivered(context);
        }
    }
}
