package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The verdict of whether a server is faster or slower than another one, or that the run cannot tell, with the reason.
 *
 * <p>A difference is believed if the whole interval of {@value #CONFIDENCE} of the median ratio lies beyond
 * {@value #SMALLEST_DIFFERENCE} on one side of 1. An interval alone would call equal servers different in one
 * comparison out of a hundred. Besides, another layout in memory can cause a difference of half a percent. With both
 * conditions, a simulation with 2 percent of noise in a ratio, heavy tails and drift calls equal servers different in
 * at most 2 of 1,000 runs of 8 rounds, and in none of 1,000 runs with more. It finds a slowdown of 3 percent in 64 of
 * 100 runs of 20 rounds, in 91 with 40, and in all with 80. With fewer than {@value #ROUNDS_MIN} rounds the confidence
 * cannot be reached. Then only a difference of more than {@value #LARGE_DIFFERENCE} is believed, and all rounds must
 * show it. {@code lab check verdicts} measures how often the verdicts are right.
 *
 * <p>The interval includes the noise between the rounds. It includes the difference between two processes of the same
 * program, about 1 percent, only if the run had several launches. With one launch of 80 rounds, and processes that
 * differ by 0.8 percent, 3 of 100 equal servers are called different; none with 8 launches of 10 rounds.
 *
 * @param workload the workload
 * @param server the name of the server
 * @param baseline the name of the server that it is compared with
 * @param metric what they are compared by
 * @param ratio the median ratio of the two, paired by round, with the interval that the verdict was made of. Below 1
 *        the server is better
 * @param verdict the verdict
 * @param reason why, in words
 */
public record Comparison(String workload, String server, String baseline, Metric metric, Interval ratio,
        Verdict verdict, String reason) {
    /** The confidence of the interval that a verdict is made of. */
    public static final double CONFIDENCE = 0.99;
    /** A ratio closer to 1 than this is no difference. */
    public static final double SMALLEST_DIFFERENCE = 0.01;
    /** From so many pairs of rounds on, the range of the values can reach the confidence: 1 - 2 / 2^8 is 0.992. */
    public static final int ROUNDS_MIN = 8;
    /** The smallest difference that is believed with fewer rounds. */
    public static final double LARGE_DIFFERENCE = 0.10;
    /** With fewer rounds than this, nothing is believed. */
    public static final int FEW_ROUNDS_MIN = 3;
    /** The draws of the bootstrap are the same each time, so a report repeats the verdicts of its run. */
    static final long SEED = 15;

    /** The result of a comparison of two servers. */
    public enum Verdict {
        /** The server needs less of the metric, beyond the smallest difference. */
        FASTER,
        /** The server needs more of the metric, beyond the smallest difference. */
        SLOWER,
        /** Neither is shown. This does not mean that they are equal. */
        CANNOT_TELL
    }

    /**
     * Compares two servers of a run.
     *
     * @param run the run
     * @param workload the workload
     * @param server the name of the server
     * @param baseline the name of the other one
     * @param metric what to compare them by
     * @return the verdict
     */
    public static Comparison of(Run run, String workload, String server, String baseline, Metric metric) {
        Pairs pairs = Pairs.of(run, workload, server, baseline, metric);
        Interval ratio = Statistics.interval(pairs.groups(), CONFIDENCE, SEED);
        return judge(workload, server, baseline, metric, ratio, pairs.leftOut());
    }

    /**
     * Compares all servers of a run with the baseline of their workload, by CPU time or, where it was measured, by
     * memory per connection.
     *
     * @param run the run
     * @return a comparison for each workload and server
     */
    public static List<Comparison> all(Run run) {
        return run.workloads().stream().flatMap(workload -> all(run, workload).stream()).toList();
    }

    /** Compares all servers of one workload with its baseline. */
    static List<Comparison> all(Run run, String workload) {
        Metric metric = Metric.of(run.samples(workload));
        String baseline = run.baseline(workload);
        return run.measured(workload).stream().filter(server -> !server.equals(baseline))
                .map(server -> of(run, workload, server, baseline, metric)).toList();
    }

    /**
     * Compares the servers of two runs, for example before and after a change. It compares the ratios of each server to
     * the baseline of its own run, so a machine that has become slower does not distort the result.
     *
     * @param before the earlier run
     * @param after the later run. A ratio below 1 means that a server has become better
     * @return a comparison for each workload and server that both runs have, without the baselines
     */
    public static List<Comparison> between(Run before, Run after) {
        List<Comparison> result = new ArrayList<>();
        for (String workload : before.workloads()) {
            String baseline = before.baseline(workload);
            List<String> later = after.measured(workload);
            Metric metric = Metric.of(before.samples(workload));
            before.measured(workload).stream().filter(server -> !server.equals(baseline) && later.contains(server))
                    .forEach(server -> result.add(between(before, after, workload, server, baseline, metric)));
        }
        return result;
    }

    private static Comparison between(Run before, Run after, String workload, String server, String baseline,
            Metric metric) {
        if (!baseline.equals(after.baseline(workload))) {
            return new Comparison(workload, server, baseline, metric,
                    Statistics.interval(new double[0][], CONFIDENCE, SEED),
                    Verdict.CANNOT_TELL, "the baseline of the other run is " + after.baseline(workload));
        }
        Pairs first = Pairs.of(before, workload, server, baseline, metric);
        Pairs second = Pairs.of(after, workload, server, baseline, metric);
        Interval ratio = Statistics.quotient(second.groups(), first.groups(), CONFIDENCE, SEED);
        Machine one = before.machine();
        Machine other = after.machine();
        boolean same = one.processor().equals(other.processor()) && one.cores() == other.cores();
        return judge(workload, server, baseline, metric, ratio, first.leftOut() + second.leftOut()
                + (same ? "" : "; the machines differ"));
    }

    private static Comparison judge(String workload, String server, String baseline, Metric metric, Interval ratio,
            String leftOut) {
        boolean few = ratio.values() < ROUNDS_MIN;
        double limit = few ? LARGE_DIFFERENCE : SMALLEST_DIFFERENCE;
        Verdict verdict = ratio.values() < FEW_ROUNDS_MIN ? Verdict.CANNOT_TELL
                : ratio.high() < 1 - limit ? Verdict.FASTER
                : ratio.low() > 1 + limit ? Verdict.SLOWER : Verdict.CANNOT_TELL;
        String reason = reason(ratio, verdict, few, limit) + leftOut;
        return new Comparison(workload, server, baseline, metric, ratio, verdict, reason);
    }

    private static String reason(Interval ratio, Verdict verdict, boolean few, double limit) {
        if (ratio.values() == 0) {
            return "no round has this number for both";
        }
        String rounds = ratio.values() + (ratio.values() == 1 ? " round" : " rounds");
        if (ratio.values() < FEW_ROUNDS_MIN) {
            return "too few rounds: " + rounds;
        }
        String interval = String.format(Locale.ROOT, "interval of %.0f %% %s", Math.floor(ratio.reached() * 100),
                ratio.ends());
        String around = String.format(Locale.ROOT, "%.0f %%", limit * 100);
        if (verdict != Verdict.CANNOT_TELL) {
            return interval + ", all of it more than " + around + " away from 1";
        }
        if (!few && ratio.low() >= 1 - limit && ratio.high() <= 1 + limit) {
            return interval + ": if they differ, then by less than " + around;
        }
        return few ? "too few rounds: " + rounds + " tell only a difference above " + around + "; " + interval
                : interval + " is not clear of 1 by more than " + around;
    }

    /**
     * Returns the verdict in words.
     *
     * @return for example {@code slower}, or {@code cannot tell}
     */
    public String word() {
        return verdict == Verdict.CANNOT_TELL ? "cannot tell" : metric.word(verdict == Verdict.FASTER);
    }

    /**
     * Returns the whole comparison in one line.
     *
     * @return the line
     */
    @Override
    public String toString() {
        return workload + ": " + server + " against " + baseline + ": " + word() + "; " + metric.title() + " "
                + Numbers.ratio(ratio.median()) + " times; " + reason;
    }

    /** The ratios of two servers by round, and how many rounds were left out. */
    record Pairs(double[][] groups, int stolen, int loadBound, int all, Metric metric) {
        /** Takes the rounds in which both were measured, the host took little, and the load was not the limit. */
        static Pairs of(Run run, String workload, String server, String baseline, Metric metric) {
            Map<Integer, Sample> others = new TreeMap<>();
            run.samples(workload, baseline).forEach(s -> others.put(s.round(), s));
            Map<Integer, List<Double>> groups = new TreeMap<>();
            int stolen = 0;
            int loadBound = 0;
            int all = 0;
            for (Sample sample : run.samples(workload, server)) {
                Sample other = others.get(sample.round());
                double ratio = other == null ? Double.NaN : metric.of(sample) / metric.of(other);
                if (Double.isNaN(ratio)) {
                    continue;
                }
                all++;
                if (Math.max(sample.stolenPart(), other.stolenPart()) > Sample.STOLEN_PART_MAX) {
                    stolen++;
                    continue;
                }
                boolean bound = sample.loadBound() || other.loadBound();
                loadBound += bound ? 1 : 0;
                if (!bound || !metric.ofLoad()) {
                    groups.computeIfAbsent(run.launch(sample.round()), unused -> new ArrayList<>()).add(ratio);
                }
            }
            double[][] values = groups.values().stream()
                    .map(group -> group.stream().mapToDouble(Double::doubleValue).toArray()).toArray(double[][]::new);
            return new Pairs(values, stolen, loadBound, all, metric);
        }

        String leftOut() {
            return (stolen == 0 ? "" : String.format(Locale.ROOT,
                            "; the host took more than %.0f %% of a core in %d of %d rounds, which do not count",
                            Sample.STOLEN_PART_MAX * 100, stolen, all))
                    + (loadBound == 0 ? "" : "; the load was the limit in " + loadBound + " of " + all + " rounds, "
                            + (metric.ofLoad() ? "which do not count" : "in which the servers had time to rest"));
        }
    }
}
