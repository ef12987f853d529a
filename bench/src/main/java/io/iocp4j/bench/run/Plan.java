package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.load.WorkloadKind;
import java.nio.file.Path;
import java.util.List;

/**
 * The plan of a run.
 *
 * @param command the command line that repeats it
 * @param workloads the workloads, in this order
 * @param servers the servers, in the order of the tables; a workload leaves out a server that cannot serve it
 * @param rounds rounds of each server in each launch, 1 or more
 * @param launches how often all processes are started anew, 1 or more
 * @param seconds the length of a round
 * @param warmUpSeconds how long each load runs before its first round
 * @param seed the seed of the order
 * @param systemCalls whether system calls are counted in an extra round
 * @param directory where the files of the run go
 * @param source a directory of the work tree whose commit is recorded
 * @param settings how processes are started
 */
public record Plan(String command, List<Workload> workloads, List<Candidate> servers, int rounds, int launches,
        double seconds, double warmUpSeconds, long seed, boolean systemCalls, Path directory, Path source,
        Settings settings) {
    /** A measurement of memory is exact to the byte and has new processes, so more rounds would show nothing. */
    static final int IDLE_ROUNDS_MAX = 3;
    /** Starting a JVM and its load, on a machine of 2022. */
    private static final double START_SECONDS = 1.5;
    private static final double ROUND_OVERHEAD_SECONDS = 0.05;
    private static final double IDLE_SECONDS = 4;
    /** Attaching and detaching strace. */
    private static final double TRACE_SECONDS = 1;

    /** Checks the ranges, and that there is something to measure. */
    public Plan {
        workloads = List.copyOf(workloads);
        servers = List.copyOf(servers);
        if (workloads.isEmpty() || servers.isEmpty()) {
            throw new IllegalArgumentException("there is no workload or no server");
        }
        if (rounds < 1 || launches < 1 || seconds <= 0 || warmUpSeconds < 0) {
            throw new IllegalArgumentException("rounds, launches and seconds must be more than 0");
        }
    }

    /** The servers that can serve a workload. */
    List<Candidate> serving(Workload workload) {
        return servers.stream().filter(server -> server.serves(workload)).toList();
    }

    /** How many rounds each launch of a workload has. */
    int rounds(Workload workload) {
        return workload.kind() == WorkloadKind.IDLE ? Math.min(rounds, IDLE_ROUNDS_MAX) : rounds;
    }

    /** How long starting and warming up one server takes. Memory is measured without a start of its own. */
    double startSeconds(Workload workload) {
        return workload.kind() == WorkloadKind.IDLE ? 0 : START_SECONDS + warmUpSeconds;
    }

    /** How long one round of one server takes. */
    double roundSeconds(Workload workload) {
        return workload.kind() == WorkloadKind.IDLE ? IDLE_SECONDS : seconds + ROUND_OVERHEAD_SECONDS;
    }

    /** How long the extra round of one server takes, in which system calls are counted. */
    double traceSeconds(Workload workload) {
        return systemCalls && workload.kind() != WorkloadKind.IDLE ? seconds + TRACE_SECONDS : 0;
    }

    /**
     * Estimates how long the run takes on an idle machine.
     *
     * @return seconds
     */
    public double estimatedSeconds() {
        return workloads.stream().mapToDouble(workload -> serving(workload).size() * (traceSeconds(workload)
                + launches * (startSeconds(workload) + rounds(workload) * roundSeconds(workload)))).sum();
    }
}
