package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.iocp4j.core.Awaited;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A worker of IocpPort survives an error that throws it out of its loop")
class IocpLostWorkerTest {
    private static final OutOfMemoryError NO_MEMORY = new OutOfMemoryError("on purpose");
    private static final long DEADLINE_SECONDS = 20;
    private final Logger quiet = Logger.getLogger("io.iocp4j");
    private volatile boolean throwsBefore;
    private final AtomicInteger throwsLeft = new AtomicInteger();
    private final FakeKernel kernel = new FakeKernel() {
        @Override
        public int dequeue(long port, long entries, int capacity, long count, int millis) {
            if (throwsBefore) {
                throw NO_MEMORY;
            }
            int result = super.dequeue(port, entries, capacity, count, millis);
            if (throwsLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                // thrown after the call: the packets that it has dequeued must not be lost
                throw NO_MEMORY;
            }
            return result;
        }
    };

    @BeforeEach
    void hush() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void speak() {
        quiet.setLevel(null);
    }

    private CompletionPort open(int workers) throws Exception {
        return new IocpPort(PortOptions.defaults().workers(workers), kernel, new IocpLimits(1000, 4, 1024));
    }

    private static Awaited post(CompletionPort port) {
        Awaited context = new Awaited();
        port.post(context);
        return context;
    }

    private static void closes(CompletionPort port) throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            port.close();
            closed.complete(null);
        });
        closed.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("the worker runs its loop again on the same thread, and the port counts that")
    void runsAgain() throws Exception {
        CompletionPort port = open(1);
        kernel.awaitWaiting(1);
        throwsLeft.set(1);
        Awaited first = post(port);
        Awaited second = post(port);
        first.ended(0);
        second.ended(0);
        assertEquals(1, port.counters().workersReplaced());
        assertEquals(1, port.counters().workers());
        assertFalse(port.failure().isDone());
        closes(port);
        assertEquals(1, port.counters().nullCompletions());
        assertEquals(List.of(), kernel.leftovers());
    }

    @Test
    @DisplayName("a worker that takes nothing in many runs gives up, and a port without workers closes itself and "
            + "says why")
    void givesUp() throws Exception {
        CompletionPort port = open(1);
        kernel.awaitWaiting(1);
        throwsBefore = true;
        post(port).ended(0);
        assertSame(NO_MEMORY, port.failure().get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        closes(port);
        assertEquals(0, port.counters().workers());
    }

    @Test
    @DisplayName("the port also closes when the system refuses the wait")
    void refused() throws Exception {
        CompletionPort port = open(1);
        TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), connection -> new TcpHandler() {
        });
        kernel.awaitWaiting(1);
        kernel.failNext("dequeue", 6);
        post(port).ended(0);
        assertInstanceOf(IllegalStateException.class, port.failure().get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        CompletableFuture<Void> awaited = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            server.awaitClosed();
            awaited.complete(null);
        });
        awaited.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        closes(port);
        assertEquals(0, port.counters().workers());
    }
}
