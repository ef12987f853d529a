package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Comparison;
import io.iocp4j.bench.result.Metric;
import io.iocp4j.bench.result.Run;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Fails if the default engine has become much slower than the bare baseline of the same run. It compares the ratio of
 * CPU time per message, with its interval of {@value Comparison#CONFIDENCE}. Each limit in the table below is a ratio
 * that was measured once, plus a quarter, because a shared machine is noisy.
 * <table>
 * <caption>Limits</caption>
 * <tr><th>workload</th><th>limit of the ratio</th></tr>
 * <tr><td>TCP echo, 64 connections of 64 bytes</td><td>1.33</td></tr>
 * <tr><td>TCP echo, 1,000 connections of 64 bytes</td><td>1.35</td></tr>
 * <tr><td>TCP echo, 16 connections of 64 KiB</td><td>1.35</td></tr>
 * <tr><td>WebSocket echo, 64 connections of 64 bytes</td><td>1.40</td></tr>
 * <tr><td>WebSocket echo, 1,000 connections of 64 bytes</td><td>1.58</td></tr>
 * <tr><td>WebSocket echo, 16 connections of 64 KiB</td><td>1.58</td></tr>
 * <tr><td>fan-out of 10,000 bytes to 100 viewers</td><td>1.40</td></tr>
 * </table>
 * A workload whose interval lies below the limit has passed. The gate measures the others once more, with new
 * processes, as far as the time permits. It fails if the interval of a workload lies wholly above its limit both times.
 * If the result is doubtful, the gate warns and passes. That is so if the host took the processor away in too many
 * rounds, or if other programs wanted the cores.
 */
public final class Gate {
    /** The workloads and their limits: the table above. */
    static final Map<Workload, Double> LIMITS = limits();
    private static final double TIME_LIMIT_SECONDS = 225;

    /** The result of one measurement of one workload. */
    enum Verdict {
        /** The interval lies below the limit. */
        WITHIN,
        /** The interval lies above the limit. */
        ABOVE,
        /** The interval contains the limit, too few rounds count, or it lies above the limit on a busy machine. */
        DOUBTFUL
    }

    private final Plan plan;
    private final PrintStream out;
    private final PrintStream messages;
    private final boolean terminal;
    private final long began = System.nanoTime();

    /**
     * Prepares the gate.
     *
     * @param plan how to measure: the workloads of {@link #workloads}, and two servers, the baseline first
     * @param out where the verdicts are printed
     * @param messages where progress is printed
     * @param terminal whether a line of it can be overwritten
     */
    public Gate(Plan plan, PrintStream out, PrintStream messages, boolean terminal) {
        this.plan = plan;
        this.out = out;
        this.messages = messages;
        this.terminal = terminal;
    }

    private static Map<Workload, Double> limits() {
        Map<Workload, Double> limits = new LinkedHashMap<>();
        limits.put(Workload.parse("tcp-echo"), 1.33);
        limits.put(Workload.parse("tcp-echo:connections=1000"), 1.35);
        limits.put(Workload.parse("tcp-echo:connections=16,size=65536"), 1.35);
        limits.put(Workload.parse("ws-echo"), 1.40);
        limits.put(Workload.parse("ws-echo:connections=1000"), 1.58);
        limits.put(Workload.parse("ws-echo:connections=16,size=65536"), 1.58);
        limits.put(Workload.parse("fan-out:viewers=100,size=10000"), 1.40);
        return limits;
    }

    /**
     * Returns the workloads that have a limit.
     *
     * @return the workloads
     */
    public static List<Workload> workloads() {
        return List.copyOf(LIMITS.keySet());
    }

    /**
     * Measures and judges.
     *
     * @return whether no workload is above its limit for sure
     * @throws IOException if a file cannot be written
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean passes() throws IOException, InterruptedException {
        Map<Workload, Verdict> first = measure(plan);
        List<Workload> again = first.keySet().stream().filter(w -> first.get(w) != Verdict.WITHIN).toList();
        double slower = elapsed() / plan.estimatedSeconds();
        List<Workload> possible = new ArrayList<>(again);
        while (!possible.isEmpty()
                && elapsed() + repeated(possible).estimatedSeconds() * slower > TIME_LIMIT_SECONDS) {
            possible.removeLast();
        }
        Map<Workload, Verdict> second = possible.isEmpty() ? Map.of() : measure(repeated(possible));
        boolean passed = true;
        List<String> unknown = new ArrayList<>();
        for (Workload workload : again) {
            Verdict verdict = second.getOrDefault(workload, Verdict.DOUBTFUL);
            if (verdict == Verdict.ABOVE && first.get(workload) == Verdict.ABOVE) {
                passed = false;
                out.println("FAILED: " + workload + " is above its limit, twice");
            } else if (verdict != Verdict.WITHIN) {
                unknown.add(workload.toString());
            }
        }
        if (!unknown.isEmpty()) {
            out.println("WARNING: the gate cannot tell whether these are within their limits, and lets them pass: "
                    + String.join(", ", unknown) + ". Run it again on a machine that is less busy.");
        }
        return passed;
    }

    private double elapsed() {
        return (System.nanoTime() - began) / 1e9;
    }

    private Plan repeated(List<Workload> workloads) {
        return new Plan(plan.command(), workloads, plan.servers(), plan.rounds(), plan.launches(), plan.seconds(),
                plan.warmUpSeconds(), plan.seed() + 1, false, plan.directory().resolve(Path.of("again")),
                plan.source(), plan.settings());
    }

    private Map<Workload, Verdict> measure(Plan part) throws IOException, InterruptedException {
        Run run = new Session(part, messages, terminal).execute();
        String baseline = part.servers().getFirst().name();
        String server = part.servers().getLast().name();
        boolean busy = ProcessUse.isMachineBusy();
        if (busy) {
            out.println("Other programs wanted the cores too, so nothing counts as above its limit.");
        }
        Map<Workload, Verdict> verdicts = new LinkedHashMap<>();
        for (Workload workload : part.workloads()) {
            double limit = LIMITS.get(workload);
            Comparison comparison = Comparison.of(run, workload.toString(), server, baseline, Metric.CPU);
            verdicts.put(workload, verdict(comparison, limit, busy));
            out.println(String.format(Locale.ROOT, "%-9s limit %.2f, %s", verdicts.get(workload), limit, comparison));
        }
        return verdicts;
    }

    /** Judges one measurement. */
    static Verdict verdict(Comparison comparison, double limit, boolean busy) {
        if (comparison.ratio().values() < Comparison.ROUNDS_MIN) {
            return Verdict.DOUBTFUL;
        }
        return comparison.ratio().low() > limit ? busy ? Verdict.DOUBTFUL : Verdict.ABOVE
                : comparison.ratio().high() <= limit ? Verdict.WITHIN : Verdict.DOUBTFUL;
    }
}
