package io.iocp4j.bench.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.LoadMain;
import io.iocp4j.bench.load.LoadResult;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Server and load are processes that are driven by lines")
class MainsTest {
    /** A process of this build and its lines. */
    private record Child(Process process, PrintWriter to, BufferedReader from) implements AutoCloseable {
        static Child start(Class<?> main, String... args) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx128m",
                    "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main.getName()));
            command.addAll(List.of(args));
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            return new Child(process, new PrintWriter(process.getOutputStream(), true),
                    new BufferedReader(new InputStreamReader(process.getInputStream())));
        }

        String line() throws IOException {
            return from.readLine();
        }

        String ask(String line) throws IOException {
            to.println(line);
            return line();
        }

        int end() throws InterruptedException {
            to.close();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still there");
            return process.exitValue();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Test
    @DisplayName("a server prints its port, a load runs against it, and both end with their input")
    void together() throws IOException, InterruptedException {
        try (Child server = Child.start(ServerMain.class, "bare-aio", "protocol=ws", "workers=2")) {
            int port = Integer.parseInt(server.line());
            try (Child load = Child.start(LoadMain.class, "ws-echo:connections=3", "localhost", "" + port)) {
                assertEquals("ready 3", load.line());
                String before = server.ask("counters");
                assertTrue(before.matches("\\d+ \\d+ \\d+"), before);
                LoadResult result = LoadResult.parse(load.ask("run 0.2"));
                assertTrue(result.messages() > 0 && result.failures() == 0, result::line);
                assertEquals(result.messages(), result.latency().count());
                assertEquals("rest", load.ask("rest"));
                assertTrue(Long.parseLong(server.ask("memory")) > 0);
                assertEquals(0, load.end());
            }
            assertEquals(0, server.end());
        }
    }

    @Test
    @DisplayName("the list has each server with its features")
    void list() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertEquals(0, ServerMain.serve(new String[] {"list"}, InputStream.nullInputStream(), new PrintStream(out),
                System.err));
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(Servers.names(), lines.stream().map(line -> line.substring(0, line.indexOf(' '))).toList());
        assertTrue(lines.contains("bare-threads tcp ws"), lines.toString());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "bare-aio protocol | server: protocol is neither", "nobody | server: no server is called nobody; there are [",
        "bare-aio protocol=tls | server: bare-aio does not serve the protocol tls",
        "bare-aio workers=0 | server: workers=0 is neither",
        "bare-selector workers=2 | server: bare-selector has one worker, not 2"})
    @DisplayName("wrong arguments of a server end it with 2 and a reason")
    void wrong(String args, String message) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] split = args.isEmpty() ? new String[0] : args.split(" ");
        int code = ServerMain.serve(split, InputStream.nullInputStream(), System.out, new PrintStream(err));
        assertEquals(2, code);
        assertTrue(err.toString(StandardCharsets.UTF_8).startsWith(message), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    @DisplayName("a server without a name ends with 2")
    void usage() {
        InputStream none = InputStream.nullInputStream();
        assertEquals(2, ServerMain.serve(new String[0], none, System.out, System.err));
    }

    @Test
    @DisplayName("a line that a server does not know ends it with 2")
    void wrongLine() {
        InputStream lines = new ByteArrayInputStream("counters\nnothing\n".getBytes(StandardCharsets.US_ASCII));
        assertEquals(2, ServerMain.serve(new String[] {"bare-selector"}, lines, System.out, System.err));
    }
}
