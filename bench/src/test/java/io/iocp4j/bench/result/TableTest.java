package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A table has no number without its baseline")
class TableTest {
    private static final String ECHO = Synthetic.ECHO;

    private static Table table(Synthetic synthetic) {
        return Table.of(Row.of(synthetic.run(), ECHO));
    }

    @Test
    @DisplayName("the baseline stands in the first row, wherever it stands in the run")
    void baseline() {
        Table table = table(new Synthetic(1).servers("a", "bare", "b")
                .rounds(ECHO, 10, Map.of("a", 6.0, "bare", 5.0, "b", 7.0)));
        assertEquals(List.of("bare", "a", "b"), table.rows().stream().map(List::getFirst).toList());
        int ratio = table.titles().indexOf("CPU ratio");
        assertEquals("1 (baseline)", table.rows().getFirst().get(ratio));
        assertTrue(table.rows().get(1).get(ratio).matches("1\\.\\d+ \\(1\\.\\d+ to 1\\.\\d+\\)"), table.toString());
    }

    @Test
    @DisplayName("without a baseline, the first server is it, and is named")
    void noBaseline() {
        Table table = table(new Synthetic(1).servers("a", "b").rounds(ECHO, 10, Map.of("a", 6.0, "b", 7.0)));
        assertEquals("a", table.rows().getFirst().getFirst());
        assertTrue(table.rows().getFirst().contains("1 (baseline)"));
    }

    @Test
    @DisplayName("what was not measured has no column")
    void missing() {
        Table table = table(new Synthetic(2).servers("bare", "a").rounds(ECHO, 10, Map.of("bare", 5.0, "a", 6.0)));
        assertTrue(table.titles().contains("messages/s"));
        assertFalse(table.titles().contains("syscalls per message"));
        assertFalse(table.titles().contains("memory per connection"));
        assertFalse(table.titles().contains("marks"));
    }

    @Test
    @DisplayName("connections that rest have memory, and no rate of messages")
    void idle() {
        Run run = new Synthetic(6).servers("bare", "a").rounds(Synthetic.IDLE, 3, Map.of("bare", 1.5, "a", 2.0)).run();
        Table table = Table.of(Row.of(run, Synthetic.IDLE));
        assertTrue(table.titles().contains("memory per connection"), table.toString());
        assertFalse(table.titles().contains("messages/s"), table.toString());
    }

    @Test
    @DisplayName("a row is marked when the load was the limit, the host took time, messages were lost or rounds few")
    void marks() {
        Synthetic synthetic = new Synthetic(3).servers("bare", "a").rounds(ECHO, 3, Map.of("bare", 5.0, "a", 6.0));
        synthetic.samples.set(1, Synthetic.disturbed(synthetic.samples.get(1), 900_000_000, 100_000_000, 1_234));
        List<Row> rows = Row.of(synthetic.run(), ECHO);
        assertEquals(List.of(), rows.getFirst().marks());
        assertEquals(List.of("load-bound in 1 of 3", "stolen in 1 of 3", "1,234 failures", "interval of 50 %"),
                rows.get(1).marks());
        assertEquals(List.of("-", "load-bound in 1 of 3, stolen in 1 of 3, 1,234 failures, interval of 50 %"),
                Table.of(rows).rows().stream().map(List::getLast).toList());
    }

    @Test
    @DisplayName("a percentile beyond the durations is not given")
    void percentiles() {
        Row row = Row.of(new Synthetic(4).servers("bare").rounds(ECHO, 1, Map.of("bare", 5.0)).run(), ECHO).getFirst();
        assertEquals(2_000, row.latency().count());
        assertTrue(row.percentile(0.999) > row.percentile(0.99));
        assertEquals(Double.NaN, row.percentile(0.9999));
        assertEquals(Double.NaN, row.percentile(1));
    }

    @Test
    @DisplayName("a server of which nothing is known has a row of hyphens, and a workload without samples no row")
    void unknown() {
        Synthetic synthetic = new Synthetic(5).servers("bare", "a").rounds(ECHO, 8, Map.of("bare", 5.0));
        for (int round = 0; round < 8; round++) {
            synthetic.samples.add(Synthetic.unknown(ECHO, "a", round));
        }
        synthetic.rounds(Synthetic.IDLE, 1, Map.of());
        assertEquals(List.of(), Row.of(synthetic.run(), Synthetic.IDLE));
        List<String> row = table(synthetic).rows().get(1);
        assertTrue(row.subList(1, row.size()).stream().allMatch("-"::equals), row.toString());
    }

    @Test
    @DisplayName("numbers have three digits that count, and a unit that fits")
    void numbers() {
        assertEquals("6.13", Numbers.plain(6.13));
        assertEquals("0.430", Numbers.plain(0.43));
        assertEquals("48.8", Numbers.plain(48.8));
        assertEquals("1,234,567", Numbers.plain(1_234_567.4));
        assertEquals("-", Numbers.plain(Double.NaN));
        assertEquals("999 ns", Numbers.time(999));
        assertEquals("1.00 us", Numbers.time(1_000));
        assertEquals("1.00 ms", Numbers.time(999_600));
        assertEquals("120 s", Numbers.time(1.2e11));
        assertEquals("1.78 KB", Numbers.bytes(1_780));
        assertEquals("0 B", Numbers.bytes(0));
        assertEquals("1.048", Numbers.ratio(1.048));
        assertEquals("2.47", Numbers.ratio(2.471));
        assertEquals("100 MB", Numbers.tick("100 MB"));
        assertEquals("50 MB", Numbers.tick("50.0 MB"));
        assertEquals("1.2", Numbers.tick("1.20"));
    }
}
