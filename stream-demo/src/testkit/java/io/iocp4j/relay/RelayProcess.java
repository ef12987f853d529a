package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.JavaProgram;
import io.iocp4j.websocket.ChildProcess;
import io.iocp4j.websocket.WebSocketServer;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The relay as its users run it: in its own JVM, on the module path, on a free port. */
final class RelayProcess implements AutoCloseable {
    /** A pattern that finds the address in the output of the relay. */
    static final String ADDRESS = "http://127\\.0\\.0\\.1:\\d+/";

    /** More than the default, because a shared machine sometimes stops for half a second. */
    static final Duration LAG_MAX = Duration.ofSeconds(3);

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(15);

    private final ChildProcess process;
    private final String address;

    private RelayProcess(ChildProcess process, String address) {
        this.process = process;
        this.address = address;
    }

    /** Starts a relay with further options, and waits until it has printed its address. */
    static RelayProcess start(String... options) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--port", "0", "--max-lag", LAG_MAX.toMillis() + "ms"));
        all.addAll(List.of(options));
        return start(List.of(), all.toArray(String[]::new));
    }

    /** Starts a relay with these options of the JVM and of its own, and waits until it has printed its address. */
    static RelayProcess start(List<String> jvm, String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(jvm);
        arguments.addAll(List.of("--module-path", modulePath(), "--module", "io.iocp4j.relay/io.iocp4j.relay.Main",
                "serve"));
        arguments.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(JavaProgram.command(arguments.toArray(String[]::new)));
        ChildProcess process = ChildProcess.start("relay", builder);
        try {
            return new RelayProcess(process, address(process.awaitLine(ADDRESS, START_LIMIT)));
        } catch (Throwable e) {
            process.close();
            throw e;
        }
    }

    /** Returns the address in a line that contains one. */
    static String address(ChildProcess.Line line) {
        return line.text().replaceFirst(".*?(" + ADDRESS + ").*", "$1");
    }

    /** Returns the address, for example {@code http://127.0.0.1:40123/}. */
    String address() {
        return address;
    }

    /** Waits for a line of the log; lines that are already there count too. */
    ChildProcess.Line awaitLog(String pattern, Duration limit) throws InterruptedException {
        return process.awaitLine(pattern, limit);
    }

    /** Kills the relay, which cannot say anything any more. */
    void kill() {
        process.kill();
    }

    /** Terminates the relay with SIGTERM, and returns its exit code. */
    int stop() {
        process.terminate();
        return process.awaitExit(STOP_LIMIT);
    }

    ChildProcess process() {
        return process;
    }

    /** Terminates the relay with SIGTERM, and fails if it does not end in time. */
    @Override
    public void close() {
        try (process) {
            process.terminate();
            process.awaitExit(STOP_LIMIT);
        }
    }

    /** Returns the module path that a JVM needs to run the relay. */
    static String modulePath() {
        return Stream.of(Main.class, WebSocketServer.class, CompletionPort.class).map(RelayProcess::origin)
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Returns the directory or archive that a class was loaded from. */
    private static String origin(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
