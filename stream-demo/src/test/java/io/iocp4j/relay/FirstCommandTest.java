package io.iocp4j.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.Chromium;
import io.iocp4j.websocket.Installed;
import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the first command of README in a terminal, in a fresh clone of the repository, as a new user does. */
@Tag("e2e")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class FirstCommandTest {
    private static final Pattern SHELL_BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");
    /** The line of Maven that says that the build is complete and the relay is started next. */
    private static final String BUILT = "--- exec\\S*:exec \\(default-cli\\) @ iocp4j-relay";
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(8);
    private static final Duration PICTURE_LIMIT = Duration.ofSeconds(5);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
    private static final int COLOURS_MIN = 50;
    private static final double DIFFERENCE_MIN = 0.01;
    private static final byte CTRL_C = 3;
    private static final int ENDED_BY_INTERRUPT = 130;

    /**
     * The state of the page.
     *
     * @param colours number of colours in the picture
     * @param difference share of the picture's pixels that changed within a second
     * @param problems errors in the console
     */
    private record Look(long colours, double difference, List<String> problems) {
    }

    /**
     * The end of the command.
     *
     * @param millis milliseconds from Ctrl-C to the end of the command
     * @param code exit code
     * @param survivors processes that were still running at the time limit
     */
    private record End(long millis, int code, List<ProcessHandle> survivors) {
    }

    @BeforeAll
    static void programs() {
        Installed.require("chromium", "git", "mvn", "script");
    }

    @Test
    @DisplayName("README's first command shows a picture within 5 s after the build, and Ctrl-C ends it within 2 s")
    void firstCommand(@TempDir Path directory) throws IOException, InterruptedException {
        RealTime.check(() -> run(clone(Files.createTempDirectory(directory, "attempt"))));
    }

    private static void run(Path clone) throws IOException, InterruptedException {
        String command = firstCommand(Files.readString(clone.resolve("README.md")));
        // start the browser before the command, because a user has one open already
        try (Chromium chromium = Chromium.start(); ChildProcess terminal = terminal(clone, command)) {
            long begun = System.nanoTime();
            long built = terminal.awaitLine(BUILT, BUILD_LIMIT).nanos();
            String address = RelayProcess.address(terminal.awaitLine(RelayProcess.ADDRESS, PICTURE_LIMIT));
            PlayerPage page = new PlayerPage(chromium.open(address));
            page.until("stats.framesShown > 10", PICTURE_LIMIT);
            long shown = System.nanoTime();
            Look look = look(page);
            End end = interrupt(terminal);

            System.out.printf("e2e: first command: build %d ms, picture %d ms after it, %d colours, %.0f %% of the"
                    + " pixels changed in 1 s; ended %d ms after Ctrl-C with exit code %d%n", millis(begun, built),
                    millis(built, shown), look.colours, 100 * look.difference, end.millis, end.code);
            TooLate.unless(shown - built < PICTURE_LIMIT.toNanos(), "the picture came too late");
            assertTrue(look.colours > COLOURS_MIN, "the picture is black");
            assertTrue(look.difference > DIFFERENCE_MIN, "the picture stands still");
            assertEquals(List.of(), look.problems);
            assertTrue(end.code == 0 || end.code == ENDED_BY_INTERRUPT, "exit code " + end.code);
            TooLate.unless(end.survivors.isEmpty(), "processes that are still running: " + end.survivors);
            assertEquals(List.of(), traces(terminal.lines()));
        }
    }

    private static Look look(PlayerPage page) throws IOException {
        Map<String, Object> canvas = page.place("canvas");
        Screenshot first = page.screenshot();
        page.pass(Duration.ofSeconds(1));
        Screenshot second = page.screenshot();
        first.save("first-command-1");
        second.save("first-command-2");
        return new Look(first.colours(canvas), first.difference(second, canvas), page.problems());
    }

    private static End interrupt(ChildProcess terminal) throws IOException {
        Set<ProcessHandle> family = terminal.family();
        long interrupted = System.nanoTime();
        terminal.type(CTRL_C);
        int code = terminal.awaitExit(STOP_LIMIT);
        long ended = System.nanoTime();
        return new End(millis(interrupted, ended), code,
                ChildProcess.survivors(family, STOP_LIMIT.minusNanos(ended - interrupted)));
    }

    private static Path clone(Path directory) throws IOException, InterruptedException {
        Path clone = directory.resolve("clone");
        try (ChildProcess git = ChildProcess.start("git-clone", new ProcessBuilder("sh", "-c",
                "git clone --quiet --no-hardlinks \"$(git rev-parse --show-toplevel)\" \"$0\"", clone.toString()))) {
            assertEquals(0, git.awaitExit(Duration.ofMinutes(1)), () -> git.lines().toString());
        }
        return clone;
    }

    private static String firstCommand(String readme) {
        Matcher block = SHELL_BLOCK.matcher(readme);
        assertTrue(block.find(), "README has no sh block");
        return block.group(1).strip();
    }

    /** Runs the command in a new terminal, in which Ctrl-C interrupts all its processes. */
    private static ChildProcess terminal(Path directory, String command) throws IOException {
        // a test runner in the background makes its children ignore interrupts; a shell in a terminal does not
        ProcessBuilder builder = new ProcessBuilder("env", "--default-signal=INT,QUIT",
                "script", "--quiet", "--return", "--flush", "--command", command, "/dev/null");
        builder.directory(directory.toFile());
        builder.environment().put("SHELL", "/bin/sh");
        // the test runner sets it to its own JDK, but the build must find a JDK without it
        builder.environment().remove("JAVA_HOME");
        return ChildProcess.start("first-command", builder);
    }

    private static List<String> traces(List<ChildProcess.Line> lines) {
        Pattern trace = Pattern.compile("^\\s+at \\S+\\(.*\\)$|Full thread dump|^Exception in thread|^Caused by:");
        return lines.stream().map(ChildProcess.Line::text).filter(line -> trace.matcher(line).find()).toList();
    }

    private static long millis(long from, long to) {
        return TimeUnit.NANOSECONDS.toMillis(to - from);
    }
}
