package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The suite runs with threads of this class, each of which has the loop that an application writes. */
@DisplayName("A port in pull mode keeps the contract of a completion port")
class PullPortTest extends CompletionPortContract {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final PortOptions ONE = PortOptions.pull().engine("aio");

    @Override
    protected CompletionPort open(int workers) throws IOException {
        CompletionPort port = CompletionPort.open(ONE.workers(workers));
        for (int i = 0; i < workers; i++) {
            Thread.ofPlatform().name("test-taker-" + i).start(() -> takeAll(port));
        }
        return port;
    }

    private static void takeAll(CompletionPort port) {
        for (IoContext context; (context = port.take()) != null;) {
            context.deliver();
        }
    }

    @Override
    protected boolean hasLeft(Thread worker) throws InterruptedException {
        return worker.join(DEADLINE);
    }

    @Test
    @DisplayName("one thread that takes, delivers and leaves: pull() declares one worker")
    void oneThread() throws IOException {
        try (CompletionPort port = CompletionPort.open(ONE)) {
            Probe probe = new Probe(null, port::close);
            port.post(probe);
            takeAll(port);
            assertEquals(1, probe.completions());
            assertSame(Thread.currentThread(), probe.thread());
            assertEquals(1, port.counters().delivered());
            assertEquals(1, port.counters().nullCompletions());
            probe.release();
        }
    }

    @Test
    @Shows("B5")
    @DisplayName("a time-out takes nothing: what comes later is there for the next take, and nothing was delivered")
    void timeout() throws Exception {
        CompletionPort port = CompletionPort.open(ONE);
        try (CompletionPort peers = CompletionPort.open(ONE.pulled(false))) {
            PortAcceptor listener =
                    port.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1, CompletionKey.NONE);
            Probe accepted = new Probe();
            listener.accept(accepted);
            assertThrows(TimeoutException.class, () -> port.take(Duration.ZERO));
            assertThrows(TimeoutException.class, () -> port.take(Duration.ofMillis(5)));
            assertEquals(0, accepted.completions());
            assertEquals(0, port.counters().delivered());
            assertEquals(1, port.outstanding());
            Probe connected = new Probe();
            peers.socket(CompletionKey.NONE).connect(listener.local(), connected);
            assertSame(accepted, port.take(DEADLINE));
            assertEquals(0, accepted.completions());
            accepted.deliver();
            assertNull(accepted.await().error());
            connected.await();
            assertThrows(IllegalArgumentException.class, () -> port.take(Duration.ofNanos(-1)));
        }
        port.close();
        takeAll(port);
    }

    @Test
    @DisplayName("what is not pulled cannot be taken, and only what was taken is delivered, once, never inside a "
            + "delivery")
    void misuse() throws Exception {
        try (CompletionPort pushed = CompletionPort.open(ONE.pulled(false))) {
            assertThrows(IllegalStateException.class, pushed::take);
            assertThrows(IllegalStateException.class, () -> pushed.take(Duration.ZERO));
        }
        CompletionPort port = CompletionPort.open(ONE);
        AtomicReference<IoContext> second = new AtomicReference<>();
        Probe first = new Probe(null, () -> {
            assertThrows(IllegalStateException.class, port::take);
            assertThrows(IllegalStateException.class, () -> second.get().deliver());
            assertThrows(IllegalStateException.class, () -> Worker.requireNotWorker(port));
        });
        assertThrows(IllegalStateException.class, first::deliver);
        port.post(first);
        assertThrows(IllegalStateException.class, first::deliver);
        Probe other = new Probe();
        port.post(other);
        IoContext taken = port.take();
        assertSame(first, taken);
        second.set(port.take());
        Worker.requireNotWorker(port);
        taken.deliver();
        assertThrows(IllegalStateException.class, taken::deliver);
        second.get().deliver();
        assertEquals(0, port.counters().handlerFailures());
        assertEquals(1, other.await().completions());
        assertEquals(1, first.await().completions());
        port.close();
        assertNull(port.take());
        assertThrows(IllegalStateException.class, port::take);
        assertThrows(IllegalStateException.class, () -> port.take(Duration.ZERO));
    }

    @Test
    @DisplayName("close() waits for what was taken and not delivered yet; by a thread that takes it returns, since "
            + "that one goes on")
    void close() throws Exception {
        CompletionPort port = CompletionPort.open(ONE);
        Probe probe = new Probe();
        port.post(probe);
        IoContext taken = port.take();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        Thread closer = Thread.ofPlatform().name("test-closer").start(() -> {
            port.close();
            closed.complete(null);
        });
        port.close();
        assertThrows(TimeoutException.class, () -> port.take(Duration.ofMillis(20)));
        assertFalse(closed.isDone());
        taken.deliver();
        assertFalse(closed.isDone());
        assertNull(port.take());
        closed.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        assertTrue(closer.join(DEADLINE));
        assertEquals(0, port.outstanding());
        probe.await();
    }

    @Test
    @DisplayName("one thread may take what another delivers, and an interrupt ends no wait and is kept")
    void handedOver() throws Exception {
        CompletionPort port = CompletionPort.open(ONE);
        CompletableFuture<IoContext> taken = new CompletableFuture<>();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread taker = Thread.ofPlatform().name("test-taker").start(() -> {
            Thread.currentThread().interrupt();
            taken.complete(port.take());
            interrupted.complete(Thread.interrupted());
            assertNull(port.take());
        });
        Probe probe = new Probe();
        port.post(probe);
        taken.get(DEADLINE.toSeconds(), TimeUnit.SECONDS).deliver();
        assertSame(Thread.currentThread(), probe.await().thread());
        assertTrue(interrupted.get(DEADLINE.toSeconds(), TimeUnit.SECONDS));
        port.close();
        assertTrue(taker.join(DEADLINE));
    }

    @Test
    @DisplayName("TCP runs on it: an echo with both ends on one thread that takes")
    void tcp() throws Exception {
        CompletionPort port = CompletionPort.open(ONE);
        TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), connection -> new TcpHandler() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) {
                c.send(data);
            }
        });
        Recorder recorder = new Recorder() {
            @Override
            public void onData(TcpConnection c, ByteBuffer data) throws IOException {
                super.onData(c, data);
                c.close();
                server.close();
            }

            @Override
            public void onClose(TcpConnection c, CloseInfo why) {
                super.onClose(c, why);
                c.closed().thenRun(port::close);
            }
        };
        TcpConnection client = TcpClient.connect(port, TcpOptions.defaults(), server.address(), recorder);
        client.send(TcpFixture.text("echo"));
        takeAll(port);
        assertEquals("echo", recorder.received());
        assertEquals(0, port.buffers().usedBytes());
    }
}
