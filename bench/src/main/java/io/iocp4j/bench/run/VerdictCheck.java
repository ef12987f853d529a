package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Comparison;
import io.iocp4j.bench.result.Metric;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.Statistics;
import io.iocp4j.bench.server.Servers;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Checks the comparison of servers with known answers. Each try measures three servers: a bare one, an equal one, and
 * one whose echo adds numbers for some percent of the CPU time that an echo costs here. The comparison should call the
 * last one slower, and should not call the equal one different.
 */
public final class VerdictCheck {
    private static final double NANOS_IN_MICRO = 1_000;
    /** Few enough that the server takes as many messages at a time as before. 1,000 ns made each of them cheaper. */
    private static final long PROBE_NANOS = 300;

    private final Plan plan;
    private final int tries;
    private final double part;
    private final PrintStream out;
    private final PrintStream messages;
    private final boolean terminal;

    /**
     * Prepares the check.
     *
     * @param plan how each try measures: its only workload is an echo over TCP, its only server {@code bare-selector}
     * @param tries how many tries, 1 or more
     * @param part the slowdown, for example 0.03
     * @param out where the verdicts are printed
     * @param messages where progress is printed
     * @param terminal whether a line of it can be overwritten
     */
    public VerdictCheck(Plan plan, int tries, double part, PrintStream out, PrintStream messages, boolean terminal) {
        this.plan = plan;
        this.tries = tries;
        this.part = part;
        this.out = out;
        this.messages = messages;
        this.terminal = terminal;
    }

    /**
     * Measures all tries.
     *
     * @return whether each try has found the slowdown, and none has called the equal servers different
     * @throws IOException if a file cannot be written
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean passes() throws IOException, InterruptedException {
        long nanos = plantedNanos();
        Map<Comparison.Verdict, Integer> equal = new EnumMap<>(Comparison.Verdict.class);
        Map<Comparison.Verdict, Integer> planted = new EnumMap<>(Comparison.Verdict.class);
        for (int i = 1; i <= tries; i++) {
            Candidate bare = plan.servers().getFirst();
            Candidate same = planted(bare, 0);
            Candidate slower = planted(bare, nanos);
            Run run = run("try-" + i, plan.seed() + i, List.of(bare, same, slower));
            compare(run, i, bare, same, equal);
            compare(run, i, bare, slower, planted);
        }
        out.println("equal servers:    " + words(equal));
        out.println("planted slowdown: " + words(planted));
        return equal.getOrDefault(Comparison.Verdict.CANNOT_TELL, 0) == tries
                && planted.getOrDefault(Comparison.Verdict.SLOWER, 0) == tries;
    }

    /**
     * Returns for how long an echo has to add numbers so that it costs the wanted part more. The first additions cost
     * nothing, because the processor does them while it waits for other things. How many these are, an echo tells that
     * adds for {@value #PROBE_NANOS} ns.
     */
    private long plantedNanos() throws IOException, InterruptedException {
        Candidate bare = plan.servers().getFirst();
        Candidate probe = planted(bare, PROBE_NANOS);
        Run run = run("cost", plan.seed(), List.of(bare, probe));
        double nanos = cost(run, bare);
        double ratio = comparison(run, probe, bare).ratio().median();
        double hidden = Math.clamp(PROBE_NANOS - (ratio - 1) * nanos, 0, PROBE_NANOS);
        out.println(String.format(Locale.ROOT, "%.1f %% of %.2f us are %.0f ns; %.0f ns more are not seen", part * 100,
                nanos / NANOS_IN_MICRO, nanos * part, hidden));
        return Math.max(1, Math.round(nanos * part + hidden));
    }

    /** CPU time of an echo, in nanoseconds. */
    private static double cost(Run run, Candidate server) throws IOException {
        double[] costs = run.samples().stream().filter(sample -> sample.server().equals(server.name()))
                .mapToDouble(Metric.CPU::of).filter(c -> !Double.isNaN(c)).toArray();
        if (costs.length == 0) {
            throw new IOException("the cost of an echo could not be measured");
        }
        return Statistics.median(costs) * NANOS_IN_MICRO;
    }

    private static Candidate planted(Candidate bare, long nanos) {
        String name = bare.name() + "+" + nanos + "ns";
        return Candidate.own(name, Servers.features(name));
    }

    private Run run(String name, long seed, List<Candidate> servers) throws IOException, InterruptedException {
        Path directory = plan.directory().resolve(name);
        Settings settings = plan.settings();
        Plan one = new Plan(plan.command(), plan.workloads(), servers, plan.rounds(), plan.launches(), plan.seconds(),
                plan.warmUpSeconds(), seed, false, directory, plan.source(), new Settings(settings.workers(),
                settings.cores(), settings.jvmFlags(), directory.resolve("logs")));
        return new Session(one, messages, terminal).execute();
    }

    private Comparison comparison(Run run, Candidate server, Candidate bare) {
        Workload workload = plan.workloads().getFirst();
        return Comparison.of(run, workload.toString(), server.name(), bare.name(), Metric.CPU);
    }

    private void compare(Run run, int number, Candidate bare, Candidate server,
            Map<Comparison.Verdict, Integer> verdicts) {
        Comparison comparison = comparison(run, server, bare);
        verdicts.merge(comparison.verdict(), 1, Integer::sum);
        out.println("try " + number + ", " + comparison);
    }

    private static String words(Map<Comparison.Verdict, Integer> verdicts) {
        return "slower " + verdicts.getOrDefault(Comparison.Verdict.SLOWER, 0)
                + ", faster " + verdicts.getOrDefault(Comparison.Verdict.FASTER, 0)
                + ", cannot tell " + verdicts.getOrDefault(Comparison.Verdict.CANNOT_TELL, 0);
    }
}
