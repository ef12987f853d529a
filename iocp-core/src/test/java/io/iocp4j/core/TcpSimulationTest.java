package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Servers, clients and a network with faults, from seeds. {@code -Dseeds=N} runs the seeds 0 to N - 1, {@code -Dseed=S}
 * only that one. A seed that fails is run again with a log, of which the end is in the message.
 */
@DisplayName("TCP under a simulated network")
class TcpSimulationTest {
    private static final String COMMAND = "mvn test -pl iocp-core -Dtest=TcpSimulationTest#seeds -Dseed=";
    private static final int SEEDS_DEFAULT = 10_000;
    /** Below this, a kind of fault may be missing by chance. */
    private static final int SEEDS_FOR_EVERY_FAULT = 1_000;

    private final BufferPool buffers = new BufferPool(1 << 20);
    /** The logger has to be held, or its level is lost with it. */
    private final Logger quiet = Logger.getLogger("io.iocp4j.core");
    private ExecutorService otherWorker;

    @BeforeEach
    void begin() {
        quiet.setLevel(Level.OFF);
        otherWorker = Executors.newSingleThreadExecutor(task -> new Thread(task, "iocp4j-simulated-other"));
    }

    @AfterEach
    void end() {
        quiet.setLevel(null);
        otherWorker.close();
    }

    @Test
    @DisplayName("random scripts, every kind of fault, thousands of seeds: nothing is lost, doubled or out of order")
    void seeds() throws Throwable {
        Simulation.onThreadOfItsOwn(this::runSeeds);
    }

    private void runSeeds() {
        Long only = Long.getLong("seed");
        long first = only == null ? 0 : only;
        long last = only == null ? Long.getLong("seeds", SEEDS_DEFAULT) - 1 : only;
        Map<Faults.Kind, Long> injected = new EnumMap<>(Faults.Kind.class);
        long steps = 0;
        for (long seed = first; seed <= last; seed++) {
            Simulation world = run(seed);
            world.injected().forEach((kind, count) -> injected.merge(kind, count, Long::sum));
            steps += world.steps();
        }
        long seeds = last - first + 1;
        System.out.println("simulated TCP: " + seeds + " seeds, " + steps + " steps, faults injected " + injected);
        if (seeds >= SEEDS_FOR_EVERY_FAULT) {
            for (Faults.Kind kind : Faults.Kind.values()) {
                // without TLS there is no task
                assertTrue(kind == Faults.Kind.SLOW_TASK || injected.getOrDefault(kind, 0L) > 0,
                        "no seed injected " + kind);
            }
        }
    }

    private Simulation run(long seed) {
        try {
            return new TcpScenario(seed, buffers, otherWorker, false).run().world();
        } catch (AssertionError found) {
            String message = "seed " + seed + ", again with: " + COMMAND + seed;
            try {
                new TcpScenario(seed, new BufferPool(0), otherWorker, true).run();
            } catch (AssertionError again) {
                throw new AssertionError(message + "\n" + again.getMessage(), found);
            }
            throw new AssertionError(message + "\nbut not when run twice in one process", found);
        }
    }

    @Test
    @DisplayName("the same seed gives the same run, event by event, and another seed another")
    void repeatable() {
        List<String> before = List.of();
        for (long seed = 0; seed < 20; seed++) {
            List<List<String>> logs = new ArrayList<>();
            for (int round = 0; round < 2; round++) {
                logs.add(new TcpScenario(seed, buffers, otherWorker, true).run().world().log());
            }
            assertTrue(logs.get(0).size() > 10, "hardly anything happened: " + logs.get(0));
            assertEquals(logs.get(0), logs.get(1), "seed " + seed);
            assertNotEquals(before, logs.get(0));
            before = logs.get(0);
        }
    }
}
