package io.iocp4j.bench.result;

import static io.iocp4j.bench.result.Comparison.Verdict.CANNOT_TELL;
import static io.iocp4j.bench.result.Comparison.Verdict.FASTER;
import static io.iocp4j.bench.result.Comparison.Verdict.SLOWER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A comparison finds what is there, and nothing else")
class ComparisonTest {
    private static final String ECHO = Synthetic.ECHO;

    private static Synthetic echo(long seed, int rounds, double ratio) {
        return new Synthetic(seed).servers("bare", "tested")
                .rounds(ECHO, rounds, Map.of("bare", 5.0, "tested", 5 * ratio));
    }

    private static Comparison compared(Synthetic run) {
        return Comparison.of(run.run(), ECHO, "tested", "bare", Metric.CPU);
    }

    @Test
    @DisplayName("two equal servers are called different in none of 20 tries, and in at most one of 300")
    void equal() {
        for (int rounds : new int[] {3, 8, 40}) {
            int different = 0;
            for (int seed = 0; seed < 100; seed++) {
                different += compared(echo(seed, rounds, 1)).verdict() == CANNOT_TELL ? 0 : 1;
                assertTrue(seed >= 20 || different == 0, "try " + seed + " of " + rounds + " rounds");
            }
            assertTrue(different <= 1, different + " of 100 with " + rounds + " rounds");
        }
    }

    @Test
    @DisplayName("a slowdown of 3 percent is found in all of 30 runs of 80 rounds, and never taken for the opposite")
    void planted() {
        for (int seed = 0; seed < 30; seed++) {
            assertEquals(SLOWER, compared(echo(seed, 80, 1.03)).verdict(), "seed " + seed);
            assertEquals(FASTER, compared(echo(seed, 80, 1 / 1.03)).verdict(), "seed " + seed);
        }
    }

    @Test
    @DisplayName("processes that differ by chance are not called different when they were started several times")
    void launches() {
        int found = 0;
        for (int seed = 0; seed < 40; seed++) {
            Synthetic equal = new Synthetic(seed).servers("bare", "tested").launches(10, 0.006)
                    .rounds(ECHO, 80, Map.of("bare", 5.0, "tested", 5.0));
            assertEquals(CANNOT_TELL, compared(equal).verdict(), "seed " + seed);
            Synthetic slow = new Synthetic(seed).servers("bare", "tested").launches(10, 0.006)
                    .rounds(ECHO, 80, Map.of("bare", 5.0, "tested", 5.2));
            found += compared(slow).verdict() == SLOWER ? 1 : 0;
        }
        assertTrue(found >= 38, "a slowdown of 4 percent was found in only " + found + " of 40 runs");
    }

    @Test
    @DisplayName("launches that differ widen the interval beyond what their rounds show")
    void launchesAreGroups() {
        Run run = new Synthetic(1).servers("bare", "tested").launches(10, 0.03)
                .rounds(ECHO, 80, Map.of("bare", 5.0, "tested", 5.0)).run();
        Run together = new Run(run.command(), run.seed(), run.commit(), run.machine(), run.started(), run.written(),
                true, 0, run.servers(), run.workloads(), run.samples(), List.of());
        Interval apart = Comparison.of(run, ECHO, "tested", "bare", Metric.CPU).ratio();
        Interval rounds = Comparison.of(together, ECHO, "tested", "bare", Metric.CPU).ratio();
        assertTrue(apart.high() - apart.low() > 1.3 * (rounds.high() - rounds.low()), apart + " and " + rounds);
    }

    @Test
    @DisplayName("few rounds tell a large difference, not a small one, and two tell nothing")
    void few() {
        Comparison large = compared(echo(4, 5, 2));
        assertEquals(SLOWER, large.verdict());
        assertTrue(large.reason().startsWith("interval of 93 % "), large.reason());
        Comparison small = compared(echo(4, 5, 1.05));
        assertEquals(CANNOT_TELL, small.verdict());
        assertTrue(small.reason().startsWith("too few rounds: 5 rounds tell only a difference above 10 %"),
                small.reason());
        Comparison two = compared(echo(4, 2, 2));
        assertEquals(CANNOT_TELL, two.verdict());
        assertEquals("too few rounds: 2 rounds", two.reason());
        assertEquals("cannot tell", two.word());
    }

    @Test
    @DisplayName("rounds from which the host took the processor do not count, and the reason says so")
    void stolen() {
        Synthetic run = echo(5, 10, 1.5);
        for (int i = 0; i < 16; i += 2) { // one of the two servers is enough
            run.samples.set(i, Synthetic.disturbed(run.samples.get(i), 700_000_000, 60_000_000, 0));
        }
        Comparison comparison = compared(run);
        assertEquals(CANNOT_TELL, comparison.verdict());
        assertEquals("too few rounds: 2 rounds; the host took more than 5 % of a core in 8 of 10 rounds, "
                + "which do not count",
                comparison.reason());
    }

    @Test
    @DisplayName("when the load was the limit, it decides nothing about the rate, but about CPU time")
    void loadBound() {
        Synthetic run = echo(6, 10, 1.5);
        run.samples.replaceAll(sample -> Synthetic.disturbed(sample, 860_000_000, 0, 0));
        Comparison rate = Comparison.of(run.run(), ECHO, "tested", "bare", Metric.RATE);
        assertEquals(CANNOT_TELL, rate.verdict());
        assertEquals("no round has this number for both; the load was the limit in 10 of 10 rounds, which do not count",
                rate.reason());
        Comparison cpu = compared(run);
        assertEquals(SLOWER, cpu.verdict());
        assertTrue(cpu.reason().endsWith(
                "the load was the limit in 10 of 10 rounds, in which the servers had time to rest"),
                cpu.reason());
        run.samples.replaceAll(sample -> Synthetic.disturbed(sample, 840_000_000, 0, 0));
        assertEquals(SLOWER, Comparison.of(run.run(), ECHO, "tested", "bare", Metric.RATE).verdict());
    }

    @Test
    @DisplayName("a number that was not measured is not compared")
    void unknown() {
        Synthetic run = echo(7, 10, 1.5);
        run.samples.replaceAll(s -> s.server().equals("bare") ? s : Synthetic.unknown(ECHO, "tested", s.round()));
        assertEquals("no round has this number for both", compared(run).reason());
    }

    @Test
    @DisplayName("idle connections are compared by memory, in words for memory")
    void memory() {
        Run run = new Synthetic(8).servers("bare", "tested")
                .rounds(Synthetic.IDLE, 10, Map.of("bare", 2.0, "tested", 4.0)).run();
        Comparison comparison = Comparison.all(run).getFirst();
        assertEquals(Metric.MEMORY, comparison.metric());
        assertEquals("larger", comparison.word());
    }

    @Test
    @DisplayName("two runs are compared by the ratios to their own baselines, so a slower machine changes nothing")
    void runs() {
        Run before = echo(9, 80, 1.2).run();
        Run slowMachine = new Synthetic(10).servers("bare", "tested")
                .rounds(ECHO, 80, Map.of("bare", 10.0, "tested", 12.0)).run();
        Run slowServer = echo(11, 80, 1.26).run();
        assertEquals(CANNOT_TELL, Comparison.between(before, slowMachine).getFirst().verdict());
        Comparison slower = Comparison.between(before, slowServer).getFirst();
        assertEquals(SLOWER, slower.verdict());
        assertEquals(1.05, slower.ratio().median(), 0.015);
        assertEquals(FASTER, Comparison.between(slowServer, before).getFirst().verdict());
    }

    @Test
    @DisplayName("runs with different baselines are not compared")
    void otherBaseline() {
        Run before = echo(12, 10, 1.2).run();
        Run after = new Synthetic(13).servers("bare-other", "tested", "bare")
                .rounds(ECHO, 10, Map.of("bare-other", 5.0, "tested", 9.0, "bare", 5.0)).run();
        List<Comparison> comparisons = Comparison.between(before, after);
        assertEquals(1, comparisons.size());
        assertEquals(CANNOT_TELL, comparisons.getFirst().verdict());
        assertEquals("the baseline of the other run is bare-other", comparisons.getFirst().reason());
    }
}
