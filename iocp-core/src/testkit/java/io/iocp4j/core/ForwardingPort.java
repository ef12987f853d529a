package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Future;

/** A port that hands everything to another one; tests override what they change or want to see. */
class ForwardingPort implements CompletionPort {
    final CompletionPort port;

    ForwardingPort(CompletionPort port) {
        this.port = port;
    }

    @Override
    public PortSocket socket(CompletionKey key) throws IoException {
        return port.socket(key);
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        return port.listen(local, backlog, key);
    }

    @Override
    public void post(IoContext context) {
        port.post(context);
    }

    @Override
    public void postBehind(IoContext context) {
        port.postBehind(context);
    }

    @Override
    public long nanoTime() {
        return port.nanoTime();
    }

    @Override
    public Future<?> schedule(Duration delay, Runnable task) {
        return port.schedule(delay, task);
    }

    @Override
    public String engine() {
        return port.engine();
    }

    @Override
    public BufferPool buffers() {
        return port.buffers();
    }

    @Override
    public long outstanding() {
        return port.outstanding();
    }

    @Override
    public boolean isWorker() {
        return port.isWorker();
    }

    @Override
    public PortCounters counters() {
        return port.counters();
    }

    @Override
    public void close() {
        port.close();
    }
}
