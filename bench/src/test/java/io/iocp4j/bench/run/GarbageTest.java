package io.iocp4j.bench.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Sample;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class GarbageTest {
    private static final int ROUNDS = 6;
    private static final double ROUND_SECONDS = 0.5;
    /** Time for the just-in-time compiler, which finds objects that do not escape. */
    private static final double WARM_UP_SECONDS = 2;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}: at most {1} B")
    @CsvSource(delimiter = '|', textBlock = """
            tcp-echo:connections=16            | 100
            ws-echo:connections=16             | 100
            ws-echo:connections=16,inFlight=16 | 100
            fan-out:viewers=20,size=128        | 50""")
    @DisplayName("on selectors is within its bound")
    void bound(String text, long most) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        Settings settings = new Settings(1, Cores.ANY, Settings.FLAGS_DEFAULT, directory.resolve("logs"));
        Plan plan = new Plan("lab run", List.of(Workload.parse(text)), List.of(new Catalogue(null).get("selector")),
                ROUNDS, 1, ROUND_SECONDS, WARM_UP_SECONDS, 7, false, directory, directory, settings);
        Session session = new Session(plan, new PrintStream(printed, true, StandardCharsets.UTF_8), false);
        List<Sample> samples = session.execute().samples();
        assertEquals(0, session.failures(), printed.toString(StandardCharsets.UTF_8));
        assertEquals(ROUNDS, samples.size());
        // the least of the rounds, since the compiler may still be busy in the first
        double perMessage = samples.stream().mapToDouble(s -> (double) s.allocatedBytes() / s.messages()).min()
                .orElseThrow();
        assertTrue(perMessage > 0, "nothing was counted");
        assertTrue(perMessage <= most, perMessage + " B per message");
    }
}
