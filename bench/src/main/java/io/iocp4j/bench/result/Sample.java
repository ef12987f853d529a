package io.iocp4j.bench.result;

/**
 * The results of one server in one round of one workload. A number that could not be measured is {@link #UNKNOWN}.
 *
 * @param workload the workload with its parameters as one word, for example {@code ws-echo:size=64,connections=64}
 * @param server the name of the server
 * @param round the number of the round, from 0. Samples of the same workload and round were taken one after the other,
 *        so they are compared in pairs
 * @param nanos the time that the load ran
 * @param messages the messages that came back or arrived; for a storm, the connections that were served
 * @param bytes their payload
 * @param failures messages that were lost, and connections that failed
 * @param serverCpuNanos CPU time of the server's process
 * @param loadCpuNanos CPU time of the load's process
 * @param loadThreads the number of threads of the load; {@code loadCpuNanos} above 85 percent of {@code nanos} times
 *        this number means that the load was the limit
 * @param stolenNanos CPU time that the host took from this machine, over all cores
 * @param allocatedBytes heap memory that the server allocated
 * @param gcCount the server's garbage collections
 * @param gcMillis the time they took
 * @param residentBytes physical memory of the server's process at the end of the round
 * @param memoryPerConnection bytes that one connection costs the server, in the workload {@code idle} only: heap in use
 *        after a collection plus direct memory where the server can tell, else physical memory
 * @param systemCalls system calls of the server
 * @param latency the durations of the messages; null if they were not measured
 */
public record Sample(String workload, String server, int round, long nanos, long messages, long bytes, long failures,
        long serverCpuNanos, long loadCpuNanos, int loadThreads, long stolenNanos, long allocatedBytes, long gcCount,
        long gcMillis, long residentBytes, long memoryPerConnection, long systemCalls, Histogram latency) {
    /** Stands for a number that could not be measured. */
    public static final long UNKNOWN = -1;
    /** Above this part of its threads' time, the load was the limit. */
    public static final double LOAD_PART_MAX = 0.85;
    /**
     * Above this part of a core, the host took too much. Below it, the loss is hidden by the 2 to 3 percent by which
     * rounds differ anyway.
     */
    public static final double STOLEN_PART_MAX = 0.05;

    /**
     * Tells whether the load had no time left. The rate and the durations are then those of the load.
     *
     * @return whether the load used more than {@link #LOAD_PART_MAX} of its threads' time; false if that is unknown
     */
    public boolean loadBound() {
        return loadCpuNanos > LOAD_PART_MAX * nanos * loadThreads;
    }

    /**
     * Returns how much of a core the host took during the round.
     *
     * @return stolen time divided by the time of the round, from 0 to the number of cores; 0 if that is unknown
     */
    public double stolenPart() {
        return stolenNanos == UNKNOWN || nanos <= 0 ? 0 : (double) stolenNanos / nanos;
    }
}
