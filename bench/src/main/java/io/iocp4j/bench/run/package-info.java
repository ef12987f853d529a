/**
 * Runs of the lab: which servers there are, their processes and those of the load, rounds, and the gate.
 *
 * <p>A {@link io.iocp4j.bench.run.Session} carries out a {@link io.iocp4j.bench.run.Plan}. For each workload and each
 * launch it starts every server and a load for each. They live at the same time and have rounds in turn, in a random
 * order. So a busy machine, and the caches that the previous server has left, harm all servers alike. The file of the
 * run is written after each round.
 *
 * <p>A child process ends when its standard input ends, so it cannot outlive the lab, however the lab ends. A server
 * that does not know the lab is started by a shell that watches the input in its place.
 *
 * <p>One thread runs everything. Each child has a further thread that reads its output.
 */
package io.iocp4j.bench.run;
