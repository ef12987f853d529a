package io.iocp4j.core;

/**
 * A thread that takes completions from its port and delivers them, one after the other.
 *
 * <p>An engine may complete an operation inside the call that submits it, on this very thread. Such a completion goes
 * to the ready list and is delivered when the current delivery has returned, so that no delivery is ever nested in
 * another.
 */
final class Worker extends PortThread {
    /**
     * How many posts from its own deliveries a worker takes over directly before the next ones go through the port's
     * queue: a delivery that posts itself again and again must not keep the worker from looking at its sockets.
     */
    static final int OWN_POSTS_MAX = 16;

    /** Null where the pool is too small for it. */
    private final BufferPool.Cache cache;
    /**
     * A queue in which nothing waits, lent to whichever connection needs one; null while it is lent, or before one
     * came.
     */
    private TcpSendQueue spareQueue;
    private final RingQueue<IoContext> ready = new RingQueue<>(16);
    private boolean delivering;
    /** True during a call whose completion is for another worker. */
    private boolean aside;
    private int ownPosts;

    Worker(PortCore port, boolean spare, Runnable loop, String name) {
        super(port, spare, loop, name, port.options().daemon());
        this.cache = port.buffers().newCache(TcpSendQueue.CHUNK_MIN);
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

    /** The cache that the calling thread has in this pool, or null. */
    static BufferPool.Cache cache(BufferPool pool) {
        Worker worker = caching(pool);
        return worker == null ? null : worker.cache;
    }

    private static Worker caching(BufferPool pool) {
        return Thread.currentThread() instanceof Worker worker && worker.cache != null && worker.cache.isOf(pool)
                ? worker : null;
    }

    /**
     * Takes the spare queue of the calling thread, which is of this pool and in which nothing waits; null if there is
     * none.
     */
    static TcpSendQueue takeSpareQueue(BufferPool pool) {
        Worker worker = caching(pool);
        TcpSendQueue spare = worker == null ? null : worker.spareQueue;
        if (spare != null) {
            worker.spareQueue = null;
            worker.cache.keptElsewhere(-spare.spareBytes());
        }
        return spare;
    }

    /**
     * Takes a queue of this pool, in which nothing waits, as the spare one of the calling thread; false if it has one,
     * or keeps none.
     */
    static boolean keepSpareQueue(BufferPool pool, TcpSendQueue empty) {
        Worker worker = caching(pool);
        if (worker == null || worker.spareQueue != null) {
            return false;
        }
        worker.spareQueue = empty;
        worker.cache.keptElsewhere(empty.spareBytes());
        return true;
    }

    /**
     * Submits something from a delivery that may take long: should it complete inside the call, another worker gets the
     * completion, which would otherwise wait for the end of the delivery.
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
            if (aside || !keepsReady(context)) {
                port.deliverBehind(context);
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

    /**
     * Delivers the contexts that an aborted delivery has left in the ready list: this worker ends, and no other knows
     * of them.
     */
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
        return keepsReady(context);
    }

    /** Returns false if there is no memory for it here. */
    private boolean keepsReady(IoContext context) {
        try {
            ready.add(context);
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private void deliver(IoContext context) {
        try {
            context.finish();
        } catch (Throwable thrown) {
            counters.handlerFailed();
            port.report(context, thrown);
        } finally {
            counters.delivered(context);
            // an interrupt that this delivery has left would end a wait of the next, or close the file that it reads
            Thread.interrupted();
        }
    }
}
