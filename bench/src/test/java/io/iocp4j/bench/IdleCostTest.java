package io.iocp4j.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The memory of an idle connection has a bound")
class IdleCostTest {
    private static final int CONNECTIONS = 2_000;
    private static final int BYTES_MAX = 4 << 10;

    @Test
    @DisplayName("an idle connection that has carried a message costs at most 4 KiB of heap and direct memory")
    void bound() throws IOException {
        assumeTrue(File.separator.equals("/"), "the JVM that measures memory is started as on Linux");
        long bytes = IdleCost.measured(IdleCost.class, "tcp", CONNECTIONS).counted();
        assertTrue(bytes > 512, "not even its receive buffer was counted: " + bytes);
        assertTrue(bytes <= BYTES_MAX, bytes + " bytes");
    }
}
