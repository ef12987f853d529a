package io.iocp4j.bench.load;

import io.iocp4j.bench.result.Histogram;

/** The counts of one run. */
final class Tally {
    /** Reasons that one run prints; the others are only counted. */
    private static final int TOLD_MAX = 5;

    final Histogram latency = new Histogram();
    long messages;
    long bytes;
    private long failures;
    private int told;

    /** Counts whole messages. */
    void arrived(long count, long payload) {
        messages += count;
        bytes += count * payload;
    }

    /** Counts failures, and prints the reason of the first ones. */
    void failed(long count, String why) {
        failures += count;
        if (told < TOLD_MAX) {
            System.err.println("load: " + why);
        } else if (told == TOLD_MAX) {
            System.err.println("load: more failures in this run are not printed");
        }
        told++;
    }

    /** Counts connections that were lost before this run. The reasons were printed then. */
    void missing(long connections) {
        failures += connections;
    }

    long failures() {
        return failures;
    }
}
