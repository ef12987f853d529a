package io.iocp4j.bench.result;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** The quantity by which two servers are compared. */
public enum Metric {
    /** CPU time of the server per message, in microseconds. */
    CPU("CPU per message", true, false, s -> per(s.serverCpuNanos(), s.messages()) / 1_000),
    /** Messages per second. It is compared as time per message, so that less is better for every metric. */
    RATE("time per message", true, true, s -> per(s.nanos(), s.messages()) / 1_000),
    /** The median of the durations, in microseconds. */
    P50("p50", true, true, s -> percentile(s, 0.5)),
    /** The 99th percentile of the durations, in microseconds. */
    P99("p99", true, true, s -> percentile(s, 0.99)),
    /** Memory that a connection costs the server, in bytes. */
    MEMORY("memory per connection", false, false,
            s -> s.memoryPerConnection() <= 0 ? Double.NaN : s.memoryPerConnection());

    private final String title;
    private final boolean time;
    private final boolean ofLoad;
    private final ToDoubleFunction<Sample> value;

    Metric(String title, boolean time, boolean ofLoad, ToDoubleFunction<Sample> value) {
        this.title = title;
        this.time = time;
        this.ofLoad = ofLoad;
        this.value = value;
    }

    /**
     * Returns the name in words.
     *
     * @return for example {@code CPU per message}
     */
    public String title() {
        return title;
    }

    /**
     * Returns the number of a sample. Less is better.
     *
     * @param sample the sample
     * @return the number, greater than 0, in the unit of the metric; NaN if it was not measured, or is 0 and therefore
     *     no divisor
     */
    public double of(Sample sample) {
        double result = value.applyAsDouble(sample);
        return result > 0 ? result : Double.NaN;
    }

    /** Tells whether the load measures it. If the load was the limit, the number says nothing about the server. */
    boolean ofLoad() {
        return ofLoad;
    }

    /** Returns the word for a server with the smaller number, or with the larger one. */
    String word(boolean less) {
        return time ? less ? "faster" : "slower" : less ? "smaller" : "larger";
    }

    /**
     * Returns the metric that a workload is about: memory where it was measured per connection, else CPU time.
     *
     * @param samples the samples of one workload
     * @return {@link #MEMORY} or {@link #CPU}
     */
    public static Metric of(List<Sample> samples) {
        return samples.stream().anyMatch(s -> !Double.isNaN(MEMORY.of(s))) ? MEMORY : CPU;
    }

    private static double per(long amount, long messages) {
        return amount == Sample.UNKNOWN || messages <= 0 ? Double.NaN : (double) amount / messages;
    }

    private static double percentile(Sample sample, double part) {
        Histogram latency = sample.latency();
        return latency == null || latency.count() == 0 ? Double.NaN : latency.percentile(part) / 1_000.0;
    }
}
