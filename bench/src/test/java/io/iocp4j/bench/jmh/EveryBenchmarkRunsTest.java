package io.iocp4j.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

@DisplayName("The benchmarks of the parts work")
class EveryBenchmarkRunsTest {
    /** Runs them so briefly that the figures mean nothing. */
    @Test
    @DisplayName("every benchmark runs without an error, and each class has its baseline")
    void runs() throws RunnerException, IOException {
        Options options = new OptionsBuilder().forks(0).warmupIterations(0).measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5)).shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT).build();
        Collection<RunResult> results = new Runner(options).run();
        Set<String> methods =
                results.stream().map(result -> result.getParams().getBenchmark()).collect(Collectors.toSet());
        List<String> classes = sources();
        assertTrue(classes.size() > 10, "too few classes found: " + classes);
        for (String name : classes) {
            String prefix = getClass().getPackageName() + "." + name + ".";
            assertTrue(methods.contains(prefix + "baseline"), name + " has no baseline in " + methods);
            assertTrue(methods.stream().filter(method -> method.startsWith(prefix)).count() > 1,
                    name + " has nothing beside its baseline in " + methods);
        }
        results.forEach(result -> assertTrue(result.getPrimaryResult().getScore() > 0, result.getParams().id()));
    }

    /** The classes of benchmarks that there are sources of. */
    private static List<String> sources() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("src/main/java/io/iocp4j/bench/jmh"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith("Benchmark.java"))
                    .map(name -> name.replace(".java", "")).toList();
        }
    }
}
