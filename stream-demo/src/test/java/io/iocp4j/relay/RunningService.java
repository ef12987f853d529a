package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The relay as a service of Windows, by the launcher of its zip. It has no name of a test, so that no build runs it:
 * the wine-test of jna-native does. Nothing of a service with the name below may be there before.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RunningService {
    private static final String NAME = "relay-test";
    /** A command starts a JVM under Wine, and the launcher two; on a busy machine that takes some 20 s. */
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(2);
    private final String launcher = property("service.launcher");
    private final String relay = property("service.relay");
    private final Path data = Path.of(property("service.data"), NAME);

    private boolean removed;

    /** What a command has printed, and its exit code. */
    private record Said(int code, String text) {
    }

    private static String property(String name) {
        return Objects.requireNonNull(System.getProperty(name), "set -D" + name);
    }

    private static Said run(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        long begun = System.nanoTime();
        // not a pipe: programs of Wine that live on, and were started with this one, would keep it open
        Path said = Files.createTempFile("said", ".txt");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        try {
            assertTrue(process.waitFor(COMMAND_LIMIT.toSeconds(), TimeUnit.SECONDS), () -> command + " hangs");
            String text = Files.readString(said).replace("\r", "").lines().filter(line -> !line.contains("affinity"))
                    .reduce("", (x, y) -> x + y + "\n").strip();
            System.out.printf("%s: %d after %d ms%n%s%n", command, process.exitValue(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun), text);
            return new Said(process.exitValue(), text);
        } finally {
            process.destroyForcibly();
            Files.delete(said);
        }
    }

    private Said service(String action) throws IOException, InterruptedException {
        return run(relay, "service", action, "--name", NAME);
    }

    private static void assertSaid(int code, String part, Said said) {
        assertTrue(said.text().contains(part), said.text());
        assertEquals(code, said.code(), said.text());
    }

    @AfterEach
    void remove() throws IOException, InterruptedException {
        if (!removed) {
            service("uninstall");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Test
    @Shows("G1")
    @DisplayName("it is installed, starts, says goodbye to a viewer when it stops in time, and is removed")
    void life() throws IOException, InterruptedException {
        assertSaid(2, "--prot", run(relay, "service", "install", "--name", NAME, "--prot", "1"));
        int port = freePort();
        assertSaid(0, "the service " + NAME + " is installed",
                run(launcher, "service", "install", "--name", NAME, "--port", String.valueOf(port)));
        assertSaid(0, "is running, process ", service("start"));
        Path log = data.resolve("service.log");
        String first = Files.readString(log);
        assertTrue(first.lines().anyMatch(line -> line.endsWith(", engine iocp")), first);

        HttpClient http = HttpClient.newHttpClient();
        try (TestViewer viewer = TestViewer.open(http, URI.create("ws://127.0.0.1:" + port + "/live/test"))) {
            assertEquals(200, http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/healthz"))
                    .build(), HttpResponse.BodyHandlers.discarding()).statusCode());
            // fails if it takes longer than the service has announced
            assertSaid(0, "has stopped", service("stop"));
            boolean bye = false;
            TestViewer.Event event = viewer.next();
            for (; event.text() != null || event.unit() != null; event = viewer.next()) {
                bye |= event.text() != null && event.text().contains("\"bye\"");
            }
            assertTrue(bye, "the viewer was not told");
            assertEquals(1001, event.code(), event::toString);
        } finally {
            http.shutdownNow();
        }
        assertSaid(1, "is stopped", service("status"));
        assertTrue(Files.readString(log).contains("relay stops"), Files.readString(log));
        assertSaid(0, "is removed", service("uninstall"));
        removed = true;
        assertSaid(2, "there is no such service", service("start"));
    }
}
