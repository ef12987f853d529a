package io.iocp4j.bench.result;

import java.time.Duration;
import java.util.List;

/** The facts at the end of a report: results of JMH, the method, the machine and the servers of the run. */
final class ReportFacts {
    private final Run run;
    private final Markup page;

    ReportFacts(Run run, Markup page) {
        this.run = run;
        this.page = page;
    }

    ReportFacts benchmarks() {
        if (!run.benchmarks().isEmpty()) {
            page.open("section").element("h2", "Parts, measured with JMH");
            List<List<String>> rows = run.benchmarks().stream().map(this::benchmark).toList();
            new ReportTables(run, page)
                    .table("The ratio is that of the scores, to the baseline of the same class and parameters.",
                    List.of("benchmark", "parameters", "score", "error", "unit", "ratio"), rows, List.of(0, 1, 4));
            page.close("section").line();
        }
        return this;
    }

    private List<String> benchmark(Run.Benchmark benchmark) {
        String baseline = benchmark.name().replaceFirst("[^.]*$", "baseline");
        String ratio = baseline.equals(benchmark.name()) ? "1 (baseline)" : run.benchmarks().stream()
                .filter(other -> other.name().equals(baseline) && other.parameters().equals(benchmark.parameters())
                        && other.unit().equals(benchmark.unit()))
                .map(other -> Numbers.ratio(benchmark.score() / other.score())).findFirst().orElse(Numbers.NOTHING);
        return List.of(benchmark.name(), benchmark.parameters(), Numbers.plain(benchmark.score()),
                Numbers.plain(benchmark.error()), benchmark.unit(), ratio);
    }

    void measured() {
        page.open("section").element("h2", "How it was measured").open("p");
        page.text("All servers of a workload live at the same time and take turns in random order, so a busy machine "
                + "harms all of them alike. A ratio is taken within a round; shown is the median of these ratios. The "
                + "interval is a bootstrap of that median. A verdict asks for more: the whole interval of 99 % has to "
                + "lie more than 1 % away from 1, and with fewer than " + Comparison.ROUNDS_MIN + " rounds all of them "
                + "more than 10 %. " + launches());
        page.close("p").element("h3", "Command").element("pre", run.command()).element("h3", "Machine").open("dl");
        Machine machine = run.machine();
        fact("System", machine.system() + " " + machine.kernel());
        fact("Processor", machine.processor() + ", " + machine.cores() + " cores, " + machine.architecture());
        fact("Memory", machine.memoryBytes() == Sample.UNKNOWN ? Machine.UNKNOWN
                : Numbers.bytes(machine.memoryBytes()));
        fact("JVM", machine.jvm());
        fact("Flags of the lab", machine.jvmFlags().isEmpty() ? "none" : machine.jvmFlags());
        fact("Commit", run.commit());
        fact("Seed", String.valueOf(run.seed()));
        fact("Began", run.started().toString());
        fact("Ended", run.written().toString());
        page.close("dl").element("h3", "Servers").open("dl");
        for (Run.Server server : run.servers()) {
            page.element("dt", server.name() + (server.baseline() ? " (baseline)" : "")).open("dd")
                    .element("code", server.command())
                    .close("dd");
        }
        page.close("dl").close("section").line();
    }

    private String launches() {
        return run.roundsPerLaunch() > 0
                ? "All servers were started anew after " + run.roundsPerLaunch() + " rounds."
                : "Each server was started once. Two processes of the same program differ by about 1 % for their whole "
                + "life; the intervals do not contain that.";
    }

    private void fact(String name, String value) {
        page.element("dt", name).element("dd", value);
    }

    /** The word before the parameters. */
    static String kind(String workload) {
        return workload.split(":", 2)[0];
    }

    /** The parameters as one text; empty if there are none. */
    static String parameters(String workload) {
        return workload.contains(":") ? workload.split(":", 2)[1] : "";
    }

    static String length(Duration duration) {
        long seconds = Math.max(0, duration.toSeconds());
        return seconds < 120 ? seconds + " s" : (seconds + 30) / 60 + " min";
    }
}
