/**
 * Measurements: benchmarks of the codec with JMH (no I/O, one thread), and programs that measure a server from outside.
 *
 * <p>{@link io.iocp4j.bench.EchoCost} and {@link io.iocp4j.bench.WebSocketEchoCost} measure the processor time of an echo beside
 * a bare loop. {@link io.iocp4j.bench.IdleCost} and {@link io.iocp4j.bench.WebSocketIdleCost} measure the memory of a connection
 * that rests.
 *
 * <p>Each class of benchmarks has a method called {@code baseline}, which does with the same bytes the least that anybody could do; the figures of the
 * others are to be read as ratios to it, within one run. An operation is one byte of payload, so the unit of throughput, operations per
 * nanosecond, is GB/s.
 *
 * <p>{@code mvn -ntp -DskipTests package exec:exec -pl bench -am} runs all of them with forks and error bars;
 * {@code -Dbench.args="Utf8 -f 1"} passes arguments to JMH, {@code -Dbench.args=-h} lists them.
 */
package io.iocp4j.bench;
