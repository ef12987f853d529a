package io.iocp4j.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("long")
@DisplayName("The memory of an idle WebSocket has a bound")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class WebSocketIdleCostTest {
    private static final int KIB = 1 << 10;

    @ParameterizedTest(name = "{0}: {1} KiB")
    @CsvSource({"plain, 6", "agreed, 6", "fresh, 10"})
    @Shows("10,000 idle")
    @DisplayName("each of 10,000 idle WebSockets without a compression context costs its server at most a few KiB")
    void withoutContext(String kind, int most) throws IOException {
        IdleCost.Bytes bytes = measured(kind, 10_000);
        assertTrue(bytes.counted() > KIB, "not even its buffers were counted: " + bytes);
        assertTrue(bytes.counted() <= most * KIB, bytes.toString());
        assertTrue(bytes.resident() <= most * KIB, bytes.toString());
    }

    @Test
    @DisplayName("each of 500 idle WebSockets that keep both compression contexts costs at most 320 KiB")
    void withContext() throws IOException {
        IdleCost.Bytes bytes = measured("takeover", 500);
        assertTrue(bytes.counted() <= 48 * KIB, bytes.toString());
        Assumptions.assumeTrue(bytes.resident() > 0, "this system does not report physical memory");
        assertTrue(bytes.resident() > 200 * KIB, "the contexts were not counted: " + bytes);
        assertTrue(bytes.resident() <= 320 * KIB, bytes.toString());
    }

    private static IdleCost.Bytes measured(String kind, int connections) throws IOException {
        IdleCost.Bytes bytes = IdleCost.measured(WebSocketIdleCost.class, kind, connections);
        System.out.println("long: an idle WebSocket, " + kind + ", of " + connections + ": " + bytes);
        return bytes;
    }
}
