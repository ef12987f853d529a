package io.iocp4j.bench.run;

import io.iocp4j.bench.result.Machine;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** The benchmarks of the parts with JMH, in named sets. Their results join a run. */
public final class Benchmarks {
    private static final String PACKAGE = "io.iocp4j.bench.jmh";
    /** The names of the sets, with the classes in each. */
    private static final Map<String, List<String>> SETS = sets();

    private Benchmarks() {
    }

    private static Map<String, List<String>> sets() {
        Map<String, List<String>> sets = new LinkedHashMap<>();
        sets.put("port", List.of("Posting", "ContextLife", "SendQueue", "Strand"));
        sets.put("codec", List.of("Decoding", "Encoding", "Masking", "Utf8"));
        sets.put("deflate", List.of("Deflating", "Inflating"));
        sets.put("http", List.of("HttpHead"));
        sets.put("relay", List.of("Container", "ViewerQueue"));
        sets.put("fan-out", List.of("FanOut"));
        sets.put("all", sets.values().stream().flatMap(List::stream).toList());
        return sets;
    }

    /**
     * Describes the sets.
     *
     * @return a line for each
     */
    public static String describeSets() {
        return SETS.entrySet().stream()
                .map(set -> String.format("  %-9s %s%n", set.getKey(), String.join(", ", set.getValue())))
                .collect(Collectors.joining());
    }

    /**
     * Runs a set and joins its results to the run in a directory. A result of an earlier run of the same benchmark is
     * replaced. A directory without a run gets one that has benchmarks alone.
     *
     * @param set the name of a set
     * @param options options of JMH
     * @param directory the directory of the run
     * @param command the command line that repeats it
     * @param source a directory of the work tree whose commit is recorded in a new run
     * @return the run with the results
     * @throws IOException if JMH fails, or a file cannot be read or written
     * @throws InterruptedException if the thread was interrupted
     * @throws IllegalArgumentException if there is no such set or option
     */
    public static Run run(String set, List<String> options, Path directory, String command, Path source)
            throws IOException, InterruptedException {
        List<String> classes = SETS.get(set);
        if (classes == null) {
            throw new IllegalArgumentException("no set is called " + set + Suggestion.of(set, SETS.keySet())
                    + "; there are " + String.join(", ", SETS.keySet()));
        }
        Instant started = Instant.now();
        Collection<RunResult> results;
        try {
            OptionsBuilder builder = new OptionsBuilder();
            builder.parent(new CommandLineOptions(options.toArray(String[]::new)));
            String beginning = "^" + PACKAGE.replace(".", "\\.") + "\\.";
            classes.forEach(name -> builder.include(beginning + name + "Benchmark\\."));
            results = new Runner(builder.shouldFailOnError(true).build()).run();
        } catch (CommandLineOptionException e) {
            throw new IllegalArgumentException("JMH: " + e.getMessage(), e);
        } catch (RunnerException e) {
            throw new IOException("JMH: " + e.getMessage(), e);
        }
        Run before = Files.exists(directory.resolve(RunFile.JSON)) ? RunFile.read(directory)
                : new Run(command, 0, Machine.commit(source), Machine.here(), started, Instant.now(), true, 0,
                        List.of(), List.of(), List.of(), List.of());
        Run joined = join(before, results.stream().map(Benchmarks::benchmark).toList());
        RunFile.write(directory, joined);
        Report.write(directory, joined);
        return joined;
    }

    /** Replaces results of the same benchmarks, and adds the others. */
    static Run join(Run run, List<Run.Benchmark> results) {
        List<Run.Benchmark> all = new ArrayList<>(run.benchmarks());
        all.removeIf(old -> results.stream()
                .anyMatch(fresh -> fresh.name().equals(old.name()) && fresh.parameters().equals(old.parameters())));
        all.addAll(results);
        return new Run(run.command(), run.seed(), run.commit(), run.machine(), run.started(), run.written(),
                run.complete(), run.roundsPerLaunch(), run.servers(), run.workloads(), run.samples(), all);
    }

    private static Run.Benchmark benchmark(RunResult result) {
        BenchmarkParams params = result.getParams();
        String name = params.getBenchmark().substring(PACKAGE.length() + 1);
        String parameters = params.getParamsKeys().stream().sorted().map(key -> key + "=" + params.getParam(key))
                .collect(Collectors.joining(","));
        return new Run.Benchmark(name, parameters, result.getPrimaryResult().getScore(),
                result.getPrimaryResult().getScoreError(), result.getPrimaryResult().getScoreUnit());
    }
}
