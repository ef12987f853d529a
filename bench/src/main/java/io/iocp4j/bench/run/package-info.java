/**
 * Runs of the lab: the catalogue of servers, the processes of servers and loads, rounds, and the gate.
 *
 * <p>A {@link io.iocp4j.bench.run.Session} carries out a {@link io.iocp4j.bench.run.Plan}. For each workload and each
 * launch it starts every server and a load for each. They run at the same time and have rounds in turn, in a random
 * order. A busy machine and the caches left by the previous server therefore affect all servers equally. The file of
 * the run is written after each round.
 *
 * <p>A child process ends when its standard input ends, so it cannot outlive the lab, however the lab ends. A shell
 * starts a foreign server, and watches the input for it.
 *
 * <p>One thread runs everything. Each child has a further thread that reads its output.
 */
package io.iocp4j.bench.run;
