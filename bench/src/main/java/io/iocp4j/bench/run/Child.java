package io.iocp4j.bench.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process that the lab has started. It ends when its standard input ends. Its standard error goes to a file. One
 * thread at a time may use it.
 */
final class Child implements AutoCloseable {
    private static final Duration END_LIMIT = Duration.ofSeconds(5);
    private static final int TAIL_LINES = 5;
    /** Stands for the end of the output. No line contains a line feed. */
    private static final String END = "\n";

    private final String name;
    private final Path log;
    private final Process process;
    private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /**
     * Starts a process.
     *
     * @param name for messages
     * @param command the command
     * @param directory where it runs; null is where the lab runs
     * @param log the file that its standard error is appended to
     */
    Child(String name, List<String> command, Path directory, Path log) throws IOException {
        this.name = name;
        this.log = log;
        Files.createDirectories(log.toAbsolutePath().getParent());
        process = new ProcessBuilder(command).directory(directory == null ? null : directory.toFile())
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
        Thread.ofVirtual().name("output of " + name).start(this::read);
    }

    private void read() {
        try (BufferedReader output = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line; (line = output.readLine()) != null;) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("its output cannot be read: " + e);
        } finally {
            lines.add(END);
        }
    }

    long pid() {
        return process.pid();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for the end of the process. Returns false if it has not ended in time. */
    boolean awaitEnd(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Asks the process to end, as a user would with kill. */
    void terminate() {
        process.destroy();
    }

    /**
     * Reads the next line of output.
     *
     * @throws IOException if the process has ended, or prints nothing in time. The message has the end of its log
     */
    String line(Duration limit) throws IOException, InterruptedException {
        String line = lines.poll(limit.toNanos(), TimeUnit.NANOSECONDS);
        if (line == null) {
            throw failure("printed nothing for " + limit.toSeconds() + " s");
        }
        if (line.equals(END)) {
            lines.add(END);
            throw failure("has ended");
        }
        return line;
    }

    /** Writes a line, and reads the next line of output. */
    String ask(String question, Duration limit) throws IOException, InterruptedException {
        process.getOutputStream().write((question + "\n").getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        return line(limit);
    }

    /** Makes an exception about this process, with the end of its log. */
    IOException failure(String what) {
        String tail;
        try {
            List<String> all = Files.readAllLines(log);
            tail = String.join("\n    ", all.subList(Math.max(0, all.size() - TAIL_LINES), all.size()));
        } catch (IOException e) {
            tail = "";
        }
        return new IOException(name + " " + what + (tail.isBlank() ? "" : ":\n    " + tail));
    }

    /** Ends its input, and ends the process if that is not enough. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            process.destroy(); // it has left before what was written to it
        }
        try {
            if (!awaitEnd(END_LIMIT)) {
                process.destroyForcibly();
                process.waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
