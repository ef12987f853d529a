package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The table of a whole run")
class OverviewTest {
    private static final String ECHO = Synthetic.ECHO;

    private static List<String> table(Run run) {
        return Overview.markdown(run).lines().filter(line -> line.startsWith("|")).toList();
    }

    @Test
    @DisplayName("has the command, the commit and the machine, and each number with its ratio to the baseline")
    void cells() {
        Run run = new Synthetic(2).servers("bare", "a|b", "equal")
                .rounds(ECHO, 40, Map.of("bare", 5.0, "a|b", 8.0, "equal", 5.0))
                .rounds(Synthetic.IDLE, 3, Map.of("bare", 1.5, "a|b", 4.5)).run();
        String text = Overview.markdown(run);
        for (String fact : List.of(run.command(), run.commit(), Synthetic.MACHINE.processor(), "2026-01-02")) {
            assertTrue(text.contains(fact), text);
        }
        List<String> table = table(run);
        assertEquals("| workload | bare | a\\|b | equal |", table.get(0));
        assertEquals("|---|--:|--:|--:|", table.get(1));
        String echo = table.get(2);
        assertTrue(echo.startsWith("| `ws-echo:connections=64,inFlight=1,size=64` | **"), echo);
        assertTrue(echo.matches(".*\\*\\* \\| \\d+\\.\\d+ \\(1\\.\\d+\\) \\| \\d.*\\?\\) \\|"), echo);
        assertTrue(table.get(3).matches(".*\\*\\* \\| \\d\\.\\d+ KB \\([23]\\.\\d+\\) \\|  \\|"), table.get(3));
        assertEquals(4, table.size());
    }

    @Test
    @DisplayName("marks a number with a star if the load was the limit in most rounds")
    void loadBound() {
        Synthetic synthetic = new Synthetic(3).servers("bare", "a").rounds(ECHO, 3, Map.of("bare", 5.0, "a", 8.0));
        for (int i : new int[] {1, 3}) {
            synthetic.samples.set(i, Synthetic.disturbed(synthetic.samples.get(i), 900_000_000, 0, 0));
        }
        String echo = table(synthetic.run()).get(2);
        assertTrue(echo.endsWith(") \\* |") && echo.indexOf("\\*") == echo.lastIndexOf("\\*"), echo);
    }
}
