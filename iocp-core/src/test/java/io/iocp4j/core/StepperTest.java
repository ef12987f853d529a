package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Threads that are stepped one at a time")
class StepperTest {
    private int shared;

    private void addUnguarded() {
        for (int i = 0; i < 10; i++) {
            Stepper.point("read");
            int read = shared;
            Stepper.point("write");
            shared = read + 1;
        }
    }

    private void addGuarded() {
        for (int i = 0; i < 10; i++) {
            Stepper.enter(this, "add");
            Stepper.point("read");
            int read = shared;
            Stepper.point("write");
            shared = read + 1;
            Stepper.exit(this);
        }
    }

    private List<Integer> sums(Runnable add) {
        List<Integer> sums = new ArrayList<>();
        for (long seed = 0; seed < 100; seed++) {
            shared = 0;
            Stepper stepper = new Stepper(seed, false);
            stepper.add("a", add);
            stepper.add("b", add);
            stepper.run();
            sums.add(shared);
        }
        return sums;
    }

    @Test
    @DisplayName("an update that another overwrites is seen, the same one each time, and none where there is a lock")
    void lostUpdates() {
        List<Integer> sums = sums(this::addUnguarded);
        assertTrue(sums.stream().filter(sum -> sum < 20).count() > 20, sums::toString);
        assertEquals(sums, sums(this::addUnguarded), "the same seeds");
        assertTrue(sums(this::addGuarded).stream().allMatch(sum -> sum == 20));
    }

    @Test
    @DisplayName("two locks taken in two orders are a deadlock, told with both stacks")
    void deadlock() {
        Object left = new Object();
        Object right = new Object();
        AssertionError found = assertThrows(AssertionError.class, () -> {
            for (long seed = 0; seed < 100; seed++) {
                Stepper stepper = new Stepper(seed, true);
                stepper.add("a", () -> takeBoth(left, right));
                stepper.add("b", () -> takeBoth(right, left));
                stepper.run();
            }
        });
        assertTrue(found.getMessage().contains("deadlock"), found::getMessage);
        assertEquals(3, found.getMessage().split("StepperTest.takeBoth").length, found::getMessage);
    }

    private static void takeBoth(Object first, Object second) {
        Stepper.enter(first, "the first");
        Stepper.enter(second, "the second");
        Stepper.exit(second);
        Stepper.exit(first);
    }

    @Test
    @DisplayName("a wait ends when it is woken; one with a time limit also where nobody can go on, and its time has "
            + "passed then")
    void waits() {
        for (long seed = 0; seed < 100; seed++) {
            shared = 0;
            Stepper stepper = new Stepper(seed, false);
            stepper.add("waits", () -> {
                Stepper.enter(this, "waits");
                while (shared == 0) {
                    Stepper.await(this);
                }
                shared = 2;
                Stepper.exit(this);
            });
            stepper.add("wakes", () -> {
                long begin = Stepper.nanoTime();
                Stepper.enter(this, "wakes");
                Stepper.timedAwait(TimeUnit.SECONDS, this, 3);
                assertTrue(Stepper.nanoTime() - begin >= 3_000_000_000L, "too early");
                shared = 1;
                Stepper.wake(this);
                Stepper.exit(this);
                assertThrows(TimeoutException.class, () -> Stepper.get(new CompletableFuture<>(), 1, TimeUnit.SECONDS));
            });
            stepper.run();
            assertEquals(2, shared);
        }
    }

    @Test
    @DisplayName("what a thread throws fails the run")
    void thrown() {
        Stepper stepper = new Stepper(1, false);
        stepper.add("throws", () -> {
            throw new IllegalStateException("on purpose");
        });
        assertTrue(assertThrows(AssertionError.class, stepper::run).getMessage().contains("on purpose"));
    }

    /** Made by {@link SteppedClasses}: takes memory. */
    static final class Taking implements Supplier<Object> {
        @Override
        public Object get() {
            new BufferPool(0).acquire(1).release();
            return BufferPool.class;
        }
    }

    @Test
    @DisplayName("the classes are other ones, in which memory may run out")
    void memory() {
        Supplier<?> taking = new SteppedClasses().make(Supplier.class, Taking.class.getName());
        assertNotSame(BufferPool.class, taking.get());
        Stepper stepper = new Stepper(1, false).memoryRunsOut(1);
        stepper.add("takes", () -> assertThrows(OutOfMemoryError.class, taking::get));
        stepper.run();
        assertEquals(1, stepper.allocationFailures());
    }
}
