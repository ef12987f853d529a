package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.server.RunningServer;
import io.iocp4j.bench.server.Servers;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A load leaves no garbage for its messages")
class LoadAllocationTest {
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(400);
    /** The histogram of a run has 32 KiB, however many messages there are. */
    private static final long PER_RUN_MAX = 40_000;
    /** What the first of them loads and links. */
    private static final long ONCE_MAX = 30_000;
    private static final long MESSAGES_MIN = 8_000;

    private final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"tcp-echo:connections=32,inFlight=1", "tcp-echo:connections=4,rate=5000",
        "ws-echo:connections=4,inFlight=16", "ws-text:connections=4,inFlight=16",
        "fan-out:viewers=20,size=100", "fan-out:viewers=20,size=100,rate=500"})
    @DisplayName("an echo and a fan-out allocate less than one byte per message, beside the histogram of a run")
    void echoes(String text) throws IOException {
        Workload workload = Workload.parse(text);
        try (RunningServer server = Servers.start("bare-selector", workload.protocol(), 1);
                Load load = Load.of(workload,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))) {
            load.open();
            load.run(RUN_NANOS / 4);
            long before = threads.getCurrentThreadAllocatedBytes();
            long runs = 0;
            long messages = 0;
            for (; messages < MESSAGES_MIN; runs++) {
                LoadResult result = load.run(RUN_NANOS);
                assertEquals(0, result.failures());
                messages += result.messages();
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < ONCE_MAX + runs * PER_RUN_MAX + messages,
                    allocated + " bytes in " + runs + " runs with " + messages + " messages");
        }
    }
}
