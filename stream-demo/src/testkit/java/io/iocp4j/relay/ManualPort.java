package io.iocp4j.relay;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortCounters;
import io.iocp4j.core.PortSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** A port without I/O. A test runs its timer tasks, including cancelled ones: a timer may be cancelled too late. */
final class ManualPort implements CompletionPort {
    final List<Runnable> timers = new ArrayList<>();
    /** True to simulate that memory has run out. */
    boolean memoryOut;
    private final BufferPool buffers = new BufferPool(0);

    @Override
    public Future<?> schedule(Duration delay, Runnable task) {
        timers.add(task);
        return new FutureTask<>(task, null);
    }

    @Override
    public String engine() {
        return "manual";
    }

    @Override
    public BufferPool buffers() {
        if (memoryOut) {
            throw new OutOfMemoryError("for the test");
        }
        return buffers;
    }

    @Override
    public PortSocket socket(CompletionKey key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void post(IoContext context) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long outstanding() {
        return 0;
    }

    @Override
    public PortCounters counters() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        timers.clear();
    }
}
