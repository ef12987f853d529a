/**
 * Measurements: benchmarks of the codec with JMH (no I/O, one thread), and programs that measure a server from outside.
 *
 * <p>{@link io.iocp4j.bench.EchoCost} and {@link io.iocp4j.bench.WebSocketEchoCost} measure the processor time of an
 * echo and compare it with a bare loop. {@link io.iocp4j.bench.IdleCost} and {@link io.iocp4j.bench.WebSocketIdleCost}
 * measure the memory of a connection that rests.
 *
 * <p>Each class of benchmarks has a method {@code baseline}, which does the least possible work with the same bytes.
 * Read the figures of the other methods as ratios to the baseline of the same run. One operation is one byte of
 * payload. So the unit of throughput, operations per nanosecond, is GB/s.
 *
 * <p>{@code mvn -ntp -DskipTests package exec:exec -pl bench -am} runs all benchmarks with forks and error bars.
 * {@code -Dbench.args="Utf8 -f 1"} passes arguments to JMH; {@code -Dbench.args=-h} lists them.
 */
package io.iocp4j.bench;
