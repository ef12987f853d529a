/**
 * Numbers of a run: what a round has brought ({@link io.iocp4j.bench.result.Sample}), durations
 * ({@link io.iocp4j.bench.result.Histogram}), their statistics, and the files and the report that are made of them.
 * Nothing here measures or knows a server. {@link io.iocp4j.bench.result.Machine} asks git for the commit.
 */
package io.iocp4j.bench.result;
