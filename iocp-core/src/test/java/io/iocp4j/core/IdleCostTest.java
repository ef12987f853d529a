package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("An idle connection")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the memory of a connection is measured on Linux")
class IdleCostTest {
    private static final int CONNECTIONS = 2_000;
    private static final int BYTES_MAX = 4 << 10;

    @Test
    @DisplayName("costs its server 4 KiB of heap and direct memory at most, after it has carried a message")
    void bound() throws IOException {
        long bytes = IdleCost.measured(IdleCost.class, "tcp", CONNECTIONS).counted();
        assertTrue(bytes > 512, "not even its receive buffer was counted: " + bytes);
        assertTrue(bytes <= BYTES_MAX, bytes + " bytes");
    }
}
