package io.iocp4j.bench.run;

import io.iocp4j.bench.load.LoadResult;
import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One launch of one workload: every server with its load. A server that fails does not affect the others, and is not
 * measured any more. One thread.
 */
final class Lineup implements AutoCloseable {
    /** Receives the failures. */
    @FunctionalInterface
    interface Trouble {
        void failed(Candidate candidate, IOException failure);
    }

    private record Entrant(Candidate candidate, ServerProcess server, LoadProcess load) {
        void close() {
            load.close();
            server.close();
        }
    }

    private final Workload workload;
    private final Settings settings;
    private final Trouble trouble;
    private final Map<Candidate, Entrant> entrants = new LinkedHashMap<>();

    Lineup(Workload workload, Settings settings, Trouble trouble) {
        this.workload = workload;
        this.settings = settings;
        this.trouble = trouble;
    }

    /** Starts all servers and their loads, then runs each load for this time. */
    void start(List<Candidate> candidates, double warmUpSeconds) throws InterruptedException {
        for (Candidate candidate : candidates) {
            // one after the other: a dozen JVMs that start at once on one core would all seem to hang
            try {
                start(candidate);
            } catch (IOException e) {
                trouble.failed(candidate, e);
            }
        }
        for (Candidate candidate : present()) {
            attempt(candidate, entrant -> {
                entrant.load.run(warmUpSeconds);
                return null;
            });
        }
    }

    private void start(Candidate candidate) throws IOException, InterruptedException {
        ServerProcess server = new ServerProcess(candidate, workload.protocol(), settings);
        LoadProcess load = null;
        try {
            load = new LoadProcess(workload, candidate.name(), server.await(), settings);
            load.await();
            entrants.put(candidate, new Entrant(candidate, server, load));
        } finally {
            if (!entrants.containsKey(candidate)) {
                if (load != null) {
                    load.close();
                }
                server.close();
            }
        }
    }

    /** The servers that have not failed. */
    List<Candidate> present() {
        return new ArrayList<>(entrants.keySet());
    }

    /** Runs one round of one server. Returns null if it has failed. */
    Sample measure(Candidate candidate, int round, double seconds) throws InterruptedException {
        return attempt(candidate, entrant -> measure(workload, candidate.name(), entrant.server, entrant.load, round,
                seconds));
    }

    /** Runs a load for this time, and counts what its server uses meanwhile. */
    static Sample measure(Workload workload, String name, ServerProcess server, LoadProcess load, int round,
            double seconds) throws IOException, InterruptedException {
        server.requireAlive();
        ServerProcess.Counters before = server.counters();
        ProcessUse.MachineTime machineBefore = ProcessUse.machineTime();
        long cpuBefore = server.cpuNanos();
        LoadResult result = load.run(seconds);
        long cpu = server.cpuNanos() - cpuBefore;
        ProcessUse.MachineTime machine = ProcessUse.machineTime();
        ServerProcess.Counters counters = server.counters();
        server.requireAlive();
        return new Sample(workload.toString(), name, round, result.nanos(), result.messages(), result.bytes(),
                result.failures(), cpu, result.cpuNanos(), result.threads(),
                difference(machineBefore.stolenNanos(), machine.stolenNanos()),
                difference(before.allocatedBytes(), counters.allocatedBytes()),
                difference(before.gcCount(), counters.gcCount()), difference(before.gcMillis(), counters.gcMillis()),
                server.residentBytes(), Sample.UNKNOWN, Sample.UNKNOWN, result.latency());
    }

    private static long difference(long before, long after) {
        return before == Sample.UNKNOWN || after == Sample.UNKNOWN ? Sample.UNKNOWN : after - before;
    }

    /**
     * Counts system calls in a round of its own. Its sample has no times, because strace distorts them.
     *
     * @return null if the server has failed or strace cannot attach to it
     */
    Sample countSystemCalls(Candidate candidate, int round, double seconds) throws InterruptedException {
        Entrant entrant = entrants.get(candidate);
        if (entrant == null) {
            return null;
        }
        try (SystemCalls calls = SystemCalls.count(entrant.server.pid(), settings.logs())) {
            LoadResult result = entrant.load.run(seconds);
            long none = Sample.UNKNOWN;
            return new Sample(workload.toString(), candidate.name(), round, 0, result.messages(), result.bytes(),
                    result.failures(), none, none, result.threads(), none, none, none, none, none, none, calls.end(),
                    null);
        } catch (IOException e) {
            trouble.failed(candidate, new IOException("system calls were not counted: " + e.getMessage(), e));
            return null;
        }
    }

    private interface Step {
        Sample apply(Entrant entrant) throws IOException, InterruptedException;
    }

    private Sample attempt(Candidate candidate, Step step) throws InterruptedException {
        Entrant entrant = entrants.get(candidate);
        if (entrant == null) {
            return null;
        }
        try {
            return step.apply(entrant);
        } catch (IOException e) {
            entrants.remove(candidate);
            entrant.close();
            trouble.failed(candidate, e);
            return null;
        }
    }

    @Override
    public void close() {
        entrants.values().forEach(Entrant::close);
        entrants.clear();
    }
}
