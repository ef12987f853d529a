package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.result.Histogram;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The process of a load answers lines with lines")
class LoadMainTest {
    /** Runs the program in this process: exit code, output and errors. */
    private static String run(String args, String lines) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = LoadMain.serve(args.split(" "), new ByteArrayInputStream(lines.getBytes(StandardCharsets.US_ASCII)),
                new PrintStream(out), new PrintStream(err));
        return code + "\n" + out.toString(StandardCharsets.UTF_8) + err.toString(StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("each run and each rest has one line, in their order")
    void lines() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> in.transferTo(out))) {
            String[] lines = run("tcp-echo:connections=2 localhost " + server.address().getPort(),
                    "rest\nrun 0.05\nrest\nrun 0\n").split("\n");
            assertEquals("0", lines[0]);
            assertEquals("ready 2", lines[1]);
            assertEquals("rest", lines[2]);
            LoadResult result = LoadResult.parse(lines[3]);
            assertTrue(result.messages() > 0, lines[3]);
            assertEquals(lines[3], result.line());
            assertEquals("rest", lines[4]);
            assertEquals(6, lines.length);
        }
    }

    @Test
    @DisplayName("a result without durations has a hyphen in their place")
    void noHistogram() {
        LoadResult result = new LoadResult(1, 2, 3, 4, 5, 1, null);
        assertEquals("1 2 3 4 5 1 -", result.line());
        assertEquals(result, LoadResult.parse(result.line()));
        Histogram one = new Histogram();
        one.record(7);
        assertEquals(7, LoadResult.parse(new LoadResult(1, 2, 3, 4, 5, 1, one).line()).latency().largest());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {"tcp-echo | load: usage: LoadMain WORKLOAD HOST PORT",
        "tcp-ecko localhost 1 | load: no workload is called tcp-ecko, did you mean tcp-echo?",
        "tcp-echo localhost x | load: usage", "tcp-echo localhost 99999 | load: port out of range"})
    @DisplayName("wrong arguments end it with 2 and a reason")
    void wrong(String args, String message) {
        String said = run(args, "");
        assertTrue(said.startsWith("2\n" + message), said);
    }

    @Test
    @DisplayName("a line that it does not know ends it with 2")
    void wrongLine() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> in.transferTo(out))) {
            String said = run("tcp-echo:connections=1 localhost " + server.address().getPort(), "run fast\n");
            assertTrue(said.startsWith("2\nready 1\nload: no line \"run fast\"; there are run SECONDS and rest"), said);
        }
    }

    @Test
    @DisplayName("a server that is not there ends it with 1")
    void refused() throws IOException {
        ScriptedServer gone = new ScriptedServer((in, out) -> { });
        gone.close();
        assertTrue(run("tcp-echo localhost " + gone.address().getPort(), "").startsWith("1\nload: "));
    }
}
