/**
 * Measurements from outside a server. Benchmarks of the parts are in {@code io.iocp4j.bench.jmh}.
 *
 * <p>{@link io.iocp4j.bench.EchoCost} and {@link io.iocp4j.bench.WebSocketEchoCost} measure the processor time of an
 * echo and compare it with a bare loop. {@link io.iocp4j.bench.IdleCost} and {@link io.iocp4j.bench.WebSocketIdleCost}
 * measure the memory of a connection that rests.
 */
package io.iocp4j.bench;
