package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every engine must do, whatever it is made of. The tests of an engine extend this class and say how to open it.
 */
public abstract class CompletionPortContract {
    private static final int MANY = 1_000;
    private static final long DEADLINE_SECONDS = 20;

    /** For the classes of the engines. */
    protected CompletionPortContract() {
    }

    /**
     * Opens the engine under test.
     *
     * @param workers how many
     * @return an open port
     * @throws IOException fails the test
     */
    protected abstract CompletionPort open(int workers) throws IOException;

    /**
     * Whether a worker has left, asked after its port was closed.
     *
     * @param worker has delivered something
     * @return true; where the threads are not the port's, they may be about to leave
     * @throws InterruptedException fails the test
     */
    protected boolean hasLeft(Thread worker) throws InterruptedException {
        return !worker.isAlive();
    }

    /** A part of a test. */
    @FunctionalInterface
    protected interface Step {
        /**
         * Runs it.
         *
         * @throws Exception fails the test
         */
        void run() throws Exception;
    }

    /**
     * Connects to a listener of the port from outside, and resets the connection.
     *
     * @param listener its address
     * @param whileConnected runs between the two
     * @throws Exception fails the test
     */
    protected void resetByPeer(InetSocketAddress listener, Step whileConnected) throws Exception {
        try (java.net.Socket peer = new java.net.Socket()) {
            peer.connect(listener);
            whileConnected.run();
            peer.setSoLinger(true, 0);
        }
    }

    /**
     * Connects a socket of a port, for engines whose tests have no other peers.
     *
     * @param port the peer's
     * @param remote a listener
     * @throws Exception fails the test
     */
    protected static void connect(CompletionPort port, InetSocketAddress remote) throws Exception {
        Probe connected = new Probe();
        port.socket(CompletionKey.NONE).connect(remote, connected);
        assertNull(connected.await().error());
    }

    /** Two connected sockets. */
    private record Pair(PortSocket client, PortSocket server) {
        static Pair of(CompletionPort port) throws Exception {
            return of(port, port);
        }

        static Pair of(CompletionPort port, CompletionPort clientPort) throws Exception {
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, CompletionKey.NONE);
            Probe accepted = new Probe();
            listener.accept(accepted);
            PortSocket client = clientPort.socket(CompletionKey.NONE);
            Probe connected = new Probe();
            client.connect(listener.local(), connected);
            assertNull(connected.await().error());
            assertNull(accepted.await().error());
            listener.close();
            return new Pair(client, accepted.accepted());
        }
    }

    private static ByteBuffer bytes(String text) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(text.length());
        buffer.put(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        return buffer.flip();
    }

    private static Probe send(PortSocket socket, ByteBuffer... buffers) {
        Probe probe = new Probe();
        if (buffers.length == 1) {
            socket.send(buffers[0], probe);
        } else {
            socket.send(buffers, buffers.length, probe);
        }
        return probe;
    }

    private static Probe receive(PortSocket socket, ByteBuffer buffer) {
        Probe probe = new Probe();
        socket.receive(buffer, probe);
        return probe;
    }

    // ---------------------------------------------------------------- posts

    @Test
    @Shows("B2")
    @DisplayName("every post is delivered exactly once, by a worker, not on the stack that posted")
    void posts() throws Exception {
        List<Probe> probes = new ArrayList<>();
        try (CompletionPort port = open(4)) {
            for (int i = 0; i < MANY; i++) {
                Probe probe = new Probe();
                probes.add(probe);
                port.post(probe);
            }
            for (Probe probe : probes) {
                assertEquals(Operation.POST, probe.await().operation());
                assertNotSame(Thread.currentThread(), probe.thread());
            }
        }
        for (Probe probe : probes) {
            assertEquals(1, probe.completions());
            assertEquals(0, probe.references());
        }
    }

    @Test
    @DisplayName("a post from a delivery runs after that delivery, also a long chain of them")
    void postFromDelivery() throws Exception {
        try (CompletionPort port = open(1)) {
            AtomicInteger depth = new AtomicInteger();
            AtomicInteger deepest = new AtomicInteger();
            AtomicInteger runs = new AtomicInteger();
            CountDownLatch end = new CountDownLatch(1);
            class Chain extends IoContext {
                Chain() {
                    super(null);
                }

                @Override
                protected void onCompletion() {
                    deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
                    if (runs.incrementAndGet() < MANY) {
                        port.post(new Chain());
                    } else {
                        end.countDown();
                    }
                    depth.decrementAndGet();
                }
            }
            port.post(new Chain());
            assertTrue(end.await(20, TimeUnit.SECONDS));
            assertEquals(1, deepest.get());
            assertEquals(MANY, runs.get());
        }
    }

    @Test
    @DisplayName("what a delivery posts behind everything comes behind what waits already")
    void postBehind() throws Exception {
        try (CompletionPort port = open(1)) {
            List<String> order = new ArrayList<>();
            CountDownLatch posted = new CountDownLatch(1);
            Probe behind = new Probe(null, () -> order.add("behind"));
            port.post(new Probe(null, () -> {
                awaitPosted(posted);
                port.postBehind(behind);
            }) {
                @Override
                protected void onCompletion() {
                    super.onCompletion();
                    release();
                }
            });
            Probe waiting = new Probe(null, () -> order.add("waiting"));
            port.post(waiting);
            posted.countDown();
            waiting.await();
            assertEquals(Operation.POST, behind.await().operation());
            assertEquals(List.of("waiting", "behind"), order);
        }
    }

    private static void awaitPosted(CountDownLatch posted) {
        try {
            assertTrue(posted.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("a delivery that leaves a thread of the port interrupted interrupts no other")
    void interrupted() throws Exception {
        try (CompletionPort port = open(1)) {
            AtomicInteger interrupted = new AtomicInteger();
            List<Probe> probes = new ArrayList<>();
            CountDownLatch posted = new CountDownLatch(1);
            Probe first = new Probe(null, () -> awaitPosted(posted));
            port.post(first);
            for (int i = 0; i < 10; i++) {
                probes.add(new Probe(null, () -> {
                    // a thread that takes by hand is the application's, and so is its interrupt
                    if (Thread.currentThread() instanceof Worker worker && worker.isInterrupted()) {
                        interrupted.incrementAndGet();
                    }
                    Thread.currentThread().interrupt();
                }));
                port.post(probes.getLast());
            }
            posted.countDown();
            first.await();
            for (Probe probe : probes) {
                probe.await();
            }
            assertEquals(0, interrupted.get());
        }
    }

    @Test
    @DisplayName("a chain of posts does not keep the worker from its sockets")
    void postsDoNotStarve() throws Exception {
        try (CompletionPort port = open(1)) {
            Pair pair = Pair.of(port);
            AtomicBoolean stop = new AtomicBoolean();
            class Endless extends IoContext {
                Endless() {
                    super(null);
                }

                @Override
                protected void onCompletion() {
                    if (!stop.get()) {
                        port.post(new Endless());
                    }
                }
            }
            port.post(new Endless());
            Probe received = receive(pair.server, ByteBuffer.allocateDirect(10));
            send(pair.client, bytes("x")).await();
            assertEquals(1, received.await().transferred());
            stop.set(true);
        }
    }

    // ---------------------------------------------------------------- contexts and counts

    @Test
    @Shows("B6")
    @DisplayName("a context retains its owner when it is made and releases it after its delivery")
    void ownerIsRetained() throws Exception {
        try (CompletionPort port = open(2)) {
            CountDownLatch freed = new CountDownLatch(1);
            RefCounted owner = new RefCounted() {
                @Override
                protected void free() {
                    freed.countDown();
                }
            };
            AtomicInteger during = new AtomicInteger();
            Probe probe = new Probe(owner, () -> during.set(owner.references()));
            assertEquals(2, owner.references());
            assertFalse(owner.release());
            port.post(probe);
            probe.await();
            assertTrue(freed.await(20, TimeUnit.SECONDS));
            assertEquals(1, during.get());
            assertThrows(IllegalStateException.class, owner::retain);
            assertThrows(IllegalStateException.class, owner::release);
        }
    }

    @Test
    @Shows("B8")
    @DisplayName("a context serves one operation: a second submit is refused and changes nothing")
    void contextOnce() throws Exception {
        try (CompletionPort port = open(2)) {
            Probe probe = new Probe();
            port.post(probe);
            assertThrows(IllegalStateException.class, () -> port.post(probe));
            probe.await();
            assertEquals(1, probe.completions());
        }
    }

    @Test
    @Shows("B8")
    @DisplayName("of two threads that submit the same context one is refused, and none of its completions is lost")
    void submittedByTwo() throws Exception {
        List<Probe> probes = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            probes.add(new Probe());
        }
        AtomicInteger refused = new AtomicInteger();
        try (CompletionPort port = open(2)) {
            CountDownLatch both = new CountDownLatch(2);
            Runnable postAll = () -> {
                both.countDown();
                try {
                    both.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                for (Probe probe : probes) {
                    try {
                        port.post(probe);
                    } catch (IllegalStateException e) {
                        refused.incrementAndGet();
                    }
                }
            };
            Thread other = Thread.ofPlatform().start(postAll);
            postAll.run();
            other.join();
            for (Probe probe : probes) {
                probe.await();
                assertEquals(1, probe.completions());
            }
        }
        assertEquals(probes.size(), refused.get());
    }

    @Test
    @DisplayName("an operation on a closed port throws and leaves the context with the caller")
    void closedPort() throws Exception {
        CompletionPort port = open(1);
        port.close();
        Probe probe = new Probe();
        assertThrows(IllegalStateException.class, () -> port.post(probe));
        assertThrows(IllegalStateException.class, () -> port.socket(CompletionKey.NONE));
        assertTrue(probe.release());
        assertEquals(0, probe.completions());
    }

    @Test
    @DisplayName("a task runs on a worker, as of an Executor; what it throws is counted, and a closed port refuses it")
    void execute() throws Exception {
        CompletionPort port = open(1);
        try {
            port.execute(() -> Contracts.sneak(new IllegalStateException("on purpose")));
            assertEquals(Boolean.TRUE,
                    CompletableFuture.supplyAsync(port::isWorker, port::execute).get(20, TimeUnit.SECONDS));
            assertThrows(NullPointerException.class, () -> port.execute(null));
        } finally {
            port.close();
        }
        // a port promises no order of its tasks: only now have both run
        assertEquals(1, port.counters().handlerFailures());
        assertThrows(IllegalStateException.class, () -> port.execute(() -> { }));
        assertEquals(0, port.outstanding());
    }

    // ---------------------------------------------------------------- transfers

    @Test
    @Shows("B7")
    @DisplayName("two operations in flight complete to their own contexts, gathered buffers arrive in order")
    void transfer() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            ByteBuffer in = ByteBuffer.allocateDirect(100);
            Probe received = receive(pair.server, in);
            Probe sent = send(pair.server, bytes("to "), bytes("the "), bytes("client"));
            assertEquals(13, sent.await().transferred());
            assertEquals(Operation.SEND, sent.operation());
            assertFalse(received.isDone());
            send(pair.client, bytes("hello")).await();
            assertEquals(5, received.await().transferred());
            assertNull(received.error());
            assertEquals(Operation.RECEIVE, received.operation());
            assertEquals(bytes("hello"), in.flip());
            ByteBuffer back = ByteBuffer.allocateDirect(13);
            while (back.hasRemaining()) {
                assertTrue(receive(pair.client, back).await().transferred() > 0);
            }
            assertEquals(bytes("to the client"), back.flip());
        }
    }

    @Test
    @Shows("B25")
    @DisplayName("10 MB arrive byte-exact however the sends are cut, one receive and one send in flight")
    void large() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            byte[] data = new byte[10 << 20];
            new Random(42).nextBytes(data);
            ByteBuffer out = ByteBuffer.allocateDirect(data.length).put(data).flip();
            ByteBuffer in = ByteBuffer.allocateDirect(data.length);
            CountDownLatch all = new CountDownLatch(2);
            repeat(out, all, context -> pair.client.send(new ByteBuffer[] {out}, 1, context));
            repeat(in, all, context -> pair.server.receive(in, context));
            assertTrue(all.await(30, TimeUnit.SECONDS), () -> "sent " + out + ", received " + in);
            byte[] got = new byte[data.length];
            in.flip().get(got);
            assertArrayEquals(data, got, () -> WrongBytes.describe(data, got));
        }
    }

    private interface Submit {
        void submit(IoContext context);
    }

    /** Submits again from each completion until the buffer is used up. */
    private static void repeat(ByteBuffer buffer, CountDownLatch all, Submit submit) {
        submit.submit(new IoContext(null) {
            @Override
            protected void onCompletion() {
                if (error() == null && transferred() > 0 && buffer.hasRemaining()) {
                    repeat(buffer, all, submit);
                } else {
                    all.countDown();
                }
            }
        });
    }

    @Test
    @Shows({"B14", "C20"})
    @DisplayName("recv ok with 0 bytes = normal disconnect; a receive without room is refused at once")
    void disconnect() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Probe misused = new Probe();
            assertThrows(IllegalArgumentException.class,
                    () -> pair.server.receive(ByteBuffer.allocateDirect(0), misused));
            assertTrue(misused.release());
            Probe received = receive(pair.server, ByteBuffer.allocateDirect(10));
            pair.client.shutdownOutput();
            assertEquals(0, received.await().transferred());
            assertNull(received.error());
        }
    }

    @Test
    @DisplayName("a send of nothing is refused at once, of one buffer and of several; an array of one is sent too")
    void nothingToSend() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            ByteBuffer none = ByteBuffer.allocateDirect(0);
            Probe misused = new Probe();
            assertThrows(IllegalArgumentException.class, () -> pair.client.send(none, misused));
            assertThrows(IllegalArgumentException.class,
                    () -> pair.client.send(new ByteBuffer[] {none, none}, 2, misused));
            assertThrows(IllegalArgumentException.class, () -> pair.client.send(new ByteBuffer[] {none}, 0, misused));
            assertTrue(misused.release());
            Probe sent = new Probe();
            pair.client.send(new ByteBuffer[] {bytes("x")}, 1, sent);
            assertEquals(1, sent.await().transferred());
            assertEquals(1, receive(pair.server, ByteBuffer.allocateDirect(10)).await().transferred());
        }
    }

    @Test
    @Shows("B4")
    @DisplayName("three outcomes stay apart: bytes, the peer's end without an error, an error without bytes")
    void outcomes() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Probe some = receive(pair.server, ByteBuffer.allocateDirect(10));
            send(pair.client, bytes("x")).await();
            assertEquals(1, some.await().transferred());
            assertNull(some.error());
            Probe none = receive(pair.server, ByteBuffer.allocateDirect(10));
            pair.client.shutdownOutput();
            assertEquals(0, none.await().transferred());
            assertNull(none.error());
            Probe failed = receive(pair.client, ByteBuffer.allocateDirect(10));
            pair.client.close();
            assertEquals(0, failed.await().transferred());
            assertEquals(IoError.OPERATION_ABORTED, failed.error());
        }
    }

    @Test
    @Shows("E18")
    @DisplayName("a socket is connected once: a second connect is refused, also after the peer's end")
    void connectOnce() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Probe again = new Probe();
            assertThrows(IllegalStateException.class, () -> pair.client.connect(pair.client.remote(), again));
            pair.server.shutdownOutput();
            assertEquals(0, receive(pair.client, ByteBuffer.allocateDirect(1)).await().transferred());
            assertThrows(IllegalStateException.class, () -> pair.client.connect(pair.client.remote(), again));
            assertTrue(again.release());
        }
    }

    @Test
    @Shows("C12")
    @DisplayName("a socket connects from the address it was bound to; a taken one is an error that names it")
    void bind() throws Exception {
        try (CompletionPort port = open(2)) {
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            PortAcceptor listener = port.listen(any, 10, CompletionKey.NONE);
            Probe accepted = new Probe();
            listener.accept(accepted);
            PortSocket client = port.socket(CompletionKey.NONE);
            IoException busy = assertThrows(IoException.class, () -> client.bind(listener.local()));
            assertEquals(IoError.ADDRESS_IN_USE, busy.error());
            assertEquals("bind", busy.operation());
            assertEquals(listener.local(), busy.local());
            client.bind(any);
            Probe connected = new Probe();
            client.connect(listener.local(), connected);
            assertNull(connected.await().error());
            assertNull(accepted.await().error());
            assertEquals(client.local(), accepted.accepted().remote());
            client.close();
            assertEquals(IoError.BAD_DESCRIPTOR, assertThrows(IoException.class, () -> client.bind(any)).error());
        }
    }

    @Test
    @Shows({"D18", "D8"})
    @DisplayName("a handle that was never used is closed as any other; a second close does nothing")
    void closeUnused() throws Exception {
        try (CompletionPort port = open(1)) {
            PortSocket socket = port.socket(CompletionKey.NONE);
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1, CompletionKey.NONE);
            assertEquals(2, port.counters().handles());
            for (int i = 0; i < 2; i++) {
                socket.close();
                listener.close();
                assertEquals(0, port.counters().handles());
            }
        }
    }

    @Test
    @Shows("E1")
    @DisplayName("after the peer's end our sends still arrive")
    void halfOpen() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            pair.client.shutdownOutput();
            assertEquals(0, receive(pair.server, ByteBuffer.allocateDirect(10)).await().transferred());
            send(pair.server, bytes("late")).await();
            ByteBuffer in = ByteBuffer.allocateDirect(10);
            assertEquals(4, receive(pair.client, in).await().transferred());
        }
    }

    @Test
    @DisplayName("a second receive and a second send while one is pending are misuse; the context stays with the "
            + "caller")
    void oneAtATime() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Probe first = receive(pair.server, ByteBuffer.allocateDirect(10));
            Probe second = new Probe();
            assertThrows(IllegalStateException.class, () -> pair.server.receive(ByteBuffer.allocateDirect(10), second));
            assertFalse(first.isDone());
            port.post(second);
            assertEquals(Operation.POST, second.await().operation());
            send(pair.client, bytes("x")).await();
            assertEquals(1, first.await().transferred());
            assertEquals(1, first.completions());
        }
    }

    // ---------------------------------------------------------------- failures

    @Test
    @Shows("B9")
    @DisplayName("a submit on a closed handle ends in exactly one completion, not on the calling stack")
    void closedHandle() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            pair.server.close();
            Probe received = receive(pair.server, ByteBuffer.allocateDirect(10));
            assertEquals(IoError.BAD_DESCRIPTOR, received.await().error());
            assertNotSame(Thread.currentThread(), received.thread());
            assertEquals(IoError.BAD_DESCRIPTOR, send(pair.server, bytes("x")).await().error());
            assertEquals(1, received.completions());
            assertEquals(0, received.transferred());
        }
    }

    @Test
    @Shows("B16")
    @DisplayName("a pending receive of a handle that we close completes with OPERATION_ABORTED")
    void closePending() throws Exception {
        try (CompletionPort port = open(2)) {
            Pair pair = Pair.of(port);
            Probe received = receive(pair.server, ByteBuffer.allocateDirect(10));
            pair.server.close();
            pair.server.close();
            assertEquals(IoError.OPERATION_ABORTED, received.await().error());
            assertEquals(1, received.completions());
        }
    }

    @Test
    @Shows("E5")
    @DisplayName("a peer that resets: CONNECTION_RESET on the pending receive")
    void reset() throws Exception {
        try (CompletionPort port = open(2)) {
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, CompletionKey.NONE);
            Probe accepted = new Probe();
            listener.accept(accepted);
            AtomicReference<Probe> receive = new AtomicReference<>();
            resetByPeer(listener.local(), () -> {
                assertNull(accepted.await().error());
                receive.set(receive(accepted.accepted(), ByteBuffer.allocateDirect(10)));
            });
            Probe received = receive.get();
            assertEquals(IoError.CONNECTION_RESET, received.await().error());
            assertNotNull(received.cause());
        }
    }

    @Test
    @Shows({"B13", "E7", "E6"})
    @DisplayName("nobody listens: CONNECTION_REFUSED; a receive before the connect: NOT_CONNECTED")
    void refused() throws Exception {
        try (CompletionPort port = open(2)) {
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, CompletionKey.NONE);
            PortSocket socket = port.socket(CompletionKey.NONE);
            // while that port is taken: the system could choose the same, and TCP connects a socket with itself
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listener.close();
            assertEquals(IoError.NOT_CONNECTED, receive(socket, ByteBuffer.allocateDirect(1)).await().error());
            Probe connected = new Probe();
            socket.connect(listener.local(), connected);
            assertEquals(IoError.CONNECTION_REFUSED, connected.await().error());
        }
    }

    @Test
    @Shows("C42")
    @DisplayName("a taken address is an error of listen that names operation and address")
    void addressInUse() throws Exception {
        try (CompletionPort port = open(1)) {
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, CompletionKey.NONE);
            IoException e = assertThrows(IoException.class,
                    () -> port.listen(listener.local(), 10, CompletionKey.NONE));
            assertEquals(IoError.ADDRESS_IN_USE, e.error());
            assertEquals("bind", e.operation());
            assertEquals(listener.local(), e.local());
        }
    }

    @Test
    @DisplayName("a worker survives whatever a completion throws, and counts it")
    void throwingHandler() throws Exception {
        try (CompletionPort port = open(1)) {
            Throwable[] thrown = {new IllegalArgumentException("on purpose"), new StackOverflowError("on purpose"),
                new OutOfMemoryError("on purpose"), new AssertionError("on purpose")};
            Thread first = null;
            for (Throwable t : thrown) {
                Probe probe = new Probe(null, () -> Contracts.sneak(t));
                port.post(probe);
                probe.await();
                first = first == null ? probe.thread() : first;
                assertEquals(first, probe.thread());
            }
            Probe after = new Probe();
            port.post(after);
            assertEquals(first, after.await().thread());
            assertEquals(thrown.length, port.counters().handlerFailures());
        }
    }

    @Test
    @DisplayName("the counters tell what was delivered: connections, failures, bytes; an accept that is ended did not "
            + "fail")
    void counters() throws Exception {
        CompletionPort port = open(2);
        PortAcceptor closed =
                port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, CompletionKey.NONE);
        Probe ended = new Probe();
        closed.accept(ended);
        closed.close();
        ended.await();
        Probe refused = new Probe();
        port.socket(CompletionKey.NONE).connect(closed.local(), refused);
        refused.await();
        Pair pair = Pair.of(port);
        Probe received = receive(pair.server, ByteBuffer.allocateDirect(10));
        send(pair.client, bytes("hello")).await();
        assertEquals(5, received.await().transferred());
        PooledBuffer used = port.buffers().acquire(BufferPool.PIECE_MIN);
        assertEquals(BufferPool.PIECE_MIN, port.counters().buffersUsed());
        used.release();
        assertEquals(0, port.counters().buffersUsed());
        port.close();
        PortCounters counters = port.counters();
        assertEquals(2, counters.workers());
        assertEquals(1, counters.accepted());
        assertEquals(0, counters.acceptsFailed());
        assertEquals(1, counters.connected());
        assertEquals(1, counters.connectsFailed());
        assertEquals(5, counters.bytesReceived());
        assertEquals(5, counters.bytesSent());
        // each handle that was still open has told its key as well
        assertTrue(counters.delivered() >= 6, counters::toString);
    }

    // ---------------------------------------------------------------- closing

    @Test
    @Shows("B3")
    @DisplayName("shutdown under load: 1,000 operations outstanding all complete before any worker leaves, then one "
            + "null each")
    void closeUnderLoad() throws Exception {
        int workers = 4;
        CompletionPort port = open(workers);
        List<Probe> pending = new ArrayList<>();
        Set<Thread> deliveredBy = ConcurrentHashMap.newKeySet();
        AtomicLong leftEarly = new AtomicLong();
        // the other ends belong to a port of their own, or they would close first and end some of the receives in order
        CompletionPort peers = open(1);
        for (int i = 0; i < MANY; i++) {
            Probe probe = new Probe(null, () -> {
                deliveredBy.add(Thread.currentThread());
                leftEarly.addAndGet(port.counters().nullCompletions());
            });
            Pair.of(port, peers).server.receive(ByteBuffer.allocateDirect(16), probe);
            pending.add(probe);
        }
        assertTrue(port.outstanding() >= MANY, "outstanding " + port.outstanding());
        port.close();
        for (Probe probe : pending) {
            assertTrue(probe.isDone(), "close() returned before a completion");
            assertEquals(IoError.OPERATION_ABORTED, probe.await().error());
            assertEquals(1, probe.completions());
        }
        assertEquals(0, leftEarly.get(), "a worker took its null completion before the last operation was delivered");
        assertEquals(workers, port.counters().nullCompletions());
        assertEquals(0, port.outstanding());
        assertEquals(0, port.counters().handles());
        for (Thread worker : deliveredBy) {
            assertTrue(hasLeft(worker), worker + " is still there");
        }
        peers.close();
    }

    @Test
    @Shows("B1")
    @DisplayName("idle workers leave at once when the port is closed, one null completion each")
    void closeIdle() throws Exception {
        for (int workers : new int[] {1, 2, 8}) {
            CompletionPort port = open(workers);
            port.close();
            assertEquals(workers, port.counters().nullCompletions());
            port.close();
            assertEquals(workers, port.counters().nullCompletions());
        }
    }

    @Test
    @DisplayName("closing from a delivery begins the end and returns; the others wait")
    void closeFromDelivery() throws Exception {
        CompletionPort port = open(2);
        CompletionPort peers = open(1);
        Pair pair = Pair.of(port, peers);
        Probe pending = receive(pair.server, ByteBuffer.allocateDirect(1));
        Probe closing = new Probe(null, port::close);
        port.post(closing);
        closing.await();
        port.close();
        assertEquals(IoError.OPERATION_ABORTED, pending.await().error());
        assertEquals(2, port.counters().nullCompletions());
        peers.close();
    }

    @Test
    @DisplayName("closing from a task that runs off the workers begins the end and returns, since the end waits for "
            + "the task")
    void closeFromOffloaded() throws Exception {
        CompletionPort port = open(2);
        closesFrom(port, ((PortInternals) port)::offload);
    }

    @Test
    @DisplayName("closing from a timer task begins the end and returns: the timer is the port's own thread")
    void closeFromTimer() throws Exception {
        CompletionPort port = open(2);
        closesFrom(port, task -> port.schedule(Duration.ZERO, task));
    }

    @Test
    @DisplayName("closing from a key that is told of the end returns")
    void closeFromKey() throws Exception {
        CompletionPort port = open(2);
        closesFrom(port, task -> {
            port.socket(task::run);
            ((PortInternals) port).beginClose();
        });
    }

    @Test
    @DisplayName("beginning the end waits for nothing, also on a thread that may; closing waits for it then")
    void beginClose() throws Exception {
        CompletionPort port = open(2);
        CountDownLatch begun = new CountDownLatch(1);
        Probe held = new Probe(null, () -> awaitOrFail(begun));
        port.post(held);
        ((PortInternals) port).beginClose();
        begun.countDown();
        port.close();
        held.await();
        assertEquals(2, port.counters().nullCompletions());
    }

    private interface Start {
        void start(Runnable task) throws Exception;
    }

    private static void closesFrom(CompletionPort port, Start where) throws Exception {
        CountDownLatch returned = new CountDownLatch(1);
        AtomicBoolean counted = new AtomicBoolean();
        where.start(() -> {
            counted.set(port.isWorker());
            port.close();
            returned.countDown();
        });
        assertTrue(returned.await(DEADLINE_SECONDS, TimeUnit.SECONDS),
                "a thread that the port waits for waits for the port");
        assertTrue(counted.get(), "a thread that the port waits for counts as its worker");
        port.close();
        assertEquals(2, port.counters().nullCompletions());
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertTrue(latch.await(DEADLINE_SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("two threads closing: both return when the workers have left")
    void closeTwice() throws Exception {
        for (int round = 0; round < 50; round++) {
            CompletionPort port = open(2);
            Pair pair = Pair.of(port);
            Probe pending = receive(pair.client, ByteBuffer.allocateDirect(1));
            Thread other = Thread.ofPlatform().name("test-closer").start(port::close);
            port.close();
            assertEquals(2, port.counters().nullCompletions());
            other.join();
            pending.await();
        }
    }

    @Test
    @DisplayName("the key of every open handle is told once that the port closes, also with nothing pending")
    void keysAreTold() throws Exception {
        CompletionPort port = open(2);
        AtomicInteger told = new AtomicInteger();
        port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10, told::incrementAndGet);
        port.socket(told::incrementAndGet);
        port.socket(() -> {
            throw new IllegalStateException("on purpose");
        });
        PortSocket closed = port.socket(() -> told.addAndGet(100));
        closed.close();
        port.close();
        assertEquals(2, told.get());
    }

    @Test
    @DisplayName("operations submitted by deliveries while the port closes complete too")
    void submitsWhileClosing() throws Exception {
        CompletionPort port = open(2);
        CompletionPort peers = open(1);
        Pair pair = Pair.of(port, peers);
        List<Probe> late = new ArrayList<>();
        Probe pending = new Probe(null, () -> {
            late.add(receive(pair.server, ByteBuffer.allocateDirect(1)));
            Probe post = new Probe();
            port.post(post);
            late.add(post);
        });
        pair.server.receive(ByteBuffer.allocateDirect(1), pending);
        port.close();
        pending.await();
        assertEquals(IoError.BAD_DESCRIPTOR, late.get(0).await().error());
        assertNull(late.get(1).await().error());
        peers.close();
    }

    /** Throws what the compiler would not let pass. */
    private static final class Contracts {
        @SuppressWarnings("unchecked")
        static <T extends Throwable> void sneak(Throwable thrown) throws T {
            throw (T) thrown;
        }
    }
}
