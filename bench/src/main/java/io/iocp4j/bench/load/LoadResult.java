package io.iocp4j.bench.load;

import io.iocp4j.bench.result.Histogram;

/**
 * The result of one run. Its text form is one line: {@code messages bytes failures nanos cpuNanos threads HISTOGRAM}.
 *
 * @param messages the messages that came back or arrived; for a storm, the connections that were served; for idle, the
 *        connections that are open
 * @param bytes their payload
 * @param failures messages that were lost or wrong, and connections that failed or were gone before
 * @param nanos the length of the run, until the last answer
 * @param cpuNanos CPU time of the load's process, without the time in which it had nothing to do
 * @param threads how many threads of the load ran
 * @param latency the durations of the messages; null if the workload has none
 */
public record LoadResult(long messages, long bytes, long failures, long nanos, long cpuNanos, int threads,
        Histogram latency) {
    private static final int FIELDS = 7;
    private static final String NO_HISTOGRAM = "-";

    /**
     * Returns the text form.
     *
     * @return one line without its end
     */
    public String line() {
        return messages + " " + bytes + " " + failures + " " + nanos + " " + cpuNanos + " " + threads + " "
                + (latency == null ? NO_HISTOGRAM : latency.encode());
    }

    /**
     * Reads the text form.
     *
     * @param line of {@link #line()}
     * @return the result
     * @throws IllegalArgumentException if it is none
     */
    public static LoadResult parse(String line) {
        String[] fields = line.split(" ");
        if (fields.length != FIELDS) {
            throw new IllegalArgumentException("no result of a load: " + line);
        }
        return new LoadResult(Long.parseLong(fields[0]), Long.parseLong(fields[1]), Long.parseLong(fields[2]),
                Long.parseLong(fields[3]), Long.parseLong(fields[4]), Integer.parseInt(fields[5]),
                fields[6].equals(NO_HISTOGRAM) ? null : Histogram.decode(fields[6]));
    }
}
