package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.core.Shows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The memory of an idle connection has a bound")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class IdleTest {
    private static final int KIB = 1 << 10;

    @TempDir
    Path directory;

    @Test
    @DisplayName("an idle connection that has carried a message costs at most 4 KiB of heap and direct memory")
    void connection() throws Exception {
        Idle idle = measured("idle:connections=2000");
        assertTrue(idle.counted() > 512, "not even its receive buffer was counted: " + idle);
        assertTrue(idle.counted() <= 4 * KIB, idle.toString());
    }

    @ParameterizedTest(name = "deflate={0}: {1} KiB")
    @Tag("long")
    @CsvSource({"0, 6", "1, 6", "2, 10"})
    @Shows("10,000 idle")
    @DisplayName("each of 10,000 idle WebSockets without a compression context costs its server at most a few KiB")
    void withoutContext(int deflate, int most) throws Exception {
        Idle idle = measured("idle:connections=10000,websocket=1,deflate=" + deflate);
        assertTrue(idle.counted() > KIB, "not even its buffers were counted: " + idle);
        assertTrue(idle.counted() <= most * KIB, idle.toString());
        assertTrue(idle.resident() <= most * KIB, idle.toString());
    }

    @Test
    @Tag("long")
    @DisplayName("each of 500 idle WebSockets that keep both compression contexts costs at most 320 KiB")
    void withContext() throws Exception {
        Idle idle = measured("idle:connections=500,websocket=1,deflate=3");
        assertTrue(idle.counted() <= 48 * KIB, idle.toString());
        assumeTrue(idle.resident() > 0, "this system does not report physical memory");
        assertTrue(idle.resident() > 200 * KIB, "the contexts were not counted: " + idle);
        assertTrue(idle.resident() <= 320 * KIB, idle.toString());
    }

    private Idle measured(String workload) throws IOException, InterruptedException {
        Settings settings = new Settings(1, Cores.ANY, Settings.FLAGS_DEFAULT, directory);
        Catalogue catalogue = new Catalogue(null);
        Idle idle = Idle.measure(catalogue.all().getFirst(), Workload.parse(workload), settings);
        System.out.println("an idle connection: " + workload + ": " + idle);
        return idle;
    }
}
