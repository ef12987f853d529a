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
        strand.release();
        port.close();
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(20, TimeUnit.SECONDS));
    }

    @Test
    @DisplayName("C28 a post never runs on the stack that posts, also when that is a task of the strand")
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
            busy.release();
        }
    }
}
