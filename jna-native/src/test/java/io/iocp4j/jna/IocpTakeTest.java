package io.iocp4j.jna;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Awaited;
import io.iocp4j.core.CompletionKey;
import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoContext;
import io.iocp4j.core.IoException;
import io.iocp4j.core.PortAcceptor;
import io.iocp4j.core.PortOptions;
import io.iocp4j.core.Shows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A thread that takes from IocpPort waits in the system's queue itself")
class IocpTakeTest {
    private static final int MANY = 40;

    private final FakeKernel kernel = new FakeKernel();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(List.of(), kernel.leftovers());
    }

    private CompletionPort open(int workers) throws IoException {
        return new IocpPort(PortOptions.pull().workers(workers), kernel, new IocpLimits(1000, 4, 1024));
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        return future.get(Takers.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("no other thread dequeues, and each call takes one packet and leaves the others in the queue")
    void ownThread() throws Exception {
        CompletionPort port = open(1);
        List<Awaited> posts = new ArrayList<>();
        for (int i = 0; i < 2 * IocpPort.BATCH; i++) {
            posts.add(new Awaited());
            port.post(posts.get(i));
        }
        for (Awaited post : posts) {
            assertSame(post, port.take(Takers.DEADLINE));
            assertFalse(post.isDone());
            post.deliver();
            post.ended(0);
        }
        assertEquals(Set.of(Thread.currentThread()), kernel.dequeuers());
        assertEquals(1, kernel.largestBatch());
        CompletableFuture<Void> closed = CompletableFuture.runAsync(port::close);
        assertNull(port.take());
        await(closed);
        assertEquals(Set.of(Thread.currentThread()), kernel.dequeuers());
        assertEquals(1, port.counters().nullCompletions());
    }

    @Test
    @DisplayName("take handles the port's own packets, such as an accept that nobody asked for, and returns nothing "
            + "for them")
    void nothingToDeliver() throws Exception {
        CompletionPort port = open(1);
        PortAcceptor listener = Awaited.listen(port);
        Awaited accepted = Awaited.accept(listener);
        List<Awaited> connects = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            connects.add(Awaited.connect(port.socket(CompletionKey.NONE), listener.local()));
        }
        // six packets, but only four completions
        for (int i = 0; i < 4; i++) {
            port.take().deliver();
        }
        accepted.ended(0);
        for (Awaited connect : connects) {
            connect.ended(0);
        }
        assertThrows(TimeoutException.class, () -> port.take(Duration.ZERO));
        CompletableFuture<Void> closed = CompletableFuture.runAsync(port::close);
        for (IoContext context = port.take(); context != null; context = port.take()) {
            context.deliver();
        }
        await(closed);
    }

    @Test
    @Shows("B5")
    @DisplayName("a wait that times out early goes on for the rest of its time, or for ever if it has no limit")
    void earlyTimeout() throws Exception {
        CompletionPort port = open(1);
        kernel.failNext("dequeue", WinApi.WAIT_TIMEOUT);
        long start = System.nanoTime();
        assertThrows(TimeoutException.class, () -> port.take(Duration.ofMillis(20)));
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(20).toNanos());
        assertThrows(TimeoutException.class, () -> port.take(Duration.ofNanos(1)));
        Awaited late = new Awaited();
        kernel.failNext("dequeue", WinApi.WAIT_TIMEOUT);
        kernel.failNext("dequeue", WinApi.WAIT_TIMEOUT);
        port.post(late);
        assertSame(late, port.take());
        late.deliver();
        late.ended(0);
        for (Duration limit : new Duration[] {Duration.ZERO, Duration.ofSeconds(Long.MAX_VALUE)}) {
            Awaited post = new Awaited();
            port.post(post);
            assertSame(post, port.take(limit));
            post.deliver();
            post.ended(0);
        }
        port.close();
        assertNull(port.take(Duration.ZERO));
    }

    @Test
    @DisplayName("closing the port wakes all waiting threads, and those without a null completion get an "
            + "IllegalStateException")
    void moreThanDeclared() throws Exception {
        int workers = 3;
        CompletionPort port = open(workers);
        List<CompletableFuture<Void>> takers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            CompletableFuture<Void> left = new CompletableFuture<>();
            takers.add(left);
            Thread.ofPlatform().name("test-taker-" + i).start(() -> {
                try {
                    assertNull(port.take());
                    left.complete(null);
                } catch (Throwable thrown) {
                    left.completeExceptionally(thrown);
                }
            });
        }
        kernel.awaitWaiting(MANY);
        port.close();
        assertEquals(workers, port.counters().nullCompletions());
        int refused = 0;
        for (CompletableFuture<Void> taker : takers) {
            try {
                await(taker);
            } catch (ExecutionException e) {
                assertEquals(IllegalStateException.class, e.getCause().getClass());
                refused++;
            }
        }
        assertEquals(MANY - workers, refused);
        assertThrows(IllegalStateException.class, port::take);
    }

    @Test
    @DisplayName("closing the port while waits time out wakes every thread and leaves no null completion behind, "
            + "1,000 times")
    void endMeetsTimeout() throws Exception {
        for (int round = 0; round < 1_000; round++) {
            int workers = 3;
            CompletionPort port = open(workers);
            Duration limit = Duration.ofNanos(round % 10 * 200_000L);
            List<Thread> takers = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                takers.add(Thread.ofPlatform().name("test-taker-" + i).start(() -> takeUntilNull(port, limit)));
            }
            port.close();
            for (Thread taker : takers) {
                assertTrue(taker.join(Takers.DEADLINE));
            }
            assertEquals(workers, port.counters().nullCompletions());
            assertEquals(List.of(), kernel.leftovers(), "round " + round);
        }
    }

    private static void takeUntilNull(CompletionPort port, Duration limit) {
        boolean going = true;
        while (going) {
            try {
                going = port.take(limit) != null;
            } catch (TimeoutException e) {
                going = true;
            }
        }
    }

    @Test
    @DisplayName("a platform thread waits for each virtual thread that takes, so many of them do not block all "
            + "carriers")
    void virtualThreads() throws Exception {
        CompletionPort port = open(MANY);
        List<Thread> takers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            takers.add(Thread.ofVirtual().name("test-taker-" + i).start(() -> {
                for (IoContext context = port.take(); context != null; context = port.take()) {
                    context.deliver();
                }
            }));
        }
        kernel.awaitWaiting(MANY);
        assertTrue(kernel.dequeuers().stream().noneMatch(Thread::isVirtual));
        CompletableFuture<Void> ran = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> ran.complete(null));
        await(ran);
        Awaited post = new Awaited();
        port.post(post);
        post.ended(0);
        CompletableFuture<Boolean> timedOut = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            Thread.currentThread().interrupt();
            assertThrows(TimeoutException.class, () -> port.take(Duration.ZERO));
            timedOut.complete(Thread.interrupted());
        });
        assertTrue(await(timedOut), "the interrupt is lost");
        port.close();
        for (Thread taker : takers) {
            assertTrue(taker.join(Takers.DEADLINE));
        }
        assertEquals(MANY, port.counters().nullCompletions());
    }

    @Test
    @DisplayName("take returns null when the port's handle was closed under it (735), instead of waiting for ever")
    void abandonedWait() throws Exception {
        FakeKernel closed = new FakeKernel();
        CompletionPort port = new IocpPort(PortOptions.pull().workers(2), closed, IocpLimits.defaults());
        Thread waiting = Thread.ofPlatform().name("test-taker").start(() -> assertNull(port.take()));
        closed.awaitWaiting(1);
        closed.closePorts();
        assertTrue(waiting.join(Takers.DEADLINE));
        assertNull(port.take());
        port.close();
        assertEquals(2, port.counters().nullCompletions());
        assertTrue(closed.leftovers().stream().allMatch(text -> text.contains("a closed port")),
                () -> "" + closed.leftovers());
    }
}
