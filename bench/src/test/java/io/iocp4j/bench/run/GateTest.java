package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.result.Comparison;
import io.iocp4j.bench.result.Interval;
import io.iocp4j.bench.result.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The gate")
class GateTest {
    private static Gate.Verdict verdict(double low, double high, int rounds) {
        return verdict(low, high, rounds, false);
    }

    private static Gate.Verdict verdict(double low, double high, int rounds, boolean busy) {
        Interval ratio = new Interval((low + high) / 2, low, high, Comparison.CONFIDENCE, rounds);
        return Gate.verdict(new Comparison("w", "s", "b", Metric.CPU, ratio, Comparison.Verdict.SLOWER, ""), 1.3,
                busy);
    }

    @Test
    @DisplayName("believes only an interval that lies wholly on one side of the limit")
    void sides() {
        assertEquals(Gate.Verdict.WITHIN, verdict(1.0, 1.29, 12));
        assertEquals(Gate.Verdict.ABOVE, verdict(1.31, 1.5, 12));
        assertEquals(Gate.Verdict.DOUBTFUL, verdict(1.2, 1.4, 12));
    }

    @Test
    @DisplayName("believes nothing if the host took the processor away in too many rounds")
    void fewRounds() {
        assertEquals(Gate.Verdict.DOUBTFUL, verdict(1.31, 1.5, Comparison.ROUNDS_MIN - 1));
        assertEquals(Gate.Verdict.DOUBTFUL, verdict(Double.NaN, Double.NaN, 0));
    }

    @Test
    @DisplayName("calls nothing too slow while other programs want the cores, but still what is within its limit")
    void busyMachine() {
        assertEquals(Gate.Verdict.DOUBTFUL, verdict(1.31, 1.5, 12, true));
        assertEquals(Gate.Verdict.WITHIN, verdict(1.0, 1.29, 12, true));
    }

    @Test
    @DisplayName("has the limits that its description lists, in their order")
    void documented() throws IOException {
        String source = Files.readString(Path.of("src/main/java/io/iocp4j/bench/run/Gate.java"));
        List<String> listed = Pattern.compile("<td>(\\d\\.\\d+)</td>").matcher(source).results()
                .map(found -> found.group(1)).toList();
        assertEquals(Gate.LIMITS.values().stream().map(limit -> String.format(Locale.ROOT, "%.2f", limit)).toList(),
                listed);
        assertTrue(listed.size() >= 7, listed.toString());
    }
}
