package io.iocp4j.core;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Threads of an application between any two steps of the library, from seeds: {@code -Dseeds=N} runs the seeds 0 to N -
 * 1, {@code -Dseed=S} only that one. A seed that fails is run again with a log of the switches.
 */
@DisplayName("TCP with threads that are stepped one at a time")
class SteppedTcpTest {
    private static final String COMMAND = "mvn test -pl iocp-core -Dtest=SteppedTcpTest#";
    private static final int SEEDS_DEFAULT = 300;

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
    @DisplayName("any public method by any thread at any step: callbacks in order, onClose once, every byte in its "
            + "place, nothing hangs, "
            + "nothing is left")
    void everyMethodAtAnyTime() throws Throwable {
        SteppedWorld.runSeeds(SteppedTcp.class, SEEDS_DEFAULT, COMMAND + "everyMethodAtAnyTime -Dseed=");
    }

    @Test
    @DisplayName("and memory runs out at any place: who needed it then may end, or says so to its caller; nothing "
            + "hangs, is torn "
            + "or is left")
    void memoryRunsOut() throws Throwable {
        SteppedWorld.runSeeds(SteppedMemory.class, SEEDS_DEFAULT, COMMAND + "memoryRunsOut -Dseed=");
    }
}
