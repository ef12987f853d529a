package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.channels.AsynchronousChannelGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A worker that ends without its null completion")
class LostWorkerTest {
    private static final OutOfMemoryError NO_MEMORY = new OutOfMemoryError("on purpose");
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    @BeforeEach
    void hush() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void speak() {
        quiet.setLevel(null);
    }

    /**
     * A group without channels that treats its loops as that of the JDK does: what a task throws ends the loop, which
     * begins again on a thread that the pool makes; what the wait for tasks throws ends it for good, and the thread
     * that the pool makes has nothing to do.
     */
    private static final class Group extends AsynchronousChannelGroup implements Executor {
        private static final Runnable LOSE = () -> { };
        private static final Runnable END = () -> { };
        private final LinkedBlockingDeque<Runnable> tasks = new LinkedBlockingDeque<>();
        private final LinkedBlockingQueue<Thread> lost = new LinkedBlockingQueue<>();
        private final ExecutorService pool;
        private final int threads;
        private final AtomicBoolean shutDown = new AtomicBoolean();
        private volatile boolean loseAtNextTask;

        Group(int threads, ThreadFactory factory) {
            super(null);
            this.threads = threads;
            this.pool = Executors.newFixedThreadPool(threads, factory);
            for (int i = 0; i < threads; i++) {
                pool.execute(this::loop);
            }
        }

        private void loop() {
            while (true) {
                Runnable task;
                try {
                    task = tasks.takeFirst();
                } catch (InterruptedException e) {
                    continue;
                }
                if (task == END) {
                    return;
                }
                if (task == LOSE) {
                    lost.add(Thread.currentThread());
                    throw NO_MEMORY;
                }
                try {
                    task.run();
                } catch (Error thrown) {
                    pool.execute(this::loop);
                    throw thrown;
                }
            }
        }

        void loseOne() {
            tasks.addLast(LOSE);
        }

        @Override
        public void execute(Runnable task) {
            if (loseAtNextTask) {
                loseAtNextTask = false;
                loseOne();
            }
            tasks.addLast(task);
        }

        @Override
        public boolean isShutdown() {
            return shutDown.get();
        }

        @Override
        public boolean isTerminated() {
            return pool.isTerminated();
        }

        @Override
        public void shutdown() {
            if (shutDown.compareAndSet(false, true)) {
                for (int i = 0; i < threads; i++) {
                    tasks.addLast(END);
                }
                pool.shutdown();
            }
        }

        @Override
        public void shutdownNow() {
            shutdown();
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
            return pool.awaitTermination(timeout, unit);
        }
    }

    private Group group;

    private volatile boolean startsThreads = true;

    private AsyncChannelPort open(PortOptions options) throws IOException {
        return new AsyncChannelPort(options, (threads, factory) -> {
            group = new Group(threads, loop -> {
                Thread thread = factory.newThread(loop);
                if (!startsThreads) {
                    // as if it could not be started: the port has made it, and the pool has none
                    throw new OutOfMemoryError("no thread, on purpose");
                }
                return thread;
            });
            return group;
        });
    }

    private static PortOptions workers(int count) {
        return PortOptions.defaults().workers(count);
    }

    private static void delivers(CompletionPort port) throws Exception {
        Probe probe = new Probe();
        port.post(probe);
        assertNotNull(probe.await().thread());
    }

    /** Loses a worker and returns when its thread has ended. */
    private void lose() throws InterruptedException {
        group.loseOne();
        awaitLost();
    }

    private void awaitLost() throws InterruptedException {
        Thread thread = group.lost.poll(Recorder.DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertNotNull(thread);
        assertTrue(thread.join(Duration.ofSeconds(Recorder.DEADLINE_SECONDS)));
    }

    private static void assertWorkers(CompletionPort port, int workers, int replaced) {
        assertEquals(workers, port.counters().workers());
        assertEquals(replaced, port.counters().workersReplaced());
    }

    private static void closes(CompletionPort port) throws Exception {
        TcpFixture.await(TlsFixture.inBackground(port::close));
    }

    @Test
    @DisplayName("is replaced and counted, as often as it may be; the port goes on, and closes as any other")
    void replaced() throws Exception {
        for (int workers : new int[] {1, 2, 4}) {
            try (CompletionPort port = open(workers(workers))) {
                for (int i = 1; i < PortThreads.LOST_MAX; i++) {
                    lose();
                    assertWorkers(port, workers, i);
                    delivers(port);
                }
                assertFalse(port.failure().isDone());
                closes(port);
                assertEquals(workers, port.counters().nullCompletions());
                assertFalse(port.failure().isDone());
            }
        }
    }

    @Test
    @DisplayName("leaves what it has counted")
    void counted() throws Exception {
        try (CompletionPort port = open(workers(1))) {
            delivers(port);
            lose();
            assertWorkers(port, 1, 1);
            delivers(port);
            closes(port);
            assertEquals(2, port.counters().delivered());
        }
    }

    @Test
    @DisplayName("by what a task throws is replaced by the group itself, and there are not more workers for that")
    void replacedByGroup() throws Exception {
        try (CompletionPort port = open(workers(2))) {
            for (int i = 1; i < PortThreads.LOST_MAX; i++) {
                group.execute(() -> {
                    group.lost.add(Thread.currentThread());
                    throw NO_MEMORY;
                });
                awaitLost();
                assertWorkers(port, 2, i);
                delivers(port);
            }
            closes(port);
            assertEquals(2, port.counters().nullCompletions());
        }
    }

    @Test
    @DisplayName("on the JDK's own group, by what a task throws: sockets go on")
    void onTheGroupOfTheJdk() throws Exception {
        try (AsyncChannelPort port = new AsyncChannelPort(workers(2))) {
            Recorder recorder = new Recorder();
            try (TcpServer server = TcpServer.listen(port, TcpOptions.defaults().loopback(0), connection -> recorder)) {
                for (int i = 0; i < 20; i++) {
                    CountDownLatch thrown = new CountDownLatch(1);
                    ((Executor) port.group()).execute(() -> {
                        thrown.countDown();
                        throw NO_MEMORY;
                    });
                    TcpFixture.await(thrown);
                }
                try (Socket client = new Socket(TcpFixture.LOOPBACK, server.address().getPort())) {
                    client.getOutputStream().write(1);
                    recorder.awaitBytes(1);
                }
                recorder.awaitClose();
            }
            assertFalse(port.failure().isDone());
            closes(port);
            assertEquals(2, port.counters().nullCompletions());
        }
    }

    /** Ends the port in front of two connections in memory, and demands that they and everybody else hear of it. */
    private void fails(CompletionPort port, int workers, TlsFixture.Work cause) throws Exception {
        Recorder left = new Recorder();
        Recorder right = new Recorder();
        TcpPair pair = TcpPair.open(port, TcpOptions.defaults(), left, right);
        left.awaitOpen();
        right.awaitOpen();
        CompletableFuture<Boolean> isWorker = port.failure().thenApply(thrown -> {
            // as an application would, on a thread that must not wait
            TlsFixture.failureOf(port::close);
            return port.isWorker();
        });
        cause.run();
        assertInstanceOf(OutOfMemoryError.class, TcpFixture.await(port.failure()));
        assertTrue(TcpFixture.await(isWorker));
        left.awaitClose();
        right.awaitClose();
        assertEquals(IoError.OPERATION_ABORTED, TcpFixture.awaitClosed(pair.left()).error());
        closes(port);
        assertEquals(workers, port.counters().nullCompletions());
        assertEquals(0, port.outstanding());
    }

    @Test
    @DisplayName("as one of too many: the port closes itself, delivers what is outstanding, and says why")
    void tooMany() throws Exception {
        try (CompletionPort port = open(workers(2))) {
            fails(port, 2, () -> {
                for (int i = 0; i < PortThreads.LOST_MAX; i++) {
                    lose();
                }
            });
        }
    }

    @Test
    @DisplayName("where no thread can be started closes the port when the last has ended; a spare delivers what is "
            + "outstanding")
    void noThreads() throws Exception {
        for (int workers : new int[] {1, 3}) {
            startsThreads = true;
            try (CompletionPort port = open(workers(workers))) {
                startsThreads = false;
                fails(port, workers, () -> {
                    for (int i = 0; i < workers; i++) {
                        lose();
                    }
                    assertWorkers(port, 1, 0);
                });
            }
        }
    }

    @Test
    @DisplayName("and with it the spare: closing waits for nobody, and the port says why")
    void notEvenForTheEnd() throws Exception {
        try (CompletionPort port = open(workers(2))) {
            startsThreads = false;
            CompletableFuture<Throwable> failure = port.failure();
            for (int i = 0; i < 3; i++) {
                group.loseOne();
            }
            assertInstanceOf(OutOfMemoryError.class, TcpFixture.await(failure));
            closes(port);
        }
    }

    @Test
    @DisplayName("is not waited for where the null completions are taken: another takes its own")
    void whileClosing() throws Exception {
        for (int workers : new int[] {1, 2, 4}) {
            try (CompletionPort port = open(workers(workers))) {
                delivers(port);
                group.loseAtNextTask = true;
                closes(port);
                assertEquals(workers, port.counters().nullCompletions());
                assertFalse(port.failure().isDone());
            }
        }
    }

    @Test
    @DisplayName("leaves the threads that take by hand what they wait for")
    void pulled() throws Exception {
        CompletionPort port = open(PortOptions.pull());
        List<Throwable> thrown = new ArrayList<>();
        Thread taker = Thread.ofPlatform().name("test-taker").start(() -> {
            try {
                for (IoContext context; (context = port.take()) != null;) {
                    context.deliver();
                }
            } catch (Throwable failure) {
                thrown.add(failure);
            }
        });
        lose();
        delivers(port);
        startsThreads = false;
        group.loseOne();
        assertInstanceOf(OutOfMemoryError.class, TcpFixture.await(port.failure()));
        closes(port);
        taker.join(TimeUnit.SECONDS.toMillis(Recorder.DEADLINE_SECONDS));
        assertFalse(taker.isAlive());
        assertEquals(List.of(), thrown);
    }

    @Test
    @DisplayName("is none: a port that is closed has not failed")
    void noFailure() throws Exception {
        CompletionPort port = CompletionPort.open(workers(2));
        CompletableFuture<Throwable> failure = port.failure();
        assertTrue(failure.complete(NO_MEMORY), "a copy, which says nothing to others");
        port.close();
        assertFalse(port.failure().isDone());
        assertEquals(0, port.counters().workersReplaced());
    }
}
