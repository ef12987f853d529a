package io.iocp4j.bench.result;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Runs made of random numbers that behave like those of a shared machine. The same seed makes the same run. */
final class Synthetic {
    static final String ECHO = "ws-echo:connections=64,inFlight=1,rate=0,size=64";
    static final String IDLE = "idle:connections=1000,websocket=1";
    static final Machine MACHINE = new Machine("Linux", "6.8.0", "Some CPU @ 2.0 GHz", "amd64", 2, 16_000_000_000L,
            "OpenJDK 64-Bit Server VM 25+36", "-Xmx512m");
    private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
    /** A ratio of two rounds then has 2 percent of noise, as the rounds of an echo have. */
    private static final double NOISE = 0.015;
    private static final int DURATIONS = 2_000;

    private final SplittableRandom random;
    private final List<Run.Server> servers = new ArrayList<>();
    private final List<String> workloads = new ArrayList<>();
    final List<Sample> samples = new ArrayList<>();
    private int roundsPerLaunch;
    private double bias;

    Synthetic(long seed) {
        random = new SplittableRandom(seed);
    }

    /** Names the servers. One that begins with "bare" is a baseline. */
    Synthetic servers(String... names) {
        for (String name : names) {
            servers.add(new Run.Server(name, "java ServerMain " + name, name.startsWith("bare")));
        }
        return this;
    }

    /** Starts the servers anew after so many rounds; a process is faster or slower by this part as long as it lives. */
    Synthetic launches(int roundsPerLaunch, double bias) {
        this.roundsPerLaunch = roundsPerLaunch;
        this.bias = bias;
        return this;
    }

    /** Adds rounds of a workload. The costs are microseconds of CPU time per message, or kilobytes when idle. */
    Synthetic rounds(String workload, int rounds, Map<String, Double> costs) {
        workloads.add(workload);
        double drift = 0.5 * random.nextDouble();
        double[] process = new double[servers.size()];
        for (int round = 0; round < rounds; round++) {
            // the machine gets slower all the time, and a third of the time it has a busy neighbor
            double machine = 1 + drift * round / rounds + (round % 9 < 3 ? 0.2 : 0);
            for (int i = 0; i < process.length; i++) {
                if (round == 0 || roundsPerLaunch > 0 && round % roundsPerLaunch == 0) {
                    process[i] = 1 + bias * random.nextGaussian();
                }
                Double cost = costs.get(servers.get(i).name());
                if (cost != null) {
                    samples.add(sample(workload, servers.get(i).name(), round, cost * machine * process[i] * noise()));
                }
            }
        }
        return this;
    }

    /** Noise with a heavy tail: one round in fifteen is disturbed, by up to half of its time. */
    private double noise() {
        return Math.exp(NOISE * random.nextGaussian()) * (random.nextInt(15) == 0 ? 1 + 0.5 * random.nextDouble() : 1);
    }

    private Sample sample(String workload, String server, int round, double micros) {
        boolean idle = workload.startsWith("idle");
        long messages = Math.round(0.95e6 / micros);
        Histogram latency = idle ? null : new Histogram();
        for (int i = 0; i < DURATIONS && !idle; i++) {
            latency.record((long) (64_000 * micros / Math.pow(random.nextDouble(), 0.25)));
        }
        return new Sample(workload, server, round, 1_000_000_000, messages, messages * 64, 0,
                Math.round(micros * messages * 1_000), 700_000_000, 1, 2_000_000, messages * 130, 1, 4,
                (long) (6e7 + 1e6 * round + 4e6 * micros), idle ? (long) (1_000 * micros) : Sample.UNKNOWN,
                Sample.UNKNOWN, latency);
    }

    Run run() {
        return new Run("lab run ws-echo --seed 7", 7, "0123456789abcdef0123456789abcdef01234567", MACHINE, START,
                START.plusSeconds(600), true, roundsPerLaunch, servers, workloads, samples, List.of());
    }

    /** The same sample with another load, stolen time and number of failures. */
    static Sample disturbed(Sample s, long loadCpuNanos, long stolenNanos, long failures) {
        return new Sample(s.workload(), s.server(), s.round(), s.nanos(), s.messages(), s.bytes(), failures,
                s.serverCpuNanos(), loadCpuNanos, s.loadThreads(), stolenNanos, s.allocatedBytes(), s.gcCount(),
                s.gcMillis(), s.residentBytes(), s.memoryPerConnection(), s.systemCalls(), s.latency());
    }

    /** A sample of which nothing is known but its place. */
    static Sample unknown(String workload, String server, int round) {
        long no = Sample.UNKNOWN;
        return new Sample(workload, server, round, no, no, no, no, no, no, 1, no, no, no, no, no, no, no, null);
    }
}
