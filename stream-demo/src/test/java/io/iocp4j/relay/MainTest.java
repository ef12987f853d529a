package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.CompletionPortProvider;
import io.iocp4j.core.JavaProgram;
import io.iocp4j.core.PortOptions;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The command line")
class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... args) {
        return Main.run(List.of(args), new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true,
                StandardCharsets.UTF_8), thrown -> {
                    throw new AssertionError(thrown);
                });
    }

    private void assertWrong(int code, String part) {
        String text = err.toString(StandardCharsets.UTF_8);
        assertEquals(2, code);
        assertTrue(text.startsWith("relay: ") && text.contains(part), text);
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.endsWith(System.lineSeparator()), "the line has no end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "-h", "help", "serve --help", "serve --port 1 -h"})
    @DisplayName("help is printed, with exit code 0")
    void help(String line) {
        assertEquals(0, line.isEmpty() ? run() : run(line.split(" ")));
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("usage: relay serve [options]"));
        assertEquals("", err.toString(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            publish,                     unknown command publish
            --port 8080,                 unknown command --port
            serve --prot 1,              unknown option --prot
            serve --prot 1,              the nearest that exists is --port
            serve --no-test-picure,      the nearest that exists is --no-test-picture
            serve --no-port,             unknown option --no-port
            serve x,                     unknown option x
            serve --port,                --port needs a value
            serve --host,                --host needs a value
            serve --port http,           '--port needs a number, not http'
            serve --port 80 --port 1e3,  'a number, not 1e3'
            serve --port -1,             'from 0 to 65535, not -1'
            serve --port 65536,          'from 0 to 65535, not 65536'
            serve --port 99999999999,    'from 0 to 65535, not 99999999999'
            serve --max-lag,             --max-lag needs a value
            serve --max-lag 500,         'a time with its unit, such as 500ms'
            serve --max-lag 0s,          'a time from 1ms to 7d, not 0s'
            serve --min-queue 32m,       --max-queue must not be below --min-queue
            serve --max-head,            --max-head needs a value
            serve --max-head 63,         '64 to 1048576 bytes, not 63'
            serve --max-head 1048577,    '64 to 1048576 bytes, not 1048577'
            serve --engine,              --engine needs a value
            """)
    @DisplayName("a wrong argument prints one line that names it, with exit code 2")
    void wrongArguments(String line, String part) {
        assertWrong(run(line.split(" ")), part);
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @DisplayName("the command service prints one line where there are no services of Windows, with exit code 2")
    void service() {
        assertWrong(run("service", "install", "--port", "0"), "service needs Windows");
    }

    @Test
    @DisplayName("a service of Windows writes to the file that it is started with, every other command to the terminal")
    void serviceLog(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("new/service.log");
        try (OutputStream log = Main.serviceLog(List.of("service", "run", "relay", file.toString(), "--port", "1"))) {
            log.write("line\n".getBytes(StandardCharsets.US_ASCII));
        }
        assertEquals("line\n", Files.readString(file));
        assertNull(Main.serviceLog(List.of("serve", "--port", "1", "x")));
        assertNull(Main.serviceLog(List.of("service", "run", "relay")));
        // a directory in place of the file: the relay serves without a log
        try (OutputStream log = Main.serviceLog(List.of("service", "run", "relay", directory.toString()))) {
            log.write(1);
        }
    }

    @Test
    @DisplayName("a certificate for no host prints one line, with exit code 2")
    void certificate() {
        assertWrong(run("cert"), "at least one host");
    }

    @Test
    @DisplayName("a port that is taken prints one line that names it, with exit code 2, and leaves nothing running")
    void portTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = String.valueOf(taken.getLocalPort());
            assertWrong(run("serve", "--port", port), "cannot listen on 127.0.0.1:" + port);
        }
    }

    @Test
    @DisplayName("an address of another machine prints one line that names it, with exit code 2")
    void foreignAddress() {
        int code = run("serve", "--no-test-picture", "--port", "0", "--host", "192.0.2.1");
        assertWrong(code, "cannot listen on 192.0.2.1:0");
    }

    @Test
    @DisplayName("a host name that does not exist prints one line that names it, with exit code 2")
    void unknownHost() {
        int code = run("serve", "--port", "0", "--host", "no.such.host.invalid");
        assertWrong(code, "cannot listen on no.such.host.invalid:0");
    }

    @ParameterizedTest
    @CsvSource({"none, no engine is called none", "nio, no engine is called nio", "best-of-all, there are"})
    @DisplayName("an unknown engine prints one line that names it and those that are there, with exit code 2")
    void unknownEngine(String engine, String part) {
        assertWrong(run("serve", "--port", "0", "--no-test-picture", "--engine", engine), part);
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("selector"), err::toString);
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    @DisplayName("an engine that cannot run here prints one line that says why, with exit code 2")
    void engineWithAnObstacle(@TempDir Path directory) throws Exception {
        Path services = Files.createDirectories(directory.resolve("META-INF/services"));
        Files.writeString(services.resolve(CompletionPortProvider.class.getName()), Obstructed.class.getName());
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(loader);
            assertWrong(run("serve", "--port", "0", "--no-test-picture", "--engine", "obstructed"),
                    "engine obstructed: it needs another system");
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    /** An engine of another system. */
    public static final class Obstructed implements CompletionPortProvider {
        @Override
        public String name() {
            return "obstructed";
        }

        @Override
        public Optional<String> obstacle() {
            return Optional.of("it needs another system");
        }

        @Override
        public CompletionPort open(PortOptions options) {
            throw new AssertionError("it cannot run here");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"selector", "aio"})
    @DisplayName("the first line names the engine that was asked for")
    void engine(String engine) throws Exception {
        Process relay = new ProcessBuilder(JavaProgram.command("-cp", System.getProperty("java.class.path"),
                Main.class.getName(), "serve", "--port", "0", "--no-test-picture", "--engine", engine))
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader said = relay.inputReader()) {
            String line = said.readLine();
            assertTrue(line.endsWith(", engine " + engine), line);
        } finally {
            relay.destroyForcibly().waitFor();
        }
    }
}
