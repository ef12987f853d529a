package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The log of a service")
class LogFileTest {
    @TempDir
    private Path directory;

    private static void write(LogFile log, String text) throws IOException {
        log.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    @DisplayName("begins a new file when it is long, and keeps one before it")
    void rotates() throws IOException {
        Path file = directory.resolve("service.log");
        try (LogFile log = new LogFile(file, 10)) {
            write(log, "line 1\n");
            write(log, "line 2\n");
            write(log, "line 3\n");
            assertEquals("line 1\nline 2\n", Files.readString(directory.resolve("service.log.1")));
            write(log, "line 4\n");
            write(log, "line 5\n");
        }
        assertEquals("line 3\nline 4\n", Files.readString(directory.resolve("service.log.1")));
        assertEquals("line 5\n", Files.readString(file));
    }

    @Test
    @DisplayName("goes on behind the lines of an earlier start")
    void appends() throws IOException {
        Path file = directory.resolve("service.log");
        for (int start = 0; start < 2; start++) {
            try (LogFile log = LogFile.open(file)) {
                write(log, "start " + start + "\n");
            }
        }
        assertEquals("start 0\nstart 1\n", Files.readString(file));
    }

    @Test
    @DisplayName("is lost where it cannot be written, and the relay goes on")
    void noDirectory() throws IOException {
        try (LogFile log = LogFile.open(directory.resolve("missing/service.log"))) {
            write(log, "lost\n");
        }
    }

    @Test
    @DisplayName("is named by the arguments that the service manager gives, and by no others")
    void named() {
        assertEquals(Path.of("x.log"), LogFile.ofService(List.of("service", "run", "relay", "x.log", "--port", "1")));
        assertNull(LogFile.ofService(List.of("service", "run", "relay")));
        assertNull(LogFile.ofService(List.of("serve", "run", "relay", "x.log")));
    }
}
