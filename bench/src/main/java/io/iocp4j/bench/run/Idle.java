package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.load.WorkloadKind;
import io.iocp4j.bench.result.Sample;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures the memory that an idle connection costs a server. Each measurement has a new server.
 *
 * @param counted heap in use after a collection plus direct memory, in bytes for each connection, exact to the byte;
 *        {@link Sample#UNKNOWN} if the server does not tell
 * @param resident growth of the physical memory, in bytes for each connection. The heap of a server of this module is
 *        in physical memory from the start, so there it is the growth of all else, direct memory included. With 10,000
 *        connections it is exact to some hundred bytes. {@link Sample#UNKNOWN} if the system does not tell
 * @param residentAfter physical memory of the server with all connections, in bytes
 */
public record Idle(long counted, long resident, long residentAfter) {
    /**
     * The connections that are open before the measurement begins. Objects that a server makes once, or for several
     * connections at a time, are therefore not part of the cost of one.
     */
    private static final long WARM_UP_CONNECTIONS = 200;
    private static final String CONNECTIONS = "connections";

    /**
     * Measures.
     *
     * @param candidate the server
     * @param workload a workload of the kind idle
     * @param settings how the processes are started
     * @return the cost of a connection
     * @throws IOException if a process fails
     * @throws InterruptedException if the thread was interrupted while it waited for a process
     */
    public static Idle measure(Candidate candidate, Workload workload, Settings settings)
            throws IOException, InterruptedException {
        Map<String, Long> few = new TreeMap<>(workload.parameters());
        few.put(CONNECTIONS, WARM_UP_CONNECTIONS);
        try (ServerProcess server = new ServerProcess(candidate, workload.protocol(), settings.withFixedHeap())) {
            int port = server.await();
            try (LoadProcess first =
                    new LoadProcess(new Workload(WorkloadKind.IDLE, few), candidate.name(), port, settings)) {
                rest(first);
                // the first collections also free what the start of the server has left
                server.memory();
                long countedBefore = server.memory();
                long residentBefore = server.residentBytes();
                try (LoadProcess second = new LoadProcess(workload, candidate.name(), port, settings)) {
                    rest(second);
                    long connections = workload.get(CONNECTIONS);
                    long counted = growth(countedBefore, server.memory(), connections);
                    long residentAfter = server.residentBytes();
                    return new Idle(counted, growth(residentBefore, residentAfter, connections), residentAfter);
                }
            }
        }
    }

    private static void rest(LoadProcess load) throws IOException, InterruptedException {
        load.await();
        load.rest();
    }

    private static long growth(long before, long after, long connections) {
        return before == Sample.UNKNOWN || after == Sample.UNKNOWN ? Sample.UNKNOWN : (after - before) / connections;
    }

    /** What a connection costs, by the exact figure if there is one. */
    long bytes() {
        return counted == Sample.UNKNOWN ? resident : counted;
    }
}
