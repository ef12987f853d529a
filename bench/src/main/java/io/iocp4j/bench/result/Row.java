package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * The results of one server in one workload: medians over the rounds, and all durations together. A number that could
 * not be measured is NaN.
 *
 * @param workload the workload
 * @param server the name of the server
 * @param baseline the name of the server that it is compared with; the same one for the baseline itself
 * @param rounds the number of rounds
 * @param messagesPerSecond messages per second
 * @param cpuMicros CPU time of the server per message in microseconds
 * @param metric the metric of {@code ratio}: CPU time, or memory per connection where that was measured
 * @param ratio the median ratio to the baseline, paired by round, with its interval of 95 percent
 * @param latency the durations of all rounds; empty if they were not measured
 * @param allocatedPerMessage bytes of heap that the server allocated per message
 * @param gcCount garbage collections per round
 * @param gcMillis the time they took per round, in milliseconds
 * @param residentBytes physical memory of the server
 * @param memoryPerConnection bytes per connection, in the workload {@code idle}
 * @param callsPerMessage system calls of the server per message
 * @param loadBound the number of rounds in which the load was the limit
 * @param marks warnings about the reliability of the row; empty if there are none
 */
public record Row(String workload, String server, String baseline, int rounds, double messagesPerSecond,
        double cpuMicros, Metric metric, Interval ratio, Histogram latency, double allocatedPerMessage, double gcCount,
        double gcMillis, double residentBytes, double memoryPerConnection, double callsPerMessage, int loadBound,
        List<String> marks) {
    /** The confidence of the interval in tables and charts. A verdict is made of a wider one. */
    public static final double CONFIDENCE = 0.95;

    /**
     * Makes the rows of a workload.
     *
     * @param run the run
     * @param workload the workload
     * @return a row for each server that was measured, the baseline first
     */
    public static List<Row> of(Run run, String workload) {
        return run.measured(workload).stream().map(server -> of(run, workload, server)).toList();
    }

    private static Row of(Run run, String workload, String server) {
        List<Sample> samples = run.samples(workload, server);
        Metric metric = Metric.of(run.samples(workload));
        String baseline = run.baseline(workload);
        Comparison.Pairs pairs = Comparison.Pairs.of(run, workload, server, baseline, metric);
        Histogram latency = new Histogram();
        samples.stream().filter(s -> s.latency() != null).forEach(s -> latency.add(s.latency()));
        Interval ratio = Statistics.interval(pairs.groups(), CONFIDENCE, Comparison.SEED);
        return new Row(workload, server, baseline, samples.size(),
                median(samples, s -> per(s.messages(), s.nanos() / 1e9)), median(samples, Metric.CPU::of), metric,
                ratio, latency, median(samples, s -> per(s.allocatedBytes(), s.messages())),
                median(samples, s -> known(s.gcCount())), median(samples, s -> known(s.gcMillis())),
                median(samples, s -> known(s.residentBytes())), median(samples, s -> known(s.memoryPerConnection())),
                median(samples, s -> per(s.systemCalls(), s.messages())),
                (int) samples.stream().filter(Sample::loadBound).count(),
                marks(samples, pairs, server.equals(baseline) ? null : ratio));
    }

    /** Tells whether the other rows of the workload are compared with this one. */
    boolean isBaseline() {
        return server.equals(baseline);
    }

    /** Tells whether the load was the limit in most rounds. */
    boolean isMostlyLoadBound() {
        return 2 * loadBound > rounds;
    }

    /**
     * Returns a percentile of the durations.
     *
     * @param part the part, from 0 to 1
     * @return nanoseconds; NaN if so few durations were counted that none lies beyond the percentile
     */
    public double percentile(double part) {
        // a little less than 1, because 1 - 0.999 is not exact
        return latency.count() * (1 - part) < 0.999 ? Double.NaN : latency.percentile(part);
    }

    private static List<String> marks(List<Sample> samples, Comparison.Pairs pairs, Interval ratio) {
        List<String> marks = new ArrayList<>();
        int rounds = samples.size();
        long loadBound = samples.stream().filter(Sample::loadBound).count();
        if (loadBound > 0) {
            marks.add("load-bound in " + loadBound + " of " + rounds);
        }
        if (pairs.stolen() > 0) {
            marks.add("stolen in " + pairs.stolen() + " of " + pairs.all());
        }
        long failures = samples.stream().mapToLong(s -> Math.max(0, s.failures())).sum();
        if (failures > 0) {
            marks.add(String.format(Locale.ROOT, "%,d failures", failures));
        }
        if (ratio != null && ratio.values() > 0 && ratio.tooFew()) {
            marks.add(ratio.values() < 2 ? "no interval"
                    : String.format(Locale.ROOT, "interval of %.0f %%", Math.floor(ratio.reached() * 100)));
        }
        return marks;
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> number) {
        return Statistics.median(samples.stream().mapToDouble(number).flatMap(
                value -> Double.isNaN(value) ? DoubleStream.empty() : DoubleStream.of(value)).toArray());
    }

    private static double per(long amount, double divisor) {
        return amount == Sample.UNKNOWN || divisor <= 0 ? Double.NaN : amount / divisor;
    }

    private static double known(long number) {
        return number == Sample.UNKNOWN ? Double.NaN : number;
    }
}
