package io.iocp4j.jna;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortEngine;
import io.iocp4j.core.PortListener;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.PortSocket;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The port on the completion port of Windows. Workers are platform threads, since a call of JNA would hold the carrier of a virtual
 * one; any thread may submit.
 */
final class IocpPort extends PortEngine {
    private static final System.Logger LOG = System.getLogger(IocpPort.class.getName());

    /** Keys below this are packets of the port itself; handles have the rest. */
    private static final long KEY_HANDLES = 16;
    private static final long KEY_POST = 1;
    private static final long KEY_NULL = 2;

    /** Packets that a worker takes at a time: few, since what one worker has taken no other can deliver. */
    static final int BATCH = 8;
    private static final int ENTRY_BYTES = 32;
    private static final int ENTRY_OVERLAPPED = 8;
    private static final int ENTRY_TRANSFERRED = 24;
    /** A post fails only when the system has no memory for the packet. */
    private static final Duration POST_AGAIN = Duration.ofMillis(10);

    private final WinApi api;
    private final IocpLimits limits;
    private final long port;
    private final AtomicLong lastId = new AtomicLong(KEY_HANDLES - 1);
    /** Posted contexts; a packet carries two numbers only, so each is a token for one context of this queue. */
    private final Queue<IoContext> posted = new ConcurrentLinkedQueue<>();

    /** Shared and closed by hand: memory that the kernel may still write to is leaked rather than freed. */
    private final Arena arena = Arena.ofShared();
    private final OverlappedSlab slab;

    IocpPort(PortOptions options, WinApi api, IocpLimits limits) throws IoException {
        super(options);
        this.api = api;
        this.limits = limits;
        this.slab = new OverlappedSlab(arena, limits.operationsMax());
        this.port = api.createPort(Runtime.getRuntime().availableProcessors());
        if (port < 0) {
            arena.close();
            throw IocpHandle.failure("open", WinError.ofCode("CreateIoCompletionPort", (int) -port), null, null);
        }
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < threads(); i++) {
            workers.add(newWorker(this::work));
        }
        workers.forEach(Thread::start);
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        return open(() -> new IocpSocket(this, key));
    }

    @Override
    public PortListener listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return open(() -> new IocpListener(this, local, backlog, key));
    }

    // ------------------------------------------------------------------ for the handles

    WinApi api() {
        return api;
    }

    OverlappedSlab slab() {
        return slab;
    }

    IocpLimits limits() {
        return limits;
    }

    long nextId() {
        return lastId.incrementAndGet();
    }

    int associate(long socket, long id) {
        return api.associate(socket, port, id);
    }

    /** Whether there are so many sockets that a receive must not pin its buffer while nothing comes. */
    boolean receivesWaitWithoutMemory() {
        return handles() > limits.zeroReadAbove();
    }

    // ------------------------------------------------------------------ posts

    @Override
    protected void queue(IoContext context) {
        posted.add(context);
        post(KEY_POST);
    }

    @Override
    protected void queueNull() {
        post(KEY_NULL);
    }

    private void post(long key) {
        int result = api.post(port, key);
        if (result < 0) {
            LOG.log(Level.WARNING, "a packet could not be posted, again in " + POST_AGAIN.toMillis() + " ms",
                    WinError.ofCode("PostQueuedCompletionStatus", -result));
            schedule(POST_AGAIN, () -> post(key));
        }
    }

    // ------------------------------------------------------------------ workers

    private void work() {
        MemorySegment entries = arena.allocate(BATCH * ENTRY_BYTES, 8);
        MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
        int nulls = 0;
        while (nulls == 0) {
            int result = api.dequeue(port, entries.address(), BATCH, count.address(), WinApi.INFINITE);
            if (result == 0) {
                nulls = take(entries, count.get(ValueLayout.JAVA_INT, 0));
            } else if (result != -WinApi.WAIT_TIMEOUT) {
                // the port's handle is closed last, so this is a mistake; to go on would be to spin
                LOG.log(Level.ERROR, "a worker of " + options().name() + " leaves too early",
                        WinError.ofCode("GetQueuedCompletionStatusEx", -result));
                return;
            }
        }
        for (int i = 1; i < nulls; i++) {
            // the system may hand several to one worker, but each is for another
            queueNull();
        }
        if (nullTaken()) {
            free();
        }
    }

    /** Delivers a batch; the number of null completions in it. */
    private int take(MemorySegment entries, int count) {
        int nulls = 0;
        for (int i = 0; i < count; i++) {
            long at = (long) i * ENTRY_BYTES;
            long key = entries.get(ValueLayout.JAVA_LONG, at);
            long overlapped = entries.get(ValueLayout.JAVA_LONG, at + ENTRY_OVERLAPPED);
            int bytes = entries.get(ValueLayout.JAVA_INT, at + ENTRY_TRANSFERRED);
            try {
                if (overlapped != 0) {
                    ended(key, overlapped, bytes);
                } else if (key == KEY_POST) {
                    deliver(posted.remove());
                } else if (key == KEY_NULL) {
                    nulls++;
                } else {
                    LOG.log(Level.ERROR, "a packet that nobody posted: key " + key);
                }
            } catch (Throwable thrown) {
                // the packets behind it were dequeued too, and nobody would ever see them again
                LOG.log(Level.ERROR, "a packet of " + options().name() + " was lost: key " + key, thrown);
            }
        }
        return nulls;
    }

    private void ended(long key, long overlapped, int bytes) {
        Request request = slab.dequeue(overlapped);
        if (request == null || request.handle.id != key) {
            throw new IllegalStateException("a packet for an operation that is not pending: " + overlapped + " of " + request);
        }
        int status = request.status();
        slab.free(request);
        request.ended(status, bytes);
    }

    /** The last worker has taken its null completion: no packet will come any more. */
    private void free() {
        int result = api.closePort(port);
        if (result < 0) {
            LOG.log(Level.WARNING, "closing the port", WinError.ofCode("CloseHandle", -result));
        }
        int pending = slab.used();
        if (pending == 0) {
            arena.close();
        } else {
            LOG.log(Level.ERROR, pending + " operations of " + options().name() + " never ended; their memory is left to them");
        }
    }
}
