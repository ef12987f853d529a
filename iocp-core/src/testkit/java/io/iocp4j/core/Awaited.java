package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
public final class Awaited extends IoContext {
    private static final long DEADLINE_SECONDS = 60;

    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicInteger completions = new AtomicInteger();

    /** Makes one that is fresh. The test has a reference of its own, which {@link #await()} gives back. */
    public Awaited() {
        super(null);
        // the reference of the test
        retain();
    }

    @Override
    protected void onCompletion() {
        completions.incrementAndGet();
        done.countDown();
    }

    /**
     * Whether it has completed.
     *
     * @return true from its completion on
     */
    public boolean isDone() {
        return done.getCount() == 0;
    }

    /**
     * Waits for the completion, which must come exactly once and within a minute.
     *
     * @return this
     * @throws InterruptedException fails the test
     */
    public Awaited await() throws InterruptedException {
        assertTrue(done.await(DEADLINE_SECONDS, TimeUnit.SECONDS), () -> "no completion of " + this);
        release();
        assertEquals(1, completions.get());
        return this;
    }

    /**
     * Waits for a success.
     *
     * @param bytes transferred
     * @throws InterruptedException fails the test
     */
    public void ended(long bytes) throws InterruptedException {
        await();
        assertEquals(null, error(), () -> "it failed because of " + cause());
        assertEquals(bytes, transferred());
    }

    /**
     * Waits for a failure.
     *
     * @param error which
     * @throws InterruptedException fails the test
     */
    public void failed(IoError error) throws InterruptedException {
        await();
        assertEquals(error, error());
        assertEquals(0, transferred());
    }

    /**
     * Begins a receive.
     *
     * @param socket connected
     * @param buffer into which
     * @return its context
     */
    public static Awaited receive(PortSocket socket, ByteBuffer buffer) {
        Awaited context = new Awaited();
        socket.receive(buffer, context);
        return context;
    }

    /**
     * Begins a send.
     *
     * @param socket connected
     * @param buffers what
     * @return its context
     */
    public static Awaited send(PortSocket socket, ByteBuffer... buffers) {
        Awaited context = new Awaited();
        socket.send(buffers, buffers.length, context);
        return context;
    }

    /**
     * Begins an accept.
     *
     * @param listener of whom
     * @return its context
     */
    public static Awaited accept(PortAcceptor listener) {
        Awaited context = new Awaited();
        listener.accept(context);
        return context;
    }

    /**
     * Begins a connect.
     *
     * @param socket not connected
     * @param remote to whom
     * @return its context
     */
    public static Awaited connect(PortSocket socket, InetSocketAddress remote) {
        Awaited context = new Awaited();
        socket.connect(remote, context);
        return context;
    }

    /**
     * Listens on a free port of this machine, with room for 100 connections.
     *
     * @param port of whom
     * @return the listener
     * @throws IOException fails the test
     */
    public static PortAcceptor listen(CompletionPort port) throws IOException {
        return port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100, CompletionKey.NONE);
    }

    /**
     * Two connected sockets.
     *
     * @param client has connected
     * @param server was accepted
     */
    public record Pair(PortSocket client, PortSocket server) {
        /**
         * Connects one pair.
         *
         * @param port of both
         * @param listener no accept of it is pending
         * @return connected
         * @throws Exception fails the test
         */
        public static Pair of(CompletionPort port, PortAcceptor listener) throws Exception {
            PortSocket client = port.socket(CompletionKey.NONE);
            Awaited accepted = accept(listener);
            connect(client, listener.local()).ended(0);
            accepted.ended(0);
            return new Pair(client, accepted.accepted());
        }

        /**
         * Opens many pairs at once. Waiting for each one wakes 200 threads for 100 pairs, which takes minutes on a busy
         * machine.
         *
         * @param port of all
         * @param listener no accept of it is pending
         * @param count how many
         * @return connected
         * @throws Exception fails the test
         */
        public static List<Pair> of(CompletionPort port, PortAcceptor listener, int count) throws Exception {
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

        /**
         * Connects one pair over a listener of its own.
         *
         * @param port of both
         * @return connected
         * @throws Exception fails the test
         */
        public static Pair of(CompletionPort port) throws Exception {
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
