package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A counted object is freed once, at its last release")
class RefCountedTest {
    /** Counts how often it was freed. */
    private static final class Thing extends RefCounted {
        private final AtomicInteger frees = new AtomicInteger();

        @Override
        protected void free() {
            frees.incrementAndGet();
        }

        @Override
        public String toString() {
            return "the thing";
        }
    }

    @Test
    @DisplayName("born with one reference, freed by the release that gives the last one back")
    void life() {
        Thing thing = new Thing();
        assertEquals(1, thing.references());
        thing.retain();
        assertEquals(2, thing.references());
        assertFalse(thing.release());
        assertEquals(0, thing.frees.get());
        assertTrue(thing.release());
        assertEquals(1, thing.frees.get());
        assertEquals(0, thing.references());
    }

    @Test
    @DisplayName("a release too many and a retain too late throw, name the object, and change nothing")
    void misuse() {
        Thing thing = new Thing();
        thing.release();
        for (int i = 0; i < 3; i++) {
            assertTrue(assertThrows(IllegalStateException.class, thing::release).getMessage().contains("the thing"));
            assertTrue(assertThrows(IllegalStateException.class, thing::retain).getMessage().contains("the thing"));
            assertEquals(0, thing.references());
        }
        assertEquals(1, thing.frees.get());
    }

    @Test
    @DisplayName("what is alive is listed with the place that made it, what was freed is not")
    void live() {
        Thing thing = new Thing();
        assertEquals(1, RefCounted.live().stream().filter(text -> text.startsWith("the thing, 1 references")).count());
        if ("trace".equals(System.getProperty("iocp4j.leaks"))) {
            assertTrue(RefCounted.live().stream().anyMatch(text -> text.contains("RefCountedTest.live")));
        }
        thing.release();
        assertEquals(0, RefCounted.live().stream().filter(text -> text.startsWith("the thing")).count());
    }

    @Test
    @DisplayName("what another thread is making just now, and cannot be described yet, does not end the list")
    void beingMade() {
        RefCounted unfinished = new RefCounted() {
            private String name;

            @Override
            protected void free() {
                name = "";
            }

            @Override
            public String toString() {
                return name.strip();
            }
        };
        assertTrue(RefCounted.live().stream()
                .anyMatch(text -> text.contains("RefCountedTest") && text.contains("NullPointerException")));
        unfinished.release();
    }

    @Test
    @Shows("B6")
    @DisplayName("threads that retain and release at the same time: freed exactly once, by the last")
    void manyThreads() throws InterruptedException {
        int threads = 4;
        int rounds = 20_000;
        Thing thing = new Thing();
        Thread[] all = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            thing.retain();
            all[i] = Thread.ofPlatform().name("test-counter-" + i).start(() -> {
                for (int round = 0; round < rounds; round++) {
                    thing.retain();
                    thing.release();
                }
                thing.release();
            });
        }
        for (Thread thread : all) {
            thread.join();
        }
        assertEquals(0, thing.frees.get());
        assertEquals(1, thing.references());
        assertTrue(thing.release());
        assertEquals(1, thing.frees.get());
    }

    @Test
    @DisplayName("a retain that races with the last release either keeps the object alive or throws, never both and "
            + "never neither")
    void retainAgainstLastRelease() throws Exception {
        int rounds = 5_000;
        Thing[] things = new Thing[rounds];
        for (int i = 0; i < rounds; i++) {
            things[i] = new Thing();
        }
        AtomicInteger kept = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        CyclicBarrier start = new CyclicBarrier(2);
        Thread other = Thread.ofPlatform().name("test-retainer").start(() -> {
            for (Thing thing : things) {
                meet(start);
                try {
                    thing.retain();
                    if (thing.frees.get() == 0) {
                        kept.incrementAndGet();
                    }
                    thing.release();
                } catch (IllegalStateException e) {
                    refused.incrementAndGet();
                }
            }
        });
        for (Thing thing : things) {
            meet(start);
            thing.release();
        }
        other.join();
        assertEquals(rounds, kept.get() + refused.get());
        for (Thing thing : things) {
            assertEquals(1, thing.frees.get());
            assertEquals(0, thing.references());
        }
    }

    @Test
    @DisplayName("a connection counts itself: an application can neither retain one nor release it")
    void connections() {
        Set<String> counting = Set.of("retain", "release", "references", "free", "live");
        assertEquals(List.of(),
                Stream.of(TcpConnection.class.getMethods()).map(Method::getName).filter(counting::contains).toList());
        assertFalse(RefCounted.class.isAssignableFrom(TcpConnection.class));
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new AssertionError(e);
        }
    }
}
