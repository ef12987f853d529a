package io.iocp4j.websocket;

import io.iocp4j.core.SteppedWorld;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpServer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Threads of an application between any two steps of the library, from seeds: {@code -Dseeds=N} runs the seeds 0 to N -
 * 1, {@code -Dseed=S} only that one. A seed that fails is run again with a log of the switches.
 */
@DisplayName("WebSockets with threads that are stepped one at a time")
class SteppedWebSocketTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(WebSocketListener.class, TcpConnection.class, TcpServer.class);

    private static final String COMMAND =
            "mvn test -pl websocket -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=SteppedWebSocketTest#";
    private static final int SEEDS_DEFAULT = 150;

    @Test
    @DisplayName("any public method by any thread at any step: callbacks in order, onClose once, every message in "
            + "its place, nothing "
            + "hangs, nothing is left")
    void everyMethodAtAnyTime() throws Throwable {
        SteppedWorld.runSeeds(SteppedWebSockets.class, SEEDS_DEFAULT, COMMAND + "everyMethodAtAnyTime -Dseed=");
    }

    @Test
    @DisplayName("messages stream while threads pause and resume: none is lost, doubled or cut")
    void pausesAmongMessages() throws Throwable {
        SteppedWorld.runSeeds(SteppedPauses.class, SEEDS_DEFAULT, COMMAND + "pausesAmongMessages -Dseed=");
    }

    @Test
    @DisplayName("openings with a time limit that ends at any step, and some that are given up: each ends by then, "
            + "and its listener hears "
            + "of it once")
    void openingsWithShortLimits() throws Throwable {
        SteppedWorld.runSeeds(SteppedOpenings.class, SEEDS_DEFAULT, COMMAND + "openingsWithShortLimits -Dseed=");
    }
}
