package io.iocp4j.jna;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Operation;
import io.iocp4j.core.PortEngine;
import io.iocp4j.core.PortHandle;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The port on the completion port of Windows. Workers are platform threads: a JNA call would pin the carrier of a
 * virtual thread. Any thread may submit.
 */
final class IocpPort extends PortEngine {
    private static final System.Logger LOG = new GuardedLog(IocpPort.class);

    /** The first key of a handle. Smaller keys mark packets of the port itself. */
    private static final long KEY_HANDLES = 16;
    private static final long KEY_POST = 1;
    static final long KEY_NULL = 2;

    /** Packets that a worker dequeues at once. Few, because no other worker can deliver what this one has dequeued. */
    static final int BATCH = 8;
    /**
     * The delay before a failed post is tried again. A post fails only when the system has no memory for the packet.
     */
    private static final Duration POST_AGAIN = Duration.ofMillis(10);

    private final WinApi api;
    private final IocpLimits limits;
    private final long port;
    private final AtomicLong lastId = new AtomicLong(KEY_HANDLES - 1);
    /**
     * Posted contexts. A packet carries only two numbers, so each posted packet is a token for one context of this
     * queue.
     */
    private final Queue<IoContext> posted = new ConcurrentLinkedQueue<>();

    /** Shared, and closed explicitly: memory that the kernel may still write to must be leaked, not freed. */
    private final Arena arena = Arena.ofShared();
    private final OverlappedSlab slab;
    private final PullWait pulled = new PullWait(this);
    private final AtomicBoolean portClosed = new AtomicBoolean();

    IocpPort(PortOptions options, WinApi api, IocpLimits limits) throws IoException {
        super(options, true);
        this.api = api;
        this.limits = limits;
        this.slab = new OverlappedSlab(arena, limits.operationsMax());
        this.port = api.createPort(Runtime.getRuntime().availableProcessors());
        if (port < 0) {
            arena.close();
            throw IocpHandle.failure("open", WinError.ofCode("CreateIoCompletionPort", (int) -port), null, null);
        }
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threadCount() && !options.pulled(); i++) {
            workers.add(newWorker(new Loop()));
        }
        watchWorkers();
        workers.forEach(Thread::start);
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        return open(() -> new IocpSocket(this, key));
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return open(() -> new IocpAcceptor(this, local, backlog, key));
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

    /** Delivers a completion for which no packet comes, never on the calling stack. */
    void deliverWithoutPacket(IoContext context) {
        deliverLater(context);
    }

    /**
     * Keeps the workers until {@link #packetOfOwnCame}, for a packet of an operation that the application has not
     * submitted.
     */
    void packetOfOwnDue() {
        beginOwn();
    }

    /** Ends the wait that {@link #packetOfOwnDue} began. */
    void packetOfOwnCame() {
        endOwn();
    }

    /**
     * Registers an open handle, which the port closes at its end. Throws IllegalStateException if the port is closing.
     */
    void opened(PortHandle handle) {
        add(handle);
    }

    /** Forgets a handle that is being closed. */
    void closed(PortHandle handle) {
        remove(handle);
    }

    WinApi api() {
        return api;
    }

    OverlappedSlab slab() {
        return slab;
    }

    IocpLimits limits() {
        return limits;
    }

    String name() {
        return options().name();
    }

    long nextId() {
        return lastId.incrementAndGet();
    }

    int associate(long socket, long id) {
        return api.associate(socket, port, id);
    }

    /** Returns true if there are so many sockets that a waiting receive must not pin its buffer. */
    boolean receivesWaitWithoutMemory() {
        return handles() > limits.zeroReadAbove();
    }

    // ------------------------------------------------------------------ posts

    @Override
    protected void queue(IoContext context) {
        posted.add(context);
        try {
            post(KEY_POST);
        } catch (RuntimeException | Error e) {
            // not if a worker that came for another context has taken it
            if (posted.remove(context)) {
                throw e;
            }
            LOG.log(Level.ERROR, "a post waits for the packet of another", e);
        }
    }

    @Override
    protected void queueNull() {
        post(KEY_NULL);
    }

    private void post(long key) {
        int result = api.post(port, key);
        if (result < 0) {
            LOG.log(Level.WARNING, "a packet could not be posted; trying again in " + POST_AGAIN.toMillis() + " ms",
                    WinError.ofCode("PostQueuedCompletionStatus", -result));
            schedule(POST_AGAIN, () -> post(key));
        }
    }

    // ------------------------------------------------------------------ workers

    /**
     * The loop of a worker. It allocates all its memory at the start. If it has thrown, it can run again without losing
     * a packet that it has dequeued.
     */
    private final class Loop implements Runnable {
        private final Packets packets = new Packets(arena, BATCH);
        /** Index of the first dequeued packet that was not handled yet. */
        private int next;
        private int count;
        private int nulls;
        /** True during the native call. It may throw after the system has already dequeued packets. */
        private boolean waits;

        @Override
        public void run() {
            if (waits) {
                next = 0;
                count = packets.count();
            }
            deliverAll();
            while (nulls == 0) {
                packets.clear();
                waits = true;
                int result = dequeue(packets, WinApi.INFINITE);
                waits = false;
                if (result == 0) {
                    next = 0;
                    count = packets.count();
                    deliverAll();
                } else if (result != -WinApi.WAIT_TIMEOUT) {
                    leavesTooEarly(result);
                    return;
                }
            }
            for (; nulls > 1; nulls--) {
                // one worker may dequeue several null completions, but each is meant for another worker
                queueNull();
            }
            leave();
        }

        private void deliverAll() {
            while (next < count) {
                int index = next++;
                if (packets.key(index) == KEY_NULL) {
                    nulls++;
                } else {
                    IoContext context = ended(packets, index);
                    if (context != null) {
                        deliver(context);
                    }
                }
            }
        }
    }

    @Override
    protected boolean loopsRunAgain() {
        return true;
    }

    /**
     * Lets the last worker deliver the posted contexts before it ends. Operations that the kernel still has are lost
     * with the port. Closing the port makes the system wake the threads that still wait.
     */
    @Override
    protected void abandon() {
        try {
            if (isOwnThread()) {
                for (IoContext context = posted.poll(); context != null; context = posted.poll()) {
                    deliver(context);
                }
            }
            closePort();
        } catch (Throwable thrown) {
            LOG.log(Level.ERROR, () -> "posted contexts of " + options().name() + " could not be delivered", thrown);
        }
    }

    /** Waits for packets. Returns 0, or minus an error code. */
    int dequeue(Packets packets, int millis) {
        return packets.dequeue(api, port, millis);
    }

    /**
     * Logs that a wait failed. The port's handle is closed last, so this is a bug. The worker leaves: going on would
     * spin.
     */
    void leavesTooEarly(int result) {
        LOG.log(Level.ERROR, "a worker of " + options().name() + " leaves too early: its wait failed",
                WinError.ofCode("GetQueuedCompletionStatusEx", -result));
    }

    /** Handles a packet. Returns the context that the caller must deliver, or null if there is none. */
    IoContext ended(Packets packets, int index) {
        long key = packets.key(index);
        try {
            if (packets.overlapped(index) != 0) {
                return ended(key, packets.overlapped(index), packets.bytes(index));
            }
            if (key != KEY_POST) {
                throw new IllegalStateException("a packet with an unknown key");
            }
            return posted.remove();
        } catch (Throwable thrown) {
            // do not throw: the packets behind this one were dequeued too, and would be lost
            LOG.log(Level.ERROR, "a packet of " + options().name() + " was lost: key " + key, thrown);
            return null;
        }
    }

    private IoContext ended(long key, long overlapped, int bytes) {
        Request request = slab.dequeue(overlapped);
        if (request == null || request.handle.id != key) {
            throw new IllegalStateException(
                    "a packet for an operation that is not pending: OVERLAPPED " + overlapped + ", request " + request);
        }
        int status = request.status();
        slab.free(request);
        return request.ended(status, bytes);
    }

    // ------------------------------------------------------------------ pull mode

    @Override
    protected IoContext awaitPacket(long nanos) throws TimeoutException {
        return pulled.await(nanos);
    }

    /**
     * Lets a worker leave after its null completion; in pull mode once, for all threads that take. No packet follows
     * the last null completion.
     */
    void leave() {
        if (nullTaken()) {
            free();
        }
    }

    private void closePort() {
        if (portClosed.compareAndSet(false, true)) {
            int result = api.closePort(port);
            if (result < 0) {
                LOG.log(Level.WARNING, "the handle of " + options().name() + " could not be closed",
                        WinError.ofCode("CloseHandle", -result));
            }
        }
    }

    private void free() {
        closePort();
        int pending = slab.used();
        if (pending == 0) {
            arena.close();
        } else {
            LOG.log(Level.ERROR,
                    pending + " operations of " + options().name() + " never ended; their memory is leaked");
        }
    }
}
