package io.iocp4j.bench.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("An open loop does not wait for the server")
class OpenLoopTest {
    private static final int SIZE = 64;
    private static final long STALL_MILLIS = 300;
    private static final long STALL_AFTER = 200;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    /** Echoes, and once does nothing for a while. */
    private static ScriptedServer stalling() throws IOException {
        CountDownLatch never = new CountDownLatch(1);
        AtomicInteger messages = new AtomicInteger();
        return new ScriptedServer((in, out) -> {
            for (byte[] message; (message = in.readNBytes(SIZE)).length == SIZE;) {
                if (messages.incrementAndGet() == STALL_AFTER) {
                    assertTrue(!never.await(STALL_MILLIS, TimeUnit.MILLISECONDS));
                }
                out.write(message);
            }
        });
    }

    @Test
    @DisplayName("a server that stalls once for 300 ms shows in the durations of all messages that were due meanwhile")
    void stall() throws IOException {
        try (ScriptedServer server = stalling();
                Load load = Load.of(Workload.parse("tcp-echo:connections=2,rate=1000"), server.address())) {
            load.open();
            LoadResult result = load.run(SECOND);
            assertEquals(0, result.failures());
            assertEquals(1_000, result.messages());
            // one of the two connections stalls: 150 messages, a third of which wait for more than 200 ms
            assertTrue(result.latency().percentile(0.999) > 250 * MILLI, result::line);
            assertTrue(result.latency().percentile(0.96) > 150 * MILLI, result::line);
        }
    }

    @Test
    @DisplayName("a closed loop sends nothing during the stall, so that it hides there")
    void closedLoop() throws IOException {
        try (ScriptedServer server = stalling();
                Load load = Load.of(Workload.parse("tcp-echo:connections=1"), server.address())) {
            load.open();
            LoadResult result = load.run(SECOND);
            assertTrue(result.messages() > STALL_AFTER, result::line);
            assertTrue(result.latency().largest() > 250 * MILLI, result::line);
            assertTrue(result.latency().percentile(0.96) < 150 * MILLI, result::line);
        }
    }

    @Test
    @DisplayName("the time in which a load only waits for the next message does not count as its work")
    void idle() throws IOException {
        try (ScriptedServer server = new ScriptedServer((in, out) -> in.transferTo(out));
                Load load = Load.of(Workload.parse("tcp-echo:connections=1,rate=100"), server.address())) {
            load.open();
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadCpuTime();
            LoadResult result = load.run(SECOND);
            long spent = threads.getCurrentThreadCpuTime() - before;
            assertEquals(100, result.messages());
            // the rest is the looks themselves; a break in which the system ran others may count too much
            assertTrue(load.idleNanos() > spent / 2, load.idleNanos() + " of " + spent + " ns");
            assertTrue(load.idleNanos() < spent * 3 / 2, load.idleNanos() + " of " + spent + " ns");
        }
    }
}
