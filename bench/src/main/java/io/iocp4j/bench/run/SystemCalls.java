package io.iocp4j.bench.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Counts the system calls of a process with {@code strace -c -f}. strace makes the process several times slower, so
 * nothing else is measured meanwhile.
 */
final class SystemCalls implements AutoCloseable {
    private static final Duration ATTACH_LIMIT = Duration.ofSeconds(10);
    private static final Duration END_LIMIT = Duration.ofSeconds(10);
    /** The place of the number of calls in a line of the table: % time, seconds, usecs/call, calls, errors, syscall. */
    private static final int CALLS = 3;
    private static final int COLUMNS_MIN = 5;
    private static final String TOTAL = "total";

    private final Child strace;
    private final Path table;

    private SystemCalls(Child strace, Path table) {
        this.strace = strace;
        this.table = table;
    }

    /**
     * Attaches to a process and waits until that is done.
     *
     * @throws IOException if the system does not permit it
     */
    static SystemCalls count(long pid, Path logs) throws IOException, InterruptedException {
        Path table = Files.createTempFile("system-calls", ".txt");
        // strace says on standard error when it is attached; the shell makes that the output
        Child strace = new Child("strace", List.of("/bin/sh", "-c", "exec strace -c -f -o \"$1\" -p \"$2\" 2>&1", "sh",
                table.toString(), Long.toString(pid)), null, logs.resolve("strace.log"));
        try {
            String line = strace.line(ATTACH_LIMIT);
            if (!line.contains("attached")) {
                throw strace.failure("printed \"" + line + "\"");
            }
            return new SystemCalls(strace, table);
        } catch (IOException | InterruptedException e) {
            strace.close();
            Files.deleteIfExists(table);
            throw e;
        }
    }

    /** Detaches. Returns the number of calls. */
    long end() throws IOException, InterruptedException {
        strace.terminate();
        if (!strace.awaitEnd(END_LIMIT)) {
            throw strace.failure("does not end");
        }
        return sum(Files.readAllLines(table));
    }

    /** Sums the calls in the table that strace prints. */
    static long sum(List<String> lines) {
        return lines.stream().map(line -> line.strip().split(" +"))
                .filter(columns -> columns.length >= COLUMNS_MIN && !columns[columns.length - 1].equals(TOTAL)
                        && columns[CALLS].matches("\\d+"))
                .mapToLong(columns -> Long.parseLong(columns[CALLS])).sum();
    }

    @Override
    public void close() throws IOException {
        strace.close();
        Files.deleteIfExists(table);
    }
}
