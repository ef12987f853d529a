package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.BiFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Threads of an application between any two steps of the library, from seeds: {@code -Dseeds=N} runs the seeds 0 to N - 1,
 * {@code -Dseed=S} only that one. A seed that fails is run again with a log of the switches.
 */
@DisplayName("TCP with threads that are stepped one at a time")
class SteppedTcpTest {
    private static final String COMMAND = "mvn test -pl iocp-core -Dtest=SteppedTcpTest -Dseed=";
    private static final int SEEDS_DEFAULT = 600;

    private final Logger quiet = Logger.getLogger("io.iocp4j.core");

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
    }

    @Test
    @SuppressWarnings("unchecked")
    @DisplayName("any public method by any thread at any step: callbacks in order, onClose once, every byte in its place, nothing hangs, "
            + "nothing is left")
    void everyMethodAtAnyTime() throws Throwable {
        Simulation.onThreadOfItsOwn(() -> run(new SteppedClasses().make(BiFunction.class, "io.iocp4j.core.SteppedTcp")));
    }

    private static void run(BiFunction<Long, Boolean, String> scenario) {
        Long only = Long.getLong("seed");
        long first = only == null ? 0 : only;
        long last = only == null ? Long.getLong("seeds", SEEDS_DEFAULT) - 1 : only;
        long begin = System.nanoTime();
        for (long seed = first; seed <= last; seed++) {
            try {
                String done = scenario.apply(seed, false);
                if (only != null) {
                    System.out.println(done);
                }
            } catch (AssertionError found) {
                throw new AssertionError("seed " + seed + ", again with: " + COMMAND + seed + "\n" + again(scenario, seed), found);
            }
        }
        System.out.println("stepped TCP: " + (last - first + 1) + " seeds in " + (System.nanoTime() - begin) / 1_000_000 + " ms");
        assertTrue(last >= first);
    }

    private static String again(BiFunction<Long, Boolean, String> scenario, long seed) {
        try {
            scenario.apply(seed, true);
            return "but not when run twice in one process";
        } catch (AssertionError again) {
            return again.getMessage();
        }
    }
}
