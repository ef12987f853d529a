/**
 * Benchmarks of the parts with JMH: no sockets, one thread.
 *
 * <p>Each class has a method {@code baseline}, which does the least possible work with the same bytes. Read the figures
 * of the other methods as ratios to the baseline of the same run. Where one operation is one byte of payload, the unit
 * of throughput, operations per nanosecond, is GB/s.
 *
 * <p>{@code lab jmh SET} runs a named set; {@code lab jmh --help} lists the sets.
 */
package io.iocp4j.bench.jmh;
