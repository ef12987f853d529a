package io.iocp4j.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An idle connection")
class IdleCostTest {
    private static final int CONNECTIONS = 2_000;
    private static final int BYTES_MAX = 4 << 10;

    @Test
    @DisplayName("costs its server 4 KiB of heap and direct memory at most, after it has carried a message")
    void bound() throws IOException {
        assumeTrue(File.separator.equals("/"), "memory is measured in a JVM that is started as on Linux");
        long bytes = IdleCost.measured(IdleCost.class, "tcp", CONNECTIONS).counted();
        assertTrue(bytes > 512, "not even its receive buffer was counted: " + bytes);
        assertTrue(bytes <= BYTES_MAX, bytes + " bytes");
    }
}
