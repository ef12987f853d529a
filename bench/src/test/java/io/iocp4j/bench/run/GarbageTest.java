package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.LoadResult;
import io.iocp4j.bench.load.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Measures what the servers of the callback API allocate, which the JDK counts exactly. A process of its own runs each,
 * since the tests themselves watch for leaks, which allocates too.
 */
@DisplayName("The garbage of a message, heap and direct")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class GarbageTest {
    private static final double RUN_SECONDS = 0.4;
    private static final long BATCH = 20_000;
    /** Until then the just-in-time compiler has found which objects do not escape, also on a busy machine. */
    private static final int BATCHES_MAX = 15;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}: at most {1} B")
    @CsvSource(delimiter = '|', textBlock = """
            tcp-echo:connections=16            | 100
            ws-echo:connections=16             | 100
            ws-echo:connections=16,inFlight=16 | 100
            fan-out:viewers=20,size=128        | 50""")
    @DisplayName("on selectors is within its bound")
    void bound(String text, double most) throws Exception {
        Workload workload = Workload.parse(text);
        Settings settings = new Settings(1, Cores.ANY, Settings.FLAGS_DEFAULT, directory);
        List<Double> perMessage = new ArrayList<>();
        try (ServerProcess server = new ServerProcess(new Catalogue(null).get("selector"), workload.protocol(),
                settings)) {
            try (LoadProcess load = new LoadProcess(workload, "selector", server.await(), settings)) {
                load.await();
                do {
                    perMessage.add(batch(server, load));
                } while (perMessage.getLast() > most && perMessage.size() < BATCHES_MAX);
            }
        }
        assertTrue(perMessage.getLast() > 0, "nothing was counted");
        assertTrue(perMessage.getLast() <= most, "bytes per message: " + perMessage);
    }

    private static double batch(ServerProcess server, LoadProcess load) throws Exception {
        long before = server.counters().allocatedBytes();
        long messages = 0;
        while (messages < BATCH) {
            LoadResult result = load.run(RUN_SECONDS);
            assertEquals(0, result.failures());
            messages += result.messages();
        }
        return (double) (server.counters().allocatedBytes() - before) / messages;
    }
}
