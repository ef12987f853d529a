package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The files of a run keep all that was measured")
class RunFileTest {
    @TempDir
    private Path directory;

    private static Run run() {
        Synthetic synthetic = new Synthetic(1).servers("bare", "a \"b\", <c>")
                .rounds(Synthetic.ECHO, 2, Map.of("bare", 5.0, "a \"b\", <c>", 6.0));
        synthetic.samples.add(Synthetic.unknown(Synthetic.ECHO, "bare", 2));
        Run run = synthetic.run();
        Machine machine = new Machine("Linux", "6", Machine.UNKNOWN, "amd64", 2, Sample.UNKNOWN, "JVM", "");
        return new Run(run.command(), Long.MIN_VALUE, run.commit(), machine, run.started(), run.written(), false, 10,
                run.servers(), run.workloads(), run.samples(), List.of(
                        new Run.Benchmark("MaskingBenchmark.mask", "size=64", 1.5, Double.NaN, "ns/op"),
                        new Run.Benchmark("MaskingBenchmark.baseline", "", 2, 0.25, "ns/op")));
    }

    @Test
    @DisplayName("a run that was written is read again, with its histograms and with what is unknown")
    void roundTrip() throws IOException {
        Run run = run();
        RunFile.write(directory.resolve("new"), run);
        Run read = RunFile.read(directory.resolve("new"));
        assertEquals(withoutSamples(run), withoutSamples(read));
        assertEquals(run.samples().size(), read.samples().size());
        for (int i = 0; i < run.samples().size(); i++) {
            assertEquals(SampleFields.json(run.samples().get(i)), SampleFields.json(read.samples().get(i)));
        }
        assertEquals(2_000, read.samples().getFirst().latency().count());
        assertEquals(Sample.UNKNOWN, read.samples().getLast().serverCpuNanos());
    }

    private static Run withoutSamples(Run run) {
        return run.with(List.of(), run.written(), run.complete());
    }

    @Test
    @DisplayName("each round replaces the files, and nothing else is left in the directory")
    void replaced() throws IOException {
        Run run = run();
        RunFile.write(directory, run.with(run.samples().subList(0, 2), Instant.EPOCH, false));
        assertFalse(RunFile.read(directory).complete());
        RunFile.write(directory, run.with(run.samples(), Instant.EPOCH, true));
        assertTrue(RunFile.read(directory).complete());
        assertEquals(run.samples().size(), RunFile.read(directory).samples().size());
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of("run.json", "samples.csv"), files.map(file -> file.getFileName().toString()).sorted()
                    .toList());
        }
    }

    @Test
    @DisplayName("a file that cannot be replaced stays as it was, without a part of a new one beside it")
    void notReplaced() throws IOException {
        Path taken = Files.createDirectories(directory.resolve("run.json/with a file"));
        assertThrows(IOException.class, () -> RunFile.write(directory, run()));
        assertTrue(Files.exists(taken));
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(List.of("run.json"), files.map(file -> file.getFileName().toString()).toList());
        }
    }

    @Test
    @DisplayName("the CSV file has a line for each sample, quotes names, and leaves empty what is unknown")
    void csv() throws IOException {
        RunFile.write(directory, run());
        String[] lines = Files.readString(directory.resolve("samples.csv")).split("\r\n");
        assertEquals(6, lines.length);
        assertEquals("workload,server,round,nanos,messages,bytes,failures,serverCpuNanos,loadCpuNanos,loadThreads,"
                + "stolenNanos,allocatedBytes,gcCount,gcMillis,residentBytes,memoryPerConnection,systemCalls,"
                + "p50,p90,p99,p99.9,p99.99,max", lines[0]);
        assertTrue(lines[2].startsWith('"' + Synthetic.ECHO + "\",\"a \"\"b\"\", <c>\",0,1000000000,"), lines[2]);
        assertEquals('"' + Synthetic.ECHO + "\",bare,2,,,,,,,1,,,,,,,,,,,,,", lines[5]);
    }

    @Test
    @DisplayName("a file that lacks a member, or has another format, is refused with its name")
    void refused() throws IOException {
        RunFile.write(directory, run());
        Path file = directory.resolve("run.json");
        String good = Files.readString(file);
        String[][] wrong = {{"\"seed\"", "\"sead\"", "has no member seed"},
            {"\"messages\"", "\"massages\"", "samples 0 has no member messages"},
            {"\"format\": 1", "\"format\": 2", "format 2 instead of 1"},
            {"\"complete\": false", "\"complete\": 0", "complete is no Boolean"},
            {"2026-01-02T03:04:05Z", "yesterday", "could not be parsed"},
            {"\"cores\": 2", "\"cores\": 3000000000", "cores is too large"},
            {"\"workload\": \"ws-echo", "\"workload\": \"ws-ache", "unknown workload"}};
        for (String[] one : wrong) {
            assertTrue(good.contains(one[0]), one[0]);
            Files.writeString(file, good.replace(one[0], one[1]));
            String message = assertThrows(IOException.class, () -> RunFile.read(directory)).getMessage();
            assertTrue(message.contains("run.json: ") && message.contains(one[2]), message);
        }
        Files.writeString(file, good.substring(0, good.length() / 2));
        assertThrows(IOException.class, () -> RunFile.read(directory));
        Files.writeString(file, good.replace("\"seed\"", "\"later\": [1], \"seed\""));
        assertEquals(run().seed(), RunFile.read(directory).seed());
    }
}
