package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A strand")
class StrandTest {
    private CompletionPort port;
    private Recording strand;

    /** Counts its turns and what its tasks threw. */
    private static final class Recording extends Strand {
        private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        private final AtomicInteger turns = new AtomicInteger();

        Recording(CompletionPort port) {
            super(port, new Object());
        }

        @Override
        void failed(Throwable thrown) {
            failures.add(thrown);
        }

        @Override
        void turnEnds() {
            turns.incrementAndGet();
        }

        @Override
        protected void free() {
        }
    }

    @BeforeEach
    void open() throws Exception {
        port = CompletionPort.open(PortOptions.defaults().workers(4));
        strand = new Recording(port);
    }

    @AfterEach
    void close() {
        strand.dropReference();
        port.close();
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(20, TimeUnit.SECONDS));
    }

    @Test
    @Shows("C28")
    @DisplayName("a post never runs on the stack that posts, also when that is a task of the strand")
    void notOnTheStack() throws Exception {
        CountDownLatch done = new CountDownLatch(2);
        List<String> order = new ArrayList<>();
        Thread me = Thread.currentThread();
        strand.post(() -> {
            assertNotSame(me, Thread.currentThread());
            assertTrue(strand.onStrand());
            strand.post(() -> {
                order.add("inner");
                done.countDown();
            });
            order.add("outer");
            done.countDown();
        });
        assertFalse(strand.onStrand());
        await(done);
        assertEquals(List.of("outer", "inner"), order);
        assertTrue(strand.failures.isEmpty());
    }

    @Test
    @DisplayName("never runs two tasks at once, keeps the order of each thread that posts, and loses none")
    void serial() throws Exception {
        int posters = 4;
        int each = 20_000;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        // written by the strand only, which is what is tested
        int[] last = new int[posters];
        int[] disorders = new int[1];
        CountDownLatch all = new CountDownLatch(posters * each);
        for (int p = 0; p < posters; p++) {
            int poster = p;
            Thread.ofPlatform().name("test-poster-" + p).start(() -> {
                for (int i = 1; i <= each; i++) {
                    int number = i;
                    Runnable task = () -> {
                        if (inside.incrementAndGet() != 1) {
                            overlaps.incrementAndGet();
                        }
                        if (last[poster]++ != number - 1) {
                            disorders[0]++;
                        }
                        inside.decrementAndGet();
                        all.countDown();
                    };
                    strand.post(task);
                }
            });
        }
        await(all);
        assertEquals(0, overlaps.get());
        assertEquals(0, disorders[0]);
        for (int count : last) {
            assertEquals(each, count);
        }
    }

    @Test
    @DisplayName("completions that meet a running task leave theirs and go; none is lost, none overlaps")
    void runFromManyWorkers() throws Exception {
        int many = 20_000;
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(many);
        for (int i = 0; i < many; i++) {
            Probe probe = new Probe(null, () -> strand.runInTurn(() -> {
                if (inside.incrementAndGet() != 1) {
                    overlaps.incrementAndGet();
                }
                inside.decrementAndGet();
                all.countDown();
            })) {
                @Override
                protected void onCompletion() {
                    super.onCompletion();
                    release();
                }
            };
            port.post(probe);
        }
        await(all);
        assertEquals(0, overlaps.get());
    }

    @Test
    @DisplayName("goes on after a task that throws, an Error too, and reports each")
    void taskThrows() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        strand.post(() -> {
            throw new IllegalStateException("on purpose");
        });
        strand.post(() -> {
            throw new AssertionError("on purpose");
        });
        strand.post(done::countDown);
        await(done);
        assertEquals(List.of(IllegalStateException.class, AssertionError.class),
                strand.failures.stream().map(Throwable::getClass).toList());
    }

    @Test
    @DisplayName("ends its turn after many tasks at the latest, so that one that posts itself for ever starves nobody")
    void turnsAreBounded() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch turnsEnded = new CountDownLatch(3);
        Strand busy = new Strand(port, new Object()) {
            @Override
            void failed(Throwable thrown) {
                throw new AssertionError(thrown);
            }

            @Override
            void turnEnds() {
                turnsEnded.countDown();
            }

            @Override
            protected void free() {
            }
        };
        busy.post(new Runnable() {
            @Override
            public void run() {
                if (end.getCount() > 0) {
                    busy.post(this);
                }
            }
        });
        try {
            await(turnsEnded);
            // every worker is free for others in between
            CountDownLatch others = new CountDownLatch(100);
            for (int i = 0; i < 100; i++) {
                strand.post(others::countDown);
            }
            await(others);
        } finally {
            end.countDown();
            busy.dropReference();
        }
    }

    /** Runs on a port whose clock stands still, and whose only worker the test holds until everything is posted. */
    private static List<String> orderOf(Consumer<OneWorker> posts) throws Exception {
        try (OneWorker one = new OneWorker()) {
            CountDownLatch posted = new CountDownLatch(1);
            one.holding.post(() -> {
                try {
                    await(posted);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            posts.accept(one);
            posted.countDown();
            await(one.last);
            return List.copyOf(one.order);
        }
    }

    /** Strands on one worker; the clock moves only when a task says so. */
    private static final class OneWorker extends ForwardingPort {
        private final List<String> order = new ArrayList<>();
        private final CountDownLatch last = new CountDownLatch(1);
        private final Recording strand = new Recording(this);
        private final Recording other = new Recording(this);
        private final Recording holding = new Recording(this);
        private long nanos = Long.MAX_VALUE - Strand.TURN_NANOS_MAX;

        OneWorker() throws IoException {
            super(CompletionPort.open(PortOptions.defaults().workers(1)));
        }

        Runnable task(String name, long nanosTaken) {
            return () -> {
                order.add(name);
                nanos += nanosTaken;
                if (name.equals("last")) {
                    last.countDown();
                }
            };
        }

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void close() {
            strand.dropReference();
            other.dropReference();
            holding.dropReference();
            super.close();
        }
    }

    @Test
    @DisplayName("ends its turn after a millisecond too: what waits elsewhere comes before the rest")
    void turnsAreShort() throws Exception {
        long half = Strand.TURN_NANOS_MAX / 2;
        assertEquals(List.of("1", "2", "3", "other", "4", "last"), orderOf(one -> {
            one.strand.post(one.task("1", half));
            one.strand.post(one.task("2", half));
            one.strand.post(one.task("3", half));
            one.strand.post(one.task("4", half));
            one.strand.post(one.task("last", half));
            one.other.post(one.task("other", 0));
        }));
    }

    @Test
    @DisplayName("begins a task that is to come later behind what waits elsewhere, also where the task before it asks "
            + "for that")
    void later() throws Exception {
        assertEquals(List.of("1", "2", "other", "later 1", "later 2", "last"), orderOf(one -> {
            one.strand.post(() -> {
                one.order.add("1");
                one.strand.postLater(one.task("later 1", 0));
                one.strand.postLater(one.task("later 2", 0));
                one.strand.postLater(one.task("last", 0));
                one.strand.post(one.task("2", 0));
            });
            one.other.post(one.task("other", 0));
        }));
    }
}
