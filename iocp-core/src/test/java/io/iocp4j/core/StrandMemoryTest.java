package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A strand for whose turn there is no memory")
class StrandMemoryTest {
    /** Throws as often as asked where a turn is posted. */
    static final class ShortPort extends ForwardingPort {
        final AtomicInteger postsThatThrow = new AtomicInteger();
        private final AtomicInteger postsBehindThatThrow = new AtomicInteger();

        ShortPort(CompletionPort port) {
            super(port);
        }

        private static void maybeThrow(AtomicInteger left, IoContext context) {
            if (left.getAndUpdate(now -> Math.max(0, now - 1)) > 0) {
                context.release();
                throw new OutOfMemoryError("on purpose");
            }
        }

        @Override
        public void post(IoContext context) {
            maybeThrow(postsThatThrow, context);
            super.post(context);
        }

        @Override
        public void postBehind(IoContext context) {
            maybeThrow(postsBehindThatThrow, context);
            super.postBehind(context);
        }
    }

    /** Has no memory for one more element as often as asked. */
    static final class ShortQueue<E> extends RingQueue<E> {
        private final AtomicInteger addsThatThrow;

        ShortQueue(int addsThatThrow) {
            super(4);
            this.addsThatThrow = new AtomicInteger(addsThatThrow);
        }

        @Override
        void add(E element) {
            if (addsThatThrow.getAndUpdate(now -> Math.max(0, now - 1)) > 0) {
                throw new OutOfMemoryError("on purpose");
            }
            super.add(element);
        }
    }

    /** What it does when a task throws, throws as well. */
    private static final class Thrower extends Strand {
        Thrower(CompletionPort port) {
            super(port, new Object());
        }

        @Override
        void failed(Throwable thrown) {
            throw new OutOfMemoryError("on purpose, too");
        }

        @Override
        void turnEnds() {
        }

        @Override
        protected void free() {
        }
    }

    /** Has no memory to queue a packet as often as asked. */
    private static final class ShortEngine extends PortEngine {
        private final AtomicInteger failures;
        private final BlockingQueue<IoContext> queued = new LinkedBlockingQueue<>();

        ShortEngine(int failures) {
            super(PortOptions.defaults());
            this.failures = new AtomicInteger(failures);
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
        protected void queue(IoContext context) {
            if (failures.getAndUpdate(now -> Math.max(0, now - 1)) > 0) {
                throw new OutOfMemoryError("on purpose");
            }
            queued.add(context);
        }

        @Override
        protected void queueNull() {
        }
    }

    private final List<String> order = new ArrayList<>();
    private ShortPort port;
    private Thrower strand;

    @BeforeEach
    void open() throws Exception {
        port = new ShortPort(CompletionPort.open(PortOptions.defaults().workers(1)));
        strand = new Thrower(port);
    }

    @AfterEach
    void close() {
        strand.dropReference();
        port.close();
    }

    private void awaitTask() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        strand.post(done::countDown);
        assertTrue(done.await(20, TimeUnit.SECONDS), "the strand stands still");
    }

    @Test
    @DisplayName("throws, has not taken the task, and runs the next one")
    void post() throws Exception {
        port.postsThatThrow.set(1);
        assertThrows(OutOfMemoryError.class, () -> strand.post(() -> order.add("lost")));
        awaitTask();
        awaitTask();
        assertEquals(List.of(), order);
    }

    @Test
    @DisplayName("throws, and a later turn runs its own task")
    void postLater() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        port.postsBehindThatThrow.set(1);
        assertThrows(OutOfMemoryError.class, () -> strand.postLater(() -> order.add("lost")));
        strand.postLater(done::countDown);
        assertTrue(done.await(20, TimeUnit.SECONDS), "the later task did not run");
        assertEquals(List.of(), order);
    }

    @Test
    @DisplayName("goes on in a turn that is full")
    void fullTurn() throws Exception {
        int tasks = 3 * Strand.TURN_TASKS_MAX;
        CountDownLatch posted = new CountDownLatch(1);
        CountDownLatch all = new CountDownLatch(tasks);
        port.postsBehindThatThrow.set(2);
        strand.post(() -> {
            try {
                assertTrue(posted.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        for (int i = 0; i < tasks; i++) {
            strand.post(all::countDown);
        }
        posted.countDown();
        assertTrue(all.await(20, TimeUnit.SECONDS), "tasks left: " + all.getCount());
        assertEquals(0, port.postsBehindThatThrow.get());
        awaitTask();
    }

    @Test
    @DisplayName("goes on where a task throws, and what ends the connection throws too")
    void failureFails() throws Exception {
        strand.post(() -> {
            throw new IllegalStateException("on purpose");
        });
        awaitTask();
    }

    @Test
    @DisplayName("is on a port whose post throws with everything as it was")
    void portPost() {
        ShortEngine engine = new ShortEngine(2);
        Probe probe = new Probe();
        assertThrows(OutOfMemoryError.class, () -> engine.post(probe));
        assertThrows(OutOfMemoryError.class, () -> engine.postBehind(probe));
        assertEquals(0, engine.outstanding());
        engine.post(probe);
        assertEquals(1, engine.outstanding());
        assertSame(probe, engine.queued.poll());
        probe.finish();
        probe.release();
    }

    @Test
    @DisplayName("is on a port that queues the end of an operation later, when there is memory again")
    void portFinish() throws Exception {
        ShortEngine engine = new ShortEngine(2);
        Probe probe = new Probe();
        engine.begin(probe, Operation.RECEIVE, null);
        engine.finish(probe, 1, null, null);
        assertSame(probe, engine.queued.poll(20, TimeUnit.SECONDS));
        assertEquals(0, engine.failures.get());
        probe.finish();
        probe.release();
        engine.end(1);
        engine.cannotGoOn(null);
    }
}
