/**
 * The command line of the performance lab, {@link io.iocp4j.bench.Lab}. It measures servers beside one another, and
 * prints no number of a server without that of a baseline in the same run.
 *
 * <pre>
 * Lab            command line: list, run, quick, full, compare, report, jmh, gate
 *   v
 * run            plans, processes, rounds
 *   v      v
 * server  load   the servers under test and the load, in a process each
 *   v      v
 * result         samples, statistics, files, report
 * jmh            benchmarks of the parts, which run inside of one process
 * </pre>
 */
package io.iocp4j.bench;
