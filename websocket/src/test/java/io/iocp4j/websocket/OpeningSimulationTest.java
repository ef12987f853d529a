package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Shows;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpServer;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("Openings over a simulated network")
class OpeningSimulationTest {
    private static final int SEEDS = Integer.getInteger("seeds", 500);
    private static final long ONE_SEED = Long.getLong("seed", -1);
    private static final String COMMAND = "mvn -ntp test -pl websocket -am -Dsurefire.failIfNoSpecifiedTests=false"
            + " -Dtest=OpeningSimulationTest -Dseed=";

    /** Accepts that find no descriptor are logged. */
    @RegisterExtension
    static final Quiet QUIET = new Quiet(TcpServer.class);

    private final BufferPool buffers = new BufferPool(0);
    private final Map<OpeningScenario.Outcome, Integer> outcomes = new EnumMap<>(OpeningScenario.Outcome.class);

    @Test
    @Shows({"A9", "A10"})
    @DisplayName("end once and in time, whatever the network and the application do, for every seed")
    void everySeed() throws Throwable {
        Simulation.onThreadOfItsOwn(() -> {
            for (long seed = ONE_SEED < 0 ? 0 : ONE_SEED; seed < (ONE_SEED < 0 ? SEEDS : ONE_SEED + 1); seed++) {
                run(seed);
            }
        });
        if (ONE_SEED < 0) {
            for (OpeningScenario.Outcome outcome : OpeningScenario.Outcome.values()) {
                assertTrue(outcomes.getOrDefault(outcome, 0) > SEEDS / 100, "too few are " + outcome + ": " + outcomes);
            }
        }
    }

    private void run(long seed) {
        OpeningScenario scenario = new OpeningScenario(seed, buffers);
        try {
            scenario.run();
        } catch (Exception | AssertionError found) {
            throw new AssertionError("seed " + seed + ", again with: " + COMMAND + seed + "\n" + found.getMessage(),
                    found);
        }
        scenario.outcomes.forEach((outcome, count) -> outcomes.merge(outcome, count, Integer::sum));
    }
}
