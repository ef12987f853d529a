/**
 * Numbers of a run: the results of a round ({@link io.iocp4j.bench.result.Sample}), durations
 * ({@link io.iocp4j.bench.result.Histogram}), their statistics, and the files and the report that are made of them.
 * Nothing here measures a server or depends on one. {@link io.iocp4j.bench.result.Machine} asks git for the commit.
 */
package io.iocp4j.bench.result;
