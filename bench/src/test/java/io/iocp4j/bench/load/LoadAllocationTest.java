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
    private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONG_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
    /** The histogram of a run has 32 KiB, however many messages there are. */
    private static final long PER_RUN_MAX = 40_000;
    private static final long MESSAGES_MIN = 2_000;

    private final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"tcp-echo:connections=4,inFlight=16", "tcp-echo:connections=4,rate=5000",
        "ws-echo:connections=4,inFlight=16", "ws-text:connections=4,inFlight=16",
        "fan-out:viewers=20,size=100", "fan-out:viewers=20,size=100,rate=500"})
    @DisplayName("an echo and a fan-out allocate less than one byte per message, beside the histogram of a run")
    void echoes(String text) throws IOException {
        Workload workload = Workload.parse(text);
        try (RunningServer server = Servers.start("bare-selector", workload.protocol(), 1);
                Load load = Load.of(workload,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()))) {
            load.open();
            load.run(SHORT_NANOS);
            long before = threads.getCurrentThreadAllocatedBytes();
            LoadResult result = load.run(LONG_NANOS);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertEquals(0, result.failures());
            assertTrue(result.messages() > MESSAGES_MIN, result.messages() + " messages");
            assertTrue(allocated < PER_RUN_MAX + result.messages(), allocated + " bytes for " + result.messages() + " messages");
        }
    }
}
