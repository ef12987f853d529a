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
import java.nio.charset.StandardCharsets;
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
    private static final String NONE = "the service " + NAME + " is not installed";
    /** A command starts a JVM under Wine, twice with its launcher; on a busy machine that takes half a minute. */
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(2);
    /** What the service announces to the service manager. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    private final String relay = property("service.relay");
    private final Path data = Path.of(property("service.data"), NAME);

    /** What a command has printed, and its exit code. */
    private record Said(int code, String text, Duration time) {
    }

    private static String property(String name) {
        return Objects.requireNonNull(System.getProperty(name), "set -D" + name);
    }

    private Said run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(relay));
        command.addAll(List.of(arguments));
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile())).start();
        try {
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .replace("\r", "").lines().filter(line -> !line.contains("affinity")).reduce("", (a, b) ->
                            a + b + "\n").strip();
            assertTrue(process.waitFor(COMMAND_LIMIT.toSeconds(), TimeUnit.SECONDS), () -> command + " hangs: " + text);
            Duration time = Duration.ofNanos(System.nanoTime() - begun);
            System.out.println(command + ": " + process.exitValue() + " after " + time.toMillis() + " ms\n" + text);
            return new Said(process.exitValue(), text, time);
        } finally {
            process.destroyForcibly();
        }
    }

    private Said service(String action) throws IOException, InterruptedException {
        return run("service", action, "--name", NAME);
    }

    private static void assertSaid(int code, String part, Said said) {
        assertTrue(said.text().contains(part), said.text());
        assertEquals(code, said.code(), said.text());
    }

    @AfterEach
    void remove() throws IOException, InterruptedException {
        service("uninstall");
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
        assertSaid(1, NONE, service("status"));
        assertSaid(2, "there is no such service", service("start"));
        assertSaid(2, "--prot", run("service", "install", "--name", NAME, "--prot", "1"));
        assertSaid(1, NONE, service("status"));
        int port = freePort();
        Said installed = run("service", "install", "--name", NAME, "--port", String.valueOf(port));
        assertSaid(0, "the service " + NAME + " is installed", installed);
        assertSaid(2, "there is such a service already", run("service", "install", "--name", NAME));
        assertSaid(1, "is stopped", service("status"));
        assertSaid(0, "is running, process ", service("start"));
        assertSaid(0, "is running, process ", service("status"));
        assertSaid(2, "it runs already", service("start"));
        Path log = data.resolve("service.log");
        String first = Files.readString(log);
        assertTrue(first.lines().anyMatch(line -> line.endsWith(", engine iocp")), first);

        HttpClient http = HttpClient.newHttpClient();
        try (TestViewer viewer = TestViewer.open(http, URI.create("ws://127.0.0.1:" + port + "/live/test"))) {
            assertEquals(200, http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/healthz"))
                    .build(), HttpResponse.BodyHandlers.discarding()).statusCode());
            Said stopped = service("stop");
            assertSaid(0, "has stopped", stopped);
            assertTrue(stopped.time().compareTo(COMMAND_LIMIT) < 0);
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
        assertSaid(2, "it does not run", service("stop"));
        assertSaid(0, "is removed", service("uninstall"));
        assertSaid(1, NONE, service("status"));
    }

    @Test
    @DisplayName("a console cannot be the service, and an unknown action is refused")
    void console() throws IOException, InterruptedException {
        assertSaid(2, "service takes install, uninstall, start, stop, status or run", service("restart"));
        // its words go to the log, since a service has no console
        Said said = run("service", "run", NAME, property("service.foreign-log"));
        assertEquals(2, said.code(), said.text());
    }
}
