package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("e2e")
@DisplayName("curl and our server")
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class CurlTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    @DisplayName("curl prints what the server sends, and ends well when the server closes")
    void prints() throws IOException {
        Installed.require("curl");
        String build = run("--version");
        if (build.lines().noneMatch(line -> line.startsWith("Protocols:") && (line + " ").contains(" ws "))) {
            System.out.println("e2e: skipped, this curl is built without ws://: "
                    + build.lines().findFirst().orElse(""));
            Assumptions.abort("curl is built without ws://");
        }
        try (TestServer server = TestServer.webSockets(Greeter::new)) {
            assertEquals("hello\nworld\n", run("--silent", "--show-error", "--no-buffer", server.uri().toString()));
        }
    }

    private static String run(String... arguments) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("curl");
        builder.command().addAll(List.of(arguments));
        try (ChildProcess curl = ChildProcess.start("curl", builder)) {
            int code = curl.awaitExit(LIMIT);
            StringBuilder printed = new StringBuilder();
            curl.lines().forEach(line -> printed.append(line.text()).append('\n'));
            assertEquals(0, code, printed.toString());
            return printed.toString();
        }
    }

    private static final class Greeter implements WebSocketListener {
        @Override
        public void onOpen(WebSocket socket) {
            socket.trySend("hello\n");
            socket.trySend("world\n");
            socket.close();
        }
    }
}
