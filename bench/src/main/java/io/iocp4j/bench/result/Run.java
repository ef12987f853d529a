package io.iocp4j.bench.result;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A whole run: its machine, its command, its servers and workloads, and the results of each round. {@link RunFile}
 * keeps it.
 *
 * @param command the command line that repeats the run
 * @param seed the seed of the order of the servers
 * @param commit the commit of the project, as {@link Machine#commit} returns it
 * @param machine the machine and the JVM of the lab
 * @param started when the run began
 * @param written when the last round of this record ended
 * @param complete false if rounds are missing, for example in a run that was interrupted
 * @param roundsPerLaunch the number of rounds after which all servers were restarted; 0 if the same processes served
 *        all rounds. Rounds from 0 to this number less 1 are the first launch
 * @param servers the servers in the order in which tables show them
 * @param workloads the workloads in the order in which tables show them
 * @param samples the results of the rounds
 * @param benchmarks results of JMH that were joined to the run; empty if there are none
 */
public record Run(String command, long seed, String commit, Machine machine, Instant started, Instant written,
        boolean complete, int roundsPerLaunch, List<Server> servers, List<String> workloads, List<Sample> samples,
        List<Benchmark> benchmarks) {
    /**
     * A server of a run.
     *
     * @param name its name in samples and tables
     * @param command the command line that started it, with its JVM flags
     * @param baseline whether others are compared with it
     */
    public record Server(String name, String command, boolean baseline) {
    }

    /**
     * A result of JMH.
     *
     * @param name the class and the method, for example {@code MaskingBenchmark.mask}. The method {@code baseline} of
     *        the same class and with the same parameters is its baseline
     * @param parameters the parameters, for example {@code size=64}; empty if there are none
     * @param score the score
     * @param error half of its interval of 99.9 percent; NaN if JMH has none
     * @param unit the unit of both, for example {@code ns/op}
     */
    public record Benchmark(String name, String parameters, double score, double error, String unit) {
    }

    /** Copies the lists, and checks that each sample belongs to a server and a workload of the run. */
    public Run {
        servers = List.copyOf(servers);
        workloads = List.copyOf(workloads);
        samples = List.copyOf(samples);
        benchmarks = List.copyOf(benchmarks);
        if (roundsPerLaunch < 0) {
            throw new IllegalArgumentException("rounds per launch: " + roundsPerLaunch);
        }
        for (Sample sample : samples) {
            if (!workloads.contains(sample.workload())) {
                throw new IllegalArgumentException("sample of an unknown workload: " + sample.workload());
            }
            if (servers.stream().noneMatch(s -> s.name().equals(sample.server()))) {
                throw new IllegalArgumentException("sample of an unknown server: " + sample.server());
            }
        }
    }

    /**
     * Returns the same run with other samples, for the record after the next round.
     *
     * @param samples all samples up to now
     * @param written the time
     * @param complete whether this was the last round
     * @return the new record
     */
    public Run with(List<Sample> samples, Instant written, boolean complete) {
        return new Run(command, seed, commit, machine, started, written, complete, roundsPerLaunch, servers, workloads,
                samples, benchmarks);
    }

    /**
     * Returns the samples of a workload.
     *
     * @param workload the workload
     * @return the samples in the order of the run
     */
    public List<Sample> samples(String workload) {
        return samples.stream().filter(s -> s.workload().equals(workload)).toList();
    }

    /**
     * Returns the samples of a server in a workload.
     *
     * @param workload the workload
     * @param server the name of the server
     * @return the samples in the order of the run
     */
    public List<Sample> samples(String workload, String server) {
        return samples(workload).stream().filter(s -> s.server().equals(server)).toList();
    }

    /**
     * Returns the servers that were measured in a workload, its baseline first.
     *
     * @param workload the workload
     * @return the names; empty if nothing was measured
     */
    public List<String> measured(String workload) {
        List<Sample> measured = samples(workload);
        return servers.stream().filter(server -> measured.stream().anyMatch(s -> s.server().equals(server.name())))
                .sorted((a, b) -> Boolean.compare(b.baseline(), a.baseline())).map(Server::name).toList();
    }

    /**
     * Returns the server that the others of a workload are compared with: the first one that is a baseline, or else the
     * first one.
     *
     * @param workload the workload
     * @return the name; null if nothing was measured
     */
    public String baseline(String workload) {
        return measured(workload).stream().findFirst().orElse(null);
    }

    /** The number of the launch that a round belongs to. */
    int launch(int round) {
        return roundsPerLaunch == 0 ? 0 : round / roundsPerLaunch;
    }

    /** The position of a server in the run: it has the same color in all charts. */
    int position(String server) {
        return servers.stream().map(Server::name).toList().indexOf(Objects.requireNonNull(server));
    }
}
