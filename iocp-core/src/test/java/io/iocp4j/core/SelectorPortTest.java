package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SelectorPort keeps the contract of a completion port")
class SelectorPortTest extends CompletionPortContract {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Override
    protected CompletionPort open(int workers) throws IOException {
        return CompletionPort.open(PortOptions.defaults().workers(workers).engine("selector"));
    }

    private static PortSocket accept(PortAcceptor listener, Socket peer) throws Exception {
        Probe accepted = new Probe();
        listener.accept(accepted);
        peer.connect(listener.local());
        assertNull(accepted.await().error());
        return accepted.accepted();
    }

    @Test
    @DisplayName("a close behind SO_LINGER 0 is a reset that the peer sees")
    void resetByLinger() throws Exception {
        try (CompletionPort port = open(1); Socket peer = new Socket()) {
            PortSocket socket = accept(port.listen(ANY, 1, CompletionKey.NONE), peer);
            socket.option(StandardSocketOptions.SO_LINGER, 0);
            socket.close();
            assertThrows(SocketException.class, () -> peer.getInputStream().read());
        }
    }

    @Test
    @DisplayName("the address of a listener is free again when its close has returned")
    void rebind() throws Exception {
        try (CompletionPort port = open(2)) {
            PortAcceptor first = port.listen(ANY, 1, CompletionKey.NONE);
            for (int i = 0; i < 100; i++) {
                Probe accept = new Probe();
                first.accept(accept);
                first.close();
                assertEquals(IoError.OPERATION_ABORTED, accept.await().error());
                first = port.listen(first.local(), 1, CompletionKey.NONE);
            }
        }
    }

    @Test
    @DisplayName("a worker of another port that closes a listener does not wait for the loop")
    void closedByWorkerOfAnotherPort() throws Exception {
        try (CompletionPort port = open(1); CompletionPort other = open(1)) {
            PortAcceptor listener = port.listen(ANY, 1, CompletionKey.NONE);
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch closed = new CountDownLatch(1);
            AtomicBoolean inTime = new AtomicBoolean();
            Probe busy = new Probe(null, () -> {
                try {
                    begun.countDown();
                    inTime.set(closed.await(SelectorAcceptor.UNBIND_SECONDS_MAX, TimeUnit.SECONDS));
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            port.post(busy);
            TcpFixture.await(begun);
            other.execute(() -> {
                listener.close();
                closed.countDown();
            });
            busy.await();
            assertTrue(inTime.get());
        }
    }

    @Test
    @DisplayName("between two parts of work that posts itself behind, the worker looks at its sockets")
    void partsLetSocketsIn() throws Exception {
        try (CompletionPort port = open(1); Socket peer = new Socket()) {
            PortSocket socket = accept(port.listen(ANY, 1, CompletionKey.NONE), peer);
            AtomicInteger parts = new AtomicInteger();
            Probe received = new Probe();
            class Part extends IoContext {
                @Override
                protected void onCompletion() {
                    if (parts.incrementAndGet() < 1_000 && !received.isDone()) {
                        port.postBehind(new Part());
                    }
                }
            }
            Probe first = new Probe(null, () -> {
                try {
                    socket.receive(ByteBuffer.allocateDirect(1), received);
                    peer.getOutputStream().write(1);
                    port.postBehind(new Part());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            port.post(first);
            first.await();
            assertEquals(1, received.await().transferred());
            assertTrue(parts.get() <= 2, parts.get() + " parts before a receive that was ready");
        }
    }

    @Test
    @DisplayName("connections are dealt to the workers in turn, and stay where they are")
    void dealt() throws Exception {
        try (CompletionPort port = open(2); Socket one = new Socket(); Socket other = new Socket()) {
            PortAcceptor listener = port.listen(ANY, 2, CompletionKey.NONE);
            Set<Thread> first = workersOf(accept(listener, one), one);
            Set<Thread> second = workersOf(accept(listener, other), other);
            assertEquals(1, first.size());
            assertEquals(1, second.size());
            first.addAll(second);
            assertEquals(2, first.size());
        }
    }

    /** The workers that deliver ten receives of this connection. */
    private static Set<Thread> workersOf(PortSocket socket, Socket peer) throws Exception {
        Set<Thread> workers = ConcurrentHashMap.newKeySet();
        ByteBuffer buffer = ByteBuffer.allocateDirect(1);
        for (int i = 0; i < 10; i++) {
            CountDownLatch received = new CountDownLatch(1);
            socket.receive(buffer.clear(), new IoContext() {
                @Override
                protected void onCompletion() {
                    workers.add(Thread.currentThread());
                    received.countDown();
                }
            });
            peer.getOutputStream().write(i);
            assertTrue(received.await(20, TimeUnit.SECONDS));
        }
        return workers;
    }
}
