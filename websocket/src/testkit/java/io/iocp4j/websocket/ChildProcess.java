package io.iocp4j.websocket;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program that a test started. A thread of its own reads what it prints, line by line, into a file and for those
 * who wait for a line. {@link #close()} kills the program and all that descends from it.
 */
public final class ChildProcess implements AutoCloseable {
    /** Directory of everything that end-to-end checks leave behind for a person to look at. */
    public static final Path RESULTS = Path.of("target", "e2e");

    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final int LINES_IN_FAILURE = 20;
    private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]*m");

    /** A line without colours, and {@link System#nanoTime()} when it came. */
    public record Line(String text, long nanos) {
    }

    private final String name;
    private final Process process;
    private final Set<ProcessHandle> family = new LinkedHashSet<>();
    private final CompletableFuture<Void> silence = new CompletableFuture<>(); // done when no line comes any more
    private final List<Line> lines = new ArrayList<>();                        // guarded by this

    private ChildProcess(String name, Process process, PrintWriter log) {
        this.name = name;
        this.process = process;
        Thread.ofPlatform().name("test-output-of-" + name).daemon().start(() -> read(log));
    }

    /** Starts the program; its standard output and error go together to {@code name.log} in {@link #RESULTS}. */
    public static ChildProcess start(String name, ProcessBuilder builder) throws IOException {
        Files.createDirectories(RESULTS);
        PrintWriter log = new PrintWriter(Files.newBufferedWriter(RESULTS.resolve(name + ".log")), true);
        return new ChildProcess(name, builder.redirectErrorStream(true).start(), log);
    }

    /** Waits for a line, old or new, in which the pattern is found; fails when the output or the time ends before. */
    public Line awaitLine(String pattern, Duration limit) throws InterruptedException {
        Matcher matcher = Pattern.compile(pattern).matcher("");
        long deadline = System.nanoTime() + limit.toNanos();
        synchronized (this) {
            for (int next = 0;; next++) {
                while (next == lines.size()) {
                    long left = deadline - System.nanoTime();
                    if (silence.isDone() || left <= 0) {
                        String none = name + " had no line with '" + pattern + "' ";
                        TooLate.unless(silence.isDone(), none + "within " + limit + ":\n" + tail());
                        throw new AssertionError(none + "to its end:\n" + tail());
                    }
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                }
                if (matcher.reset(lines.get(next).text).find()) {
                    return lines.get(next);
                }
            }
        }
    }

    /** All lines until now. */
    public synchronized List<Line> lines() {
        return List.copyOf(lines);
    }

    /** Types into the program's standard input. */
    public void type(byte... bytes) throws IOException {
        process.getOutputStream().write(bytes);
        process.getOutputStream().flush();
    }

    /** Asks the program to end, as {@code kill} does (SIGTERM). */
    public void terminate() {
        // not of the Process itself, which would close the output before its last lines are read
        process.toHandle().destroy();
    }

    /** Waits for the end of the program and of its output, and returns the exit code. */
    public int awaitExit(Duration limit) {
        await(CompletableFuture.allOf(process.onExit(), silence), limit, "the end of " + name);
        return process.exitValue();
    }

    /** Waits as long as the program runs, at most for the given time; true when it ended. */
    public boolean endsWithin(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** The program and all its descendants, those that are alive now and those that an earlier call saw. */
    public Set<ProcessHandle> family() {
        family.add(process.toHandle());
        process.descendants().forEach(family::add);
        return family;
    }

    /** Kills the program and all its descendants without a warning (SIGKILL), and waits until they are gone. */
    public void kill() {
        family().forEach(ProcessHandle::destroyForcibly);
        awaitExit(KILL_LIMIT);
    }

    @Override
    public void close() {
        kill();
    }

    /** Those of the processes that still run when the time is over; returns sooner when there are none. */
    public static List<ProcessHandle> survivors(Collection<ProcessHandle> processes, Duration limit) {
        CompletableFuture<?>[] exits = processes.stream().map(ProcessHandle::onExit)
                .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(exits).completeOnTimeout(null, limit.toNanos(), TimeUnit.NANOSECONDS).join();
        // an orphan that has ended counts as alive until the system takes its exit code, but has no command any more
        return processes.stream().filter(p -> p.isAlive() && p.info().command().isPresent()).toList();
    }

    private static void await(CompletableFuture<?> event, Duration limit, String what) {
        try {
            event.copy().orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS).join();
        } catch (CompletionException e) {
            // nothing else ends what is waited for here
            throw new TooLate(what + " did not come within " + limit);
        }
    }

    private void read(PrintWriter log) {
        try (log; BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                log.println(line);
                add(new Line(COLOUR.matcher(line).replaceAll(""), System.nanoTime()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("output of " + name, e);
        } finally {
            fallSilent();
        }
    }

    private synchronized void add(Line line) {
        lines.add(line);
        notifyAll();
    }

    private synchronized void fallSilent() {
        silence.complete(null);
        notifyAll();
    }

    /** Call with the lock held. */
    private String tail() {
        int before = Math.max(0, lines.size() - LINES_IN_FAILURE);
        return String.join("\n", lines.stream().skip(before).map(Line::text).toList());
    }
}
