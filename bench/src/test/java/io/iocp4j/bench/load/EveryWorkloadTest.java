package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.server.RunningServer;
import io.iocp4j.bench.server.Servers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("Every workload runs against every server that can do it")
class EveryWorkloadTest {
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int RELAY_REPEATED_MAX = 8;
    private static final List<String> WORKLOADS = List.of(
            "tcp-echo:connections=4,inFlight=8", "tcp-echo:connections=3,rate=2000",
            "tcp-echo:connections=2,size=200000",
            "ws-echo:connections=4,inFlight=8", "ws-echo:connections=2,size=65536", "ws-echo:connections=3,rate=2000",
            "ws-text:connections=2,size=300", "ws-deflate:connections=2,inFlight=3",
            "ws-deflate:connections=1,size=200",
            "tls-echo:connections=2,inFlight=4", "tls-echo:connections=1,size=70000",
            "fan-out:viewers=5,size=50000", "fan-out:viewers=5,size=100,rate=500",
            "connect-storm:connections=3", "connect-storm:connections=3,websocket=1",
            "idle:connections=5", "idle:connections=5,websocket=1", "idle:connections=5,websocket=1,deflate=1",
            "idle:connections=5,websocket=1,deflate=2", "idle:connections=5,websocket=1,deflate=3",
            "slow-reader:connections=2,slow=2", "slow-reader:connections=2,slow=2,websocket=1",
            "file:connections=2,size=3000000", "relay:viewers=4,stalled=2,joins=30,rate=200");
    private static final Map<String, RunningServer> RUNNING = new HashMap<>();

    @AfterAll
    static void close() {
        RUNNING.values().forEach(RunningServer::close);
        RUNNING.clear();
    }

    static Stream<Arguments> all() {
        return Servers.names().stream().flatMap(server -> WORKLOADS.stream()
                .filter(workload -> Servers.features(server).contains(Workload.parse(workload).feature()))
                .map(workload -> Arguments.of(server, workload)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("all")
    @DisplayName("messages arrive, none fails, and each has its duration")
    void works(String server, String text) throws IOException {
        Workload workload = Workload.parse(text);
        try (Load load = Load.of(workload, address(server, workload.protocol()))) {
            assertTrue(load.open() > 0);
            for (int run = 0; run < 2; run++) {
                LoadResult result = judged(load, workload.kind());
                assertTrue(result.messages() > 0, result::line);
                assertTrue(result.bytes() >= result.messages(), result::line);
                assertEquals(0, result.failures(), result::line);
                assertTrue(result.nanos() >= RUN_NANOS, result::line);
                if (workload.kind() == WorkloadKind.IDLE) {
                    assertNull(result.latency());
                    assertEquals(5, result.messages());
                } else {
                    assertEquals(result.messages(), result.latency().count());
                    assertTrue(result.latency().largest() <= result.nanos(), "longer than the run: " + result);
                }
            }
        }
    }

    /** A relay skips pictures that have waited for 500 ms, as they do when the system runs something else meanwhile. */
    private static LoadResult judged(Load load, WorkloadKind kind) {
        LoadResult result = load.run(RUN_NANOS);
        for (int i = 0; kind == WorkloadKind.RELAY && result.failures() > 0 && i < RELAY_REPEATED_MAX; i++) {
            System.out.println("the relay has skipped, so the run is repeated: " + result);
            result = load.run(RUN_NANOS);
        }
        return result;
    }

    private static InetSocketAddress address(String server, String protocol) throws IOException {
        String key = server + " " + protocol;
        if (!RUNNING.containsKey(key)) {
            RUNNING.put(key, Servers.start(server, protocol, 1));
        }
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), RUNNING.get(key).port());
    }

    @Test
    @DisplayName("each feature has a workload, and each but the relay has two servers")
    void complete() {
        List<String> needed = WORKLOADS.stream().map(text -> Workload.parse(text).feature()).distinct().toList();
        for (String feature : needed) {
            long servers = Servers.names().stream().filter(name -> Servers.features(name).contains(feature)).count();
            assertTrue(servers >= (feature.equals("relay") ? 1 : 2), feature + " has " + servers);
        }
        Servers.names().forEach(name -> assertTrue(needed.containsAll(Servers.features(name)), name));
        for (WorkloadKind kind : WorkloadKind.values()) {
            assertTrue(WORKLOADS.stream().anyMatch(text -> Workload.parse(text).kind() == kind), kind.word());
        }
    }
}
