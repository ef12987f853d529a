package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.MemoryBudget.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Accounts without connections; see {@link MemoryBudgetTcpTest} for those. */
@DisplayName("The memory budget of a port")
class MemoryBudgetTest {
    private static final long FOR_EVER = Long.MAX_VALUE;
    private static final int STEPS_MAX = 1_000_000;

    private final List<Holder> evicted = new ArrayList<>();
    private Simulation world;
    private SimulatedPort port;
    private MemoryBudget budget;

    private void begin(long maxHeap, long maxDirect) {
        world = new Simulation(1, Faults.none(), new BufferPool(0, maxHeap, maxDirect));
        port = new SimulatedPort(world, "memory", 1);
        budget = port.memory();
    }

    /** Holds what it was told to, and gives it back some time after its end. */
    private final class Holder extends MemoryAccount {
        private int shrunk;
        private String reason;

        Holder() {
            super(port);
        }

        @Override
        protected void shrink() {
            shrunk++;
        }

        @Override
        protected void evict(String why) {
            reason = why;
            evicted.add(this);
        }
    }

    private void run() {
        world.run(FOR_EVER, STEPS_MAX);
        assertEquals(List.of(), world.failures());
    }

    @Test
    @DisplayName("what is charged is counted until it is given back, with the account at the latest")
    void counts() {
        begin(1_000, 1_000);
        Holder holder = new Holder();
        assertTrue(holder.charge(Kind.HEAP, 300));
        assertTrue(holder.charge(Kind.DIRECT, 20));
        assertEquals(300, budget.used(Kind.HEAP));
        assertEquals(20, budget.used(Kind.DIRECT));
        assertTrue(holder.change(Kind.HEAP, 300, 100));
        assertEquals(100, holder.charged(Kind.HEAP));
        assertThrows(IllegalStateException.class, () -> holder.release(Kind.HEAP, 101));
        assertThrows(IllegalArgumentException.class, () -> holder.charge(Kind.HEAP, -1));
        holder.close();
        holder.close();
        assertEquals(0, budget.used(Kind.HEAP) + budget.used(Kind.DIRECT));
        assertTrue(holder.charge(Kind.HEAP, 5_000), "too late to count");
        holder.release(Kind.HEAP, 5_000);
        assertEquals(0, budget.used(Kind.HEAP));
    }

    @Test
    @DisplayName("at the limit only who holds more than the fair share gets nothing")
    void fairShare() {
        begin(1_000, 1_000);
        Holder greedy = new Holder();
        List<Holder> small = List.of(new Holder(), new Holder(), new Holder());
        assertTrue(greedy.charge(Kind.HEAP, 1_000));
        assertFalse(greedy.charge(Kind.HEAP, 1));
        assertEquals(1_000, greedy.charged(Kind.HEAP), "a refusal charges nothing");
        for (Holder other : small) {
            assertTrue(other.charge(Kind.HEAP, 250), "the share of four is 250");
            assertFalse(other.charge(Kind.HEAP, 1));
        }
        assertTrue(greedy.refusal(Kind.HEAP).contains("1000 B"), greedy.refusal(Kind.HEAP));
    }

    @Test
    @DisplayName("who holds most ends, the younger of two, and no more of them than is needed")
    void orderOfEvictions() {
        begin(1_000, 1_000);
        Holder small = new Holder();
        Holder older = new Holder();
        Holder younger = new Holder();
        Holder greedy = new Holder();
        small.charge(Kind.HEAP, 50);
        older.charge(Kind.HEAP, 200);
        younger.charge(Kind.HEAP, 200);
        greedy.charge(Kind.HEAP, 450);
        run();
        assertEquals(List.of(), evicted, "900 of 1,000 is not above 90 percent");
        small.charge(Kind.HEAP, 10);
        run();
        assertEquals(List.of(greedy), evicted);
        small.charge(Kind.HEAP, 40);
        run();
        assertEquals(List.of(greedy), evicted, "it was ended, and gives everything back");
        greedy.close();
        small.charge(Kind.HEAP, 500);
        run();
        assertEquals(List.of(greedy, small), evicted, "small no more");
        small.close();
        younger.charge(Kind.HEAP, 1);
        assertTrue(older.charge(Kind.HEAP, 501));
        run();
        assertEquals(List.of(greedy, small, older), evicted);
        assertEquals(3, budget.evicted());
        assertEquals(3, port.counters().evictions());
        assertTrue(small.reason.contains("of 1000 B"), small.reason);
    }

    @Test
    @DisplayName("one that was ended and goes on taking hides nobody else")
    void endedAndTaking() {
        begin(1_000, 1_000);
        Holder stuck = new Holder();
        Holder other = new Holder();
        stuck.charge(Kind.HEAP, 480);
        other.charge(Kind.HEAP, 430);
        run();
        assertEquals(List.of(stuck), evicted);
        other.release(Kind.HEAP, 420);
        stuck.charge(Kind.HEAP, 480);
        other.charge(Kind.HEAP, 430);
        run();
        assertEquals(List.of(stuck, other), evicted, "480 come back, of 1,400");
    }

    @Test
    @DisplayName("of two that hold the same the younger ends")
    void equals() {
        begin(1_000, 1_000);
        Holder older = new Holder();
        Holder younger = new Holder();
        younger.charge(Kind.DIRECT, 460);
        older.charge(Kind.DIRECT, 460);
        run();
        assertEquals(List.of(younger), evicted);
    }

    @Test
    @DisplayName("above 75 percent everybody shrinks once, and who waits goes on when it is less")
    void tight() {
        begin(1_000, 1_000);
        Holder holder = new Holder();
        Holder other = new Holder();
        List<String> told = new ArrayList<>();
        holder.charge(Kind.HEAP, 750);
        budget.whenRelaxed(holder, () -> told.add("at once"));
        run();
        assertEquals(List.of("at once"), told);
        assertEquals(0, holder.shrunk);
        holder.charge(Kind.HEAP, 1);
        assertTrue(budget.isTight());
        budget.whenRelaxed(holder, () -> told.add("first"));
        budget.whenRelaxed(other, () -> told.add("second"));
        holder.charge(Kind.HEAP, 1);
        run();
        assertEquals(1, holder.shrunk);
        assertEquals(1, other.shrunk);
        assertEquals(List.of("at once"), told);
        holder.release(Kind.HEAP, 100);
        run();
        assertEquals(List.of("at once", "first", "second"), told);
        holder.charge(Kind.HEAP, 10);
        holder.charge(Kind.HEAP, 100);
        run();
        assertEquals(2, holder.shrunk, "tight again");
    }

    @Test
    @DisplayName("while somebody waits, those above their fair share end, the largest first, and nobody else does")
    void greedyForNewcomers() {
        begin(1_000, 1_000);
        Holder greedy = new Holder();
        Holder less = new Holder();
        Holder small = new Holder();
        Holder newcomer = new Holder();
        greedy.charge(Kind.HEAP, 350);
        less.charge(Kind.HEAP, 300);
        small.charge(Kind.HEAP, 200);
        List<String> told = new ArrayList<>();
        run();
        assertEquals(List.of(), evicted, "nobody waits");
        budget.whenRelaxed(newcomer, () -> told.add("on"));
        run();
        assertEquals(List.of(greedy), evicted, "without it memory is not tight");
        greedy.close();
        run();
        assertEquals(List.of("on"), told);
    }

    @Test
    @DisplayName("where all hold the same a newcomer waits a second, then the youngest of those that hold most ends "
            + "for it")
    void newcomersAmongEquals() {
        begin(1_000, 1_000);
        List<Holder> all = List.of(new Holder(), new Holder(), new Holder(), new Holder());
        all.forEach(each -> each.charge(Kind.HEAP, 190));
        List<String> told = new ArrayList<>();
        budget.whenRelaxed(new Holder(), () -> told.add("on"));
        world.run(MemoryBudget.PATIENCE.toNanos() / 2, STEPS_MAX);
        assertEquals(List.of(), evicted, "the share of five is 200");
        run();
        assertEquals(List.of(all.getLast()), evicted);
        assertEquals(List.of(), told);
        all.getLast().close();
        run();
        assertEquals(List.of("on"), told);
    }

    @Test
    @DisplayName("nobody ends for a newcomer that has gone while it waited")
    void goneWhileWaiting() {
        begin(1_000, 1_000);
        List<Holder> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(new Holder());
            all.getLast().charge(Kind.HEAP, i < 2 ? 88 : 86);
        }
        List<String> told = new ArrayList<>();
        Holder newcomer = new Holder();
        budget.whenRelaxed(newcomer, () -> told.add("on"));
        world.run(MemoryBudget.PATIENCE.toNanos() / 2, STEPS_MAX);
        newcomer.close();
        budget.whenRelaxed(newcomer, () -> told.add("on, once more"));
        run();
        assertEquals(List.of(), evicted, "all hold less than their share");
        all.get(1).charge(Kind.HEAP, 17);
        all.get(0).charge(Kind.HEAP, 22);
        run();
        assertEquals(List.of(all.get(0)), evicted, "without it memory is not scarce");
        all.forEach(MemoryAccount::close);
        run();
        assertEquals(List.of(), told);
    }

    @Test
    @DisplayName("who waits goes on when buffers come back, too")
    void tightBuffers() {
        begin(1_000, 1 << 20);
        PooledBuffer large = port.buffers().acquire(1 << 20);
        List<String> told = new ArrayList<>();
        budget.whenRelaxed(new Holder(), () -> told.add("on"));
        run();
        assertEquals(List.of(), told);
        large.release();
        run();
        assertEquals(List.of("on"), told);
    }

    @Test
    @DisplayName("an account that throws keeps no other from shrinking or ending")
    void throwing() {
        begin(1_000, 1_000);
        MemoryAccount throwing = new MemoryAccount(port) {
            @Override
            protected void shrink() {
                throw new IllegalStateException("shrinking");
            }

            @Override
            protected void evict(String reason) {
                throw new IllegalStateException("ending");
            }
        };
        Holder holder = new Holder();
        throwing.charge(Kind.HEAP, 800);
        holder.charge(Kind.HEAP, 150);
        run();
        throwing.charge(Kind.HEAP, 0);
        run();
        assertEquals(1, holder.shrunk);
        assertEquals(List.of(), evicted, "what the first holds is expected back");
        throwing.close();
        holder.charge(Kind.HEAP, 800);
        run();
        assertEquals(List.of(holder), evicted);
    }

    @Test
    @DisplayName("buffers beyond half as much again as the budget are refused at once, and unused ones of other sizes "
            + "go first")
    void buffers() {
        BufferPool pool = new BufferPool(1 << 20, 1_000, 256 << 10);
        List<PooledBuffer> large = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            large.add(pool.acquire(64 << 10));
        }
        large.forEach(PooledBuffer::release);
        assertEquals(256 << 10, pool.keptBytes());
        PooledBuffer small = pool.acquire(512);
        assertEquals(0, pool.keptBytes(), "all of one size at a time");
        assertEquals(512, pool.usedBytes());
        List<PooledBuffer> more = new ArrayList<>();
        assertThrows(OutOfMemoryError.class, () -> {
            while (true) {
                more.add(pool.acquire(32 << 10));
            }
        });
        assertEquals(11, more.size(), "384 KiB, less the first piece");
        more.forEach(PooledBuffer::release);
        small.release();
        assertEquals(0, pool.usedBytes());
    }

    @Test
    @DisplayName("the default is 40 percent of the heap and 60 of direct memory, and says how many connections fit")
    void defaults() {
        MemoryBudget made = new BufferPool(0, 0, 0).budget();
        long heap = Runtime.getRuntime().maxMemory();
        assertEquals(heap * 0.4, made.max(Kind.HEAP), heap * 0.01);
        assertTrue(made.max(Kind.DIRECT) > 0);
        begin(10L << 20, 1_000);
        assertEquals(1_280, budget.maxConnections());
        begin(1L << 40, 1_000);
        assertEquals(MemoryBudget.CONNECTIONS_MAX, budget.maxConnections());
        begin(1, 1);
        assertEquals(1, budget.maxConnections());
        assertThrows(IllegalArgumentException.class, () -> PortOptions.defaults().maxHeap(-1));
        assertThrows(IllegalArgumentException.class, () -> PortOptions.defaults().maxDirect(-1));
        PortOptions options = PortOptions.defaults().maxHeap(5).maxDirect(7).maxKeptBytes(9).name("n").workers(1)
                .engine("aio").pulled(true)
                .daemon(true);
        assertEquals(new PortOptions(1, "n", 9, "aio", true, true, 5, 7), options);
        assertThrows(IllegalArgumentException.class, () -> options.maxHeap(-1));
        assertThrows(IllegalArgumentException.class, () -> options.maxKeptBytes(-1));
    }

    @Test
    @DisplayName("random charges: charged is held, who ends holds most, nobody small pays, everything comes back")
    void seeds() {
        for (long seed = 0; seed < 300; seed++) {
            random(seed);
        }
    }

    private void random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        evicted.clear();
        begin(10_000, 10_000);
        List<Holder> open = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            open.add(new Holder());
        }
        for (int step = 0; step < 400; step++) {
            Kind kind = Kind.values()[random.nextInt(2)];
            Holder holder = open.get(random.nextInt(open.size()));
            long before = holder.charged(kind);
            if (random.nextInt(3) > 0) {
                long bytes = random.nextInt(random.nextInt(4) == 0 ? 3_000 : 300);
                boolean small = before + bytes <= budget.max(kind) / open.size();
                boolean admitted = holder.charge(kind, bytes);
                assertTrue(admitted || !small, "seed " + seed + ": the small one was refused");
                assertEquals(admitted ? before + bytes : before, holder.charged(kind));
            } else {
                holder.release(kind, random.nextLong(before + 1));
            }
            assertEquals(open.stream().mapToLong(each -> each.charged(kind)).sum(), budget.used(kind), "seed " + seed);
            int endedBefore = evicted.size();
            List<Holder> candidates = open.stream().filter(each -> each.reason == null).toList();
            run();
            for (Holder ended : evicted.subList(endedBefore, evicted.size())) {
                long least = Math.max(ended.charged(Kind.HEAP), ended.charged(Kind.DIRECT));
                assertTrue(candidates.stream().filter(each -> each.reason == null)
                        .noneMatch(each -> each.charged(Kind.HEAP) > ended.charged(Kind.HEAP)
                                && each.charged(Kind.DIRECT) > ended.charged(Kind.DIRECT)),
                                "seed " + seed + ", " + least);
            }
            if (random.nextInt(4) == 0) {
                // what was ended gives back, and a new one comes
                for (Holder ended : List.copyOf(evicted)) {
                    if (open.remove(ended)) {
                        ended.close();
                        open.add(new Holder());
                    }
                }
            }
            long ending = open.stream().filter(each -> each.reason != null).mapToLong(each -> each.charged(kind)).sum();
            assertTrue(budget.used(kind) - ending <= 9_000,
                    "seed " + seed + ": nobody was ended for " + budget.used(kind));
        }
        open.forEach(MemoryAccount::close);
        run();
        assertEquals(0, budget.used(Kind.HEAP) + budget.used(Kind.DIRECT), "seed " + seed);
    }
}
