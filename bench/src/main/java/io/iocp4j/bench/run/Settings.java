package io.iocp4j.bench.run;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The settings with which servers and loads are started.
 *
 * @param workers threads that serve in each server that can be told, 1 or more
 * @param cores the cores of both sides
 * @param jvmFlags flags of each server that is a JVM
 * @param logs the directory for what the processes print as errors
 */
public record Settings(int workers, Cores cores, List<String> jvmFlags, Path logs) {
    /** The default flags: one core is enough for this collector, and the heap is large enough for every server. */
    public static final List<String> FLAGS_DEFAULT = List.of("-XX:+UseSerialGC", "-Xmx512m");

    /** Copies the flags. */
    public Settings {
        jvmFlags = List.copyOf(jvmFlags);
    }

    /** The same settings with a heap that is in physical memory from the start, so that only the rest can grow. */
    Settings withFixedHeap() {
        List<String> fixed = new ArrayList<>(jvmFlags);
        jvmFlags.stream().filter(flag -> flag.startsWith("-Xmx")).map(flag -> flag.replace("-Xmx", "-Xms"))
                .forEach(fixed::add);
        fixed.add("-XX:+AlwaysPreTouch");
        return new Settings(workers, cores, fixed, logs);
    }
}
