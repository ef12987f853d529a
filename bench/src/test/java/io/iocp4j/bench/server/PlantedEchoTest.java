package io.iocp4j.bench.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.run.Catalogue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A slowdown that is planted in an echo")
class PlantedEchoTest {
    @Test
    @DisplayName("is a loop of additions, longer for more nanoseconds, and none for 0")
    void additions() {
        assertEquals(0, PlantedEcho.additions(0));
        int little = PlantedEcho.additions(1_000);
        int much = PlantedEcho.additions(100_000);
        // a thousand dependent additions take at least 100 ns on any processor, and no more than 100 us
        assertTrue(little > 10 && little < 10_000, "additions in a microsecond: " + little);
        assertTrue(much > 10 * little, much + " is not much more than " + little);
    }

    @Test
    @DisplayName("leaves the echo right")
    void echo() throws IOException {
        byte[] sent = "the same".getBytes(StandardCharsets.US_ASCII);
        try (RunningServer server = Servers.start("bare-selector+1000ns", "tcp", 1);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write(sent);
            assertArrayEquals(sent, socket.getInputStream().readNBytes(sent.length));
        }
    }

    @Test
    @DisplayName("is a server by name that serves TCP, is no baseline, and stands in no list")
    void name() throws IOException {
        assertEquals(Set.of("tcp"), Servers.features("bare-selector+0ns"));
        assertFalse(new Catalogue(null).get("bare-selector+150ns").isBaseline());
        assertTrue(Servers.names().stream().noneMatch(Servers::isPlanted));
        assertFalse(Servers.isPlanted("bare-selector"));
        assertFalse(Servers.isPlanted("selector+150ns"));
    }
}
