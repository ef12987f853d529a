package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoError;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A context that a test waits for; it must complete exactly once. */
final class Awaited extends IoContext {
    private static final long DEADLINE_SECONDS = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicInteger completions = new AtomicInteger();

    Awaited() {
        super(null);
        // the reference of the test
        retain();
    }

    @Override
    protected void onCompletion() {
        completions.incrementAndGet();
        done.countDown();
    }

    boolean isDone() {
        return done.getCount() == 0;
    }

    Awaited await() throws InterruptedException {
        assertTrue(done.await(DEADLINE_SECONDS, TimeUnit.SECONDS), () -> "no completion of " + this);
        release();
        assertEquals(1, completions.get());
        return this;
    }

    void ended(long bytes) throws InterruptedException {
        await();
        assertEquals(null, error(), () -> "it failed because of " + cause());
        assertEquals(bytes, transferred());
    }

    void failed(IoError error) throws InterruptedException {
        await();
        assertEquals(error, error());
        assertEquals(0, transferred());
    }

    static Awaited receive(PortSocket socket, ByteBuffer buffer) {
        Awaited context = new Awaited();
        socket.receive(buffer, context);
        return context;
    }

    static Awaited send(PortSocket socket, ByteBuffer... buffers) {
        Awaited context = new Awaited();
        socket.send(buffers, buffers.length, context);
        return context;
    }

    static Awaited accept(PortAcceptor listener) {
        Awaited context = new Awaited();
        listener.accept(context);
        return context;
    }

    static Awaited connect(PortSocket socket, InetSocketAddress remote) {
        Awaited context = new Awaited();
        socket.connect(remote, context);
        return context;
    }

    static PortAcceptor listen(CompletionPort port) throws Exception {
        return port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100, CompletionKey.NONE);
    }

    /** Two connected sockets. */
    record Pair(PortSocket client, PortSocket server) {
        static Pair of(CompletionPort port, PortAcceptor listener) throws Exception {
            PortSocket client = port.socket(CompletionKey.NONE);
            Awaited accepted = accept(listener);
            connect(client, listener.local()).ended(0);
            accepted.ended(0);
            return new Pair(client, accepted.accepted());
        }

        /**
         * Opens many pairs at once. Waiting for each one wakes 200 threads for 100 pairs, which takes minutes on a busy
         * machine.
         */
        static List<Pair> of(CompletionPort port, PortAcceptor listener, int count) throws Exception {
            Map<InetSocketAddress, PortSocket> servers = new ConcurrentHashMap<>();
            CompletableFuture<Void> accepted = new CompletableFuture<>();
            listener.accept(new EachAccept(listener, count, servers, accepted));
            List<PortSocket> clients = new ArrayList<>();
            List<Awaited> connects = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                clients.add(port.socket(CompletionKey.NONE));
                connects.add(connect(clients.get(i), listener.local()));
            }
            for (Awaited connect : connects) {
                connect.ended(0);
            }
            accepted.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            return clients.stream()
                    .map(client -> new Pair(client, Objects.requireNonNull(servers.get(client.local())))).toList();
        }

        static Pair of(CompletionPort port) throws Exception {
            PortAcceptor listener = listen(port);
            Pair pair = of(port, listener);
            listener.close();
            return pair;
        }
    }

    /** An accept that starts the next one, until there are enough connections. */
    private static final class EachAccept extends IoContext {
        private final PortAcceptor listener;
        private final int wanted;
        private final Map<InetSocketAddress, PortSocket> servers;
        private final CompletableFuture<Void> accepted;

        EachAccept(PortAcceptor listener, int wanted, Map<InetSocketAddress, PortSocket> servers,
                CompletableFuture<Void> accepted) {
            super(null);
            this.listener = listener;
            this.wanted = wanted;
            this.servers = servers;
            this.accepted = accepted;
        }

        @Override
        protected void onCompletion() {
            if (error() != null) {
                accepted.completeExceptionally(new AssertionError("an accept failed: " + error(), cause()));
                return;
            }
            servers.put(accepted().remote(), accepted());
            if (wanted > 1) {
                listener.accept(new EachAccept(listener, wanted - 1, servers, accepted));
            } else {
                accepted.complete(null);
            }
        }
    }
}
