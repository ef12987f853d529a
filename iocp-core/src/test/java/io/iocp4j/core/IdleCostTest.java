package io.iocp4j.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An idle connection")
class IdleCostTest {
    private static final int CONNECTIONS = 2_000;
    private static final int BYTES_MAX = 4 << 10;

    /** In a JVM of its own: in this one leaks are watched, and what other tests left would be counted. */
    @Test
    @DisplayName("costs its server 4 KiB of heap and direct memory at most, after it has carried a message")
    void bound() throws Exception {
        long bytes = measured();
        assertTrue(bytes > 512, "not even its receive buffer was counted: " + bytes);
        assertTrue(bytes <= BYTES_MAX, bytes + " bytes");
    }

    private static long measured() throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path"), IdleCost.class.getName(), Integer.toString(CONNECTIONS))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            return Long.parseLong(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        } finally {
            process.destroy();
        }
    }
}
