package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.JsonTree;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("e2e")
@DisplayName("The log of a relay in its own process")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ProcessLogTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String TOKEN = "tok-0123456789abcdef";

    @TempDir
    private Path folder;

    @Test
    @Shows("E5")
    @DisplayName("is one JSON object for each line, in the terminal and in its file, without a token in full")
    void json() throws Exception {
        Path file = folder.resolve("relay.log");
        try (RelayProcess relay = RelayProcess.start("--log", "json", "--log-file", file.toString(),
                "--log-level", "debug")) {
            use(relay);
            relay.awaitLog("viewer v1 left", LIMIT);
        }
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            assertFalse(line.contains(TOKEN), line);
            lines.add(JsonTree.readObject(line));
        }
        assertTrue(lines.size() >= 3, lines::toString);
        for (Map<String, Object> line : lines) {
            Instant.parse((String) line.get("ts"));
            assertTrue(line.get("logger") instanceof String && line.get("msg") instanceof String, line::toString);
            assertTrue(List.of("debug", "info", "warning", "error").contains(line.get("level")), line::toString);
        }
        Map<String, Object> left = lines.stream().filter(line -> line.get("msg").toString().contains("v1 left"))
                .findFirst().orElseThrow();
        assertEquals(List.of("v1", "test", 1000.0), List.of(left.get("viewer"), left.get("path"), left.get("code")));
    }

    @Test
    @DisplayName("begins a new file when the current one is full")
    void rotation() throws Exception {
        Path file = folder.resolve("relay.log");
        try (RelayProcess relay = RelayProcess.start("--log-file", file.toString(), "--log-file-size", "1k",
                "--log-files", "2")) {
            for (int i = 1; i <= 6; i++) {
                use(relay);
                relay.awaitLog("viewer v" + i + " left", LIMIT);
            }
        }
        assertTrue(Files.size(folder.resolve("relay.log.1")) >= 1 << 10);
        assertFalse(Files.exists(folder.resolve("relay.log.2")));
        assertTrue(Files.readString(file).endsWith(System.lineSeparator()));
    }

    /** Watches the test picture for a moment, with a token in the address and in a control text. */
    private static void use(RelayProcess relay) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI page = URI.create(relay.address() + "api/v1/streams?token=" + TOKEN);
            HttpRequest request = HttpRequest.newBuilder(page).header("Authorization", "Bearer " + TOKEN)
                    .timeout(LIMIT).build();
            http.send(request, HttpResponse.BodyHandlers.discarding());
            URI live = URI.create(relay.address().replace("http:", "ws:") + "live/test?token=" + TOKEN);
            TestViewer viewer = TestViewer.open(http, live, RelayServer.SUBPROTOCOL).greeted();
            viewer.send("{\"t\":\"unknown\",\"token\":\"" + TOKEN + "\"}");
            viewer.socket.sendClose(1000, "token=" + TOKEN).join();
            http.shutdownNow();
        }
    }
}
