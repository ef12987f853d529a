package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.result.Machine;
import io.iocp4j.bench.result.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The sets of benchmarks")
class BenchmarksTest {
    @Test
    @DisplayName("contain every class of benchmarks")
    void complete() throws IOException {
        String all = Benchmarks.describeSets();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/io/iocp4j/bench/jmh"))) {
            List<String> missing = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("Benchmark.java")).map(name -> name.replace("Benchmark.java", ""))
                    .filter(name -> !all.contains(name)).toList();
            assertEquals(List.of(), missing);
        }
    }

    @Test
    @DisplayName("replace earlier results of the same benchmark in a run and leave the others")
    void join() {
        Run.Benchmark old = new Run.Benchmark("A.a", "size=1", 1, 0.1, "ns/op");
        Run.Benchmark other = new Run.Benchmark("A.a", "size=2", 2, 0.1, "ns/op");
        Run.Benchmark fresh = new Run.Benchmark("A.a", "size=1", 3, 0.1, "ns/op");
        Instant now = Instant.EPOCH;
        Run run = new Run("lab", 1, "c", Machine.here(), now, now, true, 0, List.of(), List.of(), List.of(),
                List.of(old, other));
        assertEquals(List.of(other, fresh), Benchmarks.join(run, List.of(fresh)).benchmarks());
    }

    @Test
    @DisplayName("that do not exist are refused with the nearest name")
    void unknown(@TempDir Path directory) {
        String message = assertThrows(IllegalArgumentException.class,
                () -> Benchmarks.run("codecs", List.of(), directory, "lab", directory)).getMessage();
        assertTrue(message.contains("did you mean codec?"), message);
    }
}
