package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Interval;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import io.iocp4j.bench.result.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The lab checks itself")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ChecksTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private Plan plan(int rounds, double seconds) throws IOException {
        Settings settings = new Settings(1, Cores.choose(1), Settings.FLAGS_DEFAULT, directory.resolve("logs"));
        return new Plan("lab check", List.of(Workload.parse("tcp-echo:connections=4")),
                List.of(new Catalogue(null).get("bare-selector")), rounds, 1, seconds, 0.3, 7, false, directory,
                Path.of("").toAbsolutePath(), settings);
    }

    private PrintStream out() {
        return new PrintStream(printed, true, StandardCharsets.UTF_8);
    }

    private String text() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static LoadCheck.Verdict verdict(double low, double high, int rounds) {
        return verdict(low, high, rounds, false);
    }

    private static LoadCheck.Verdict verdict(double low, double high, int rounds, boolean busy) {
        return LoadCheck.verdict(new Interval((low + high) / 2, low, high, 0.99, rounds), 0.05, busy);
    }

    @Test
    @DisplayName("two loads find the same only if the whole interval is near 1, and differ only if none of it is")
    void sides() {
        assertEquals(LoadCheck.Verdict.SAME, verdict(0.96, 1.04, 20));
        assertEquals(LoadCheck.Verdict.DIFFERENT, verdict(1.06, 1.2, 20));
        assertEquals(LoadCheck.Verdict.DIFFERENT, verdict(0.8, 0.94, 20));
        assertEquals(LoadCheck.Verdict.DOUBTFUL, verdict(0.94, 1.04, 20));
        assertEquals(LoadCheck.Verdict.DOUBTFUL, verdict(1.06, 1.2, 7));
        assertEquals(LoadCheck.Verdict.DOUBTFUL, verdict(Double.NaN, Double.NaN, 0));
        assertEquals(LoadCheck.Verdict.SAME, verdict(0.96, 1.04, 20, true));
        assertEquals(LoadCheck.Verdict.DOUBTFUL, verdict(1.06, 1.2, 20, true));
    }

    @Test
    @DisplayName("the load in C runs in turn with that of the lab, against the same server")
    void loads() throws Exception {
        // so wide a limit that a busy machine cannot fail it
        assertTrue(new LoadCheck(plan(3, 0.05), 0.9, out()).passes(), text());
        if (text().startsWith("NOT CHECKED")) {
            System.out.println(text());
            return;
        }
        Run run = RunFile.read(directory);
        assertEquals(List.of("load in C", "load of the lab"), run.measured(run.workloads().getFirst()));
        assertEquals(6, run.samples().size());
        for (Sample sample : run.samples()) {
            assertTrue(sample.messages() > 0 && sample.serverCpuNanos() > 0, sample.toString());
            assertEquals(64 * sample.messages(), sample.bytes());
            assertEquals(0, sample.failures());
        }
    }

    @Test
    @DisplayName("a try compares a server with an equal one and with one that was made slower by a known part")
    void tries() throws Exception {
        boolean passes = new VerdictCheck(plan(8, 0.05), 1, 4, out(), out(), false).passes();
        List<String> lines = text().lines().toList();
        assertTrue(text().contains("400.0 % of "), text());
        assertTrue(text().contains("bare-selector+0ns against bare-selector"), text());
        // on a busy machine it may be impossible to tell; this is never called faster
        assertFalse(lines.getLast().contains("faster 1"), text());
        assertTrue(lines.getLast().matches("planted slowdown: slower [01], faster 0, cannot tell [01]"), text());
        assertEquals(passes, lines.getLast().contains("slower 1")
                && lines.get(lines.size() - 2).contains("cannot tell 1"), text());
    }
}
