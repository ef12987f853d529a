package io.iocp4j.core;

import java.nio.ByteBuffer;

/**
 * A thread that takes completions from its port and delivers them, one after the other.
 *
 * <p>An engine may complete an operation inside the call that submits it, on this thread. Such a completion goes to the
 * ready list and is delivered when the current delivery has returned, so no delivery is ever nested in another.
 */
final class Worker extends PortThread {
    /**
     * How many posts from its own deliveries a worker takes directly before the next ones go through the port's queue.
     * A delivery that posts itself again and again must not keep the worker from its sockets.
     */
    static final int OWN_POSTS_MAX = 16;

    /** Null if the pool is too small for a cache. */
    private final BufferPool.Cache cache;
    /**
     * An empty queue, which is lent to any connection that needs one. Null while it is lent, and before the first one
     * came.
     */
    private TcpSendQueue spareQueue;
    private final RingQueue<IoContext> ready = new RingQueue<>(16);
    /** The connections to flush after the current delivery, each with a reference. */
    private final RingQueue<TcpFlusher> behind = new RingQueue<>(16);
    /** The number of the current delivery; may overflow. */
    private int delivery;
    /** A view of the buffer that the current deliveries have sent last, see {@link #view}. */
    private ByteBuffer view;
    private PooledBuffer viewed;
    private boolean delivering;
    /** True during a call whose completion another worker should take. */
    private boolean aside;
    private int ownPosts;

    Worker(PortCore port, boolean spare, Runnable loop, String name) {
        super(port, spare, loop, name, port.options().daemon());
        this.cache = port.buffers().newCache(TcpSendQueue.CHUNK_MIN);
    }

    /** Returns the calling thread if it is a worker of this port, else null. */
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

    /** Returns the calling thread's cache in this pool, or null. */
    static BufferPool.Cache cache(BufferPool pool) {
        Worker worker = caching(pool);
        return worker == null ? null : worker.cache;
    }

    private static Worker caching(BufferPool pool) {
        return Thread.currentThread() instanceof Worker worker && worker.cache != null && worker.cache.isOf(pool)
                ? worker : null;
    }

    /**
     * Takes the empty spare queue of the calling thread, which belongs to this pool. Returns null if there is none.
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
     * Keeps an empty queue of this pool as the spare one of the calling thread. Returns false if the thread has one, or
     * keeps none.
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
     * Submits an operation from a delivery that may take long. If the operation completes inside the call, another
     * worker gets the completion, which would otherwise wait for the end of this delivery.
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

    /** Counts bytes that a delivery has sent without an operation. */
    static void sentNow(CompletionPort port, long bytes) {
        Worker worker = current(port);
        if (worker != null) {
            worker.counters.sentNow(bytes);
        }
    }

    /** Tells whether another worker should take what completes now, see {@link #aside(CompletionPort, Runnable)}. */
    boolean isAside() {
        return aside;
    }

    /** Delivers now, or after the current delivery. */
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
            for (IoContext next = context; next != null; next = nextReady()) {
                ended++;
                deliver(next);
            }
        } finally {
            delivering = false;
            view = null;
            viewed = null;
            // together, since all workers share the count
            port.end(ended);
        }
    }

    private IoContext nextReady() {
        IoContext next = ready.poll();
        if (next == null && !behind.isEmpty()) {
            flushBehind();
            next = ready.poll();
        }
        return next;
    }

    /** Flushes the connections that had more to send than their first message in one delivery. */
    private void flushBehind() {
        // what they send from here on does not belong to that delivery
        delivery++;
        for (TcpFlusher connection = behind.poll(); connection != null; connection = behind.poll()) {
            connection.flushBehind();
        }
    }

    /** Returns the number of the current delivery. */
    int delivery() {
        return delivery;
    }

    /**
     * Returns a view of the buffer for one send at once. It is the same object for each send of one buffer, since a
     * view for each receiver of a fan-out would be 64 B of garbage.
     */
    ByteBuffer view(PooledBuffer shared) {
        ByteBuffer memory = shared.buffer();
        if (viewed != shared) {
            view = memory.duplicate();
            viewed = shared;
        }
        return view.limit(memory.limit()).position(memory.position());
    }

    /** Flushes a connection after the current delivery. Returns false if there is none, or no memory to note it. */
    boolean flushBehind(TcpFlusher connection) {
        if (!delivering) {
            return false;
        }
        try {
            behind.add(connection);
        } catch (OutOfMemoryError e) {
            return false;
        }
        connection.addReference();
        return true;
    }

    /**
     * Delivers the contexts that an aborted delivery has left in the ready list. This worker ends, and no other worker
     * can reach its list.
     */
    void deliverReady() {
        IoContext next = nextReady();
        if (next != null) {
            take(next);
        }
    }

    /** Takes a post of this worker's current delivery. Returns false if it has to go through the port. */
    boolean takeOwnPost(IoContext context) {
        if (!delivering || aside || ownPosts == OWN_POSTS_MAX) {
            return false;
        }
        ownPosts++;
        return keepsReady(context);
    }

    /** Adds a context to the ready list. Returns false if there is no memory for it. */
    private boolean keepsReady(IoContext context) {
        try {
            ready.add(context);
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private void deliver(IoContext context) {
        delivery++;
        try {
            context.finish();
        } catch (Throwable thrown) {
            counters.handlerFailed();
            port.report(context, thrown);
        } finally {
            counters.delivered(context);
            // an interrupt left by this delivery would end a wait of the next delivery, or close a file that it reads
            Thread.interrupted();
        }
    }
}
