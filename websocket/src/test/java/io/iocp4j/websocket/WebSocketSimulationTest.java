package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.BufferPool;
import io.iocp4j.core.Shows;
import io.iocp4j.core.Simulation;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpServer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Both ends of WebSockets with random scripts on a network with faults, from seeds. {@code -Dseeds=N} runs the seeds 0
 * to N - 1, {@code -Dseed=S} only that one. A seed that fails is run again with a log, of which the end is in the
 * message.
 */
@DisplayName("WebSockets under a simulated network")
class WebSocketSimulationTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(WebSocketListener.class, TcpConnection.class, TcpServer.class);

    private static final String COMMAND = "mvn test -pl websocket -am -Dsurefire.failIfNoSpecifiedTests=false "
            + "-Dtest=WebSocketSimulationTest -Dseed=";
    private static final int SEEDS_DEFAULT = 10_000;

    private final BufferPool buffers = new BufferPool(1 << 20);

    @Test
    @Timeout(600)
    @Shows("A6")
    @DisplayName("two-sided scripts, thousands of seeds: one onClose for each side, every message whole and in "
            + "order, clean "
            + "where both have sent a Close frame")
    void seeds() throws Throwable {
        Simulation.onThreadOfItsOwn(this::runSeeds);
    }

    private void runSeeds() {
        Long only = Long.getLong("seed");
        long first = only == null ? 0 : only;
        long last = only == null ? Long.getLong("seeds", SEEDS_DEFAULT) - 1 : only;
        long messages = 0;
        long clean = 0;
        long compressed = 0;
        for (long seed = first; seed <= last; seed++) {
            WebSocketScenario scenario = run(seed);
            messages += scenario.messages();
            clean += scenario.cleanCloses();
            compressed += scenario.compressed() ? 1 : 0;
        }
        System.out.println("simulated WebSockets: " + (last - first + 1) + " seeds, " + compressed
                + " with compression, " + messages
                + " messages, " + clean + " clean ends");
        assertTrue(only != null || messages > 5 * (last - first), "hardly anything happened");
        assertTrue(only != null || compressed > (last - first) / 5, "hardly anything was compressed");
    }

    private WebSocketScenario run(long seed) {
        try {
            return new WebSocketScenario(seed, buffers, false).run();
        } catch (AssertionError found) {
            String message = "seed " + seed + ", again with: " + COMMAND + seed;
            try {
                new WebSocketScenario(seed, new BufferPool(0), true).run();
            } catch (AssertionError again) {
                throw new AssertionError(message + "\n" + again.getMessage(), found);
            }
            throw new AssertionError(message + "\nbut not when run twice in one process", found);
        }
    }
}
