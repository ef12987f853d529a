package io.iocp4j.bench.run;

import io.iocp4j.bench.load.LoadMain;
import io.iocp4j.bench.load.LoadResult;
import io.iocp4j.bench.load.Workload;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The load of one server in its process. One thread. */
final class LoadProcess implements AutoCloseable {
    /** 5,000 connections have taken more than two minutes on a machine with a load of 40. */
    private static final Duration READY_LIMIT = Duration.ofMinutes(10);
    /**
     * The most time that a round may last beyond its end, because answers are in flight or the host takes the processor
     * away.
     */
    private static final Duration LATE_LIMIT = Duration.ofSeconds(60);
    private static final String READY = "ready ";
    private static final String REST = "rest";

    private final Child child;

    /** Starts the process, and does not wait for it. */
    LoadProcess(Workload workload, String server, int port, Settings settings) throws IOException {
        this(List.of(Programs.java(), "-XX:+UseSerialGC", "-Xmx512m", "-cp", System.getProperty("java.class.path"),
                LoadMain.class.getName(), workload.toString(), InetAddress.getLoopbackAddress().getHostAddress(),
                Integer.toString(port)), server, settings);
    }

    /** Starts another program that takes the lines of {@link LoadMain} and answers them. */
    LoadProcess(List<String> command, String server, Settings settings) throws IOException {
        child = new Child("the load of " + server, Cores.pinned(settings.cores().load(), command), null,
                settings.logs().resolve("load-" + server + ".log"));
    }

    /** Waits until the connections are open. */
    void await() throws IOException, InterruptedException {
        String line = child.line(READY_LIMIT);
        if (!line.startsWith(READY)) {
            throw child.failure("printed \"" + line + "\" in place of ready");
        }
    }

    /** Runs the load for this time. */
    LoadResult run(double seconds) throws IOException, InterruptedException {
        String line = child.ask("run " + String.format(Locale.ROOT, "%.3f", seconds),
                LATE_LIMIT.plusMillis((long) (seconds * 1000)));
        try {
            return LoadResult.parse(line);
        } catch (IllegalArgumentException e) {
            throw child.failure("printed no result: " + e.getMessage());
        }
    }

    /** Lets the connections rest. */
    void rest() throws IOException, InterruptedException {
        String line = child.ask(REST, READY_LIMIT);
        if (!line.equals(REST)) {
            throw child.failure("printed \"" + line + "\" in place of " + REST);
        }
    }

    @Override
    public void close() {
        child.close();
    }
}
