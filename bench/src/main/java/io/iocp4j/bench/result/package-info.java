/**
 * Numbers of a run: what a round has brought ({@link io.iocp4j.bench.result.Sample}), durations
 * ({@link io.iocp4j.bench.result.Histogram}), their statistics, and the files and the report that are made of them.
 * Nothing here measures, starts a process or knows a server.
 */
package io.iocp4j.bench.result;
