package io.iocp4j.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

@DisplayName("The benchmarks of the codec work")
class EveryBenchmarkRunsTest {
    /** Runs them so briefly that the figures mean nothing. */
    @Test
    @DisplayName("every benchmark runs without an error, and each class has its baseline")
    void runs() throws RunnerException {
        Options options = new OptionsBuilder().forks(0).warmupIterations(0).measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5)).shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT).build();
        Collection<RunResult> results = new Runner(options).run();
        Set<String> methods =
                results.stream().map(result -> result.getParams().getBenchmark()).collect(Collectors.toSet());
        for (Class<?> benchmark : List.of(MaskingBenchmark.class, Utf8Benchmark.class, EncodingBenchmark.class,
                DecodingBenchmark.class)) {
            assertTrue(methods.contains(benchmark.getName() + ".baseline"),
                    benchmark + " has no baseline in " + methods);
        }
        assertEquals(8, methods.size(), methods.toString());
        results.forEach(result -> assertTrue(result.getPrimaryResult().getScore() > 0, result.getParams().id()));
    }
}
