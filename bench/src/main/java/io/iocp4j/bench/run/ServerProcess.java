package io.iocp4j.bench.run;

import io.iocp4j.bench.result.Sample;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A server under test in its process. One thread. */
final class ServerProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);
    /** The time between two attempts to connect to a server that does not say when it listens. */
    private static final Duration RETRY = Duration.ofMillis(50);
    /**
     * Runs a command and ends it when the standard input ends. The part in brackets is a child of a child, so it is not
     * among the descendants whose use counts. File 3 is the input, since a shell gives its background an empty one.
     */
    private static final String WATCHED =
            "exec 3<&0; ( ( cat <&3 >/dev/null; kill $$ 2>/dev/null ) & ); exec 3<&-; exec \"$@\" </dev/null >&2";

    /**
     * Counters of a server.
     *
     * @param allocatedBytes bytes that all its threads have allocated; {@link Sample#UNKNOWN} if it does not say
     * @param gcCount its garbage collections; as above
     * @param gcMillis the time they took; as above
     */
    record Counters(long allocatedBytes, long gcCount, long gcMillis) {
        static final Counters NONE = new Counters(Sample.UNKNOWN, Sample.UNKNOWN, Sample.UNKNOWN);
    }

    private final Candidate candidate;
    private final Child child;
    private int port;

    /** Starts the process, and does not wait for it. */
    ServerProcess(Candidate candidate, String protocol, Settings settings) throws IOException {
        this.candidate = candidate;
        port = candidate.isOwn() ? 0 : freePort();
        List<String> command = Cores.pinned(settings.cores().server(),
                candidate.commandLine(protocol, Integer.toString(port), settings));
        child = new Child("server " + candidate.name(), candidate.isOwn() ? command : watched(command),
                candidate.directory(), settings.logs().resolve("server-" + candidate.name() + ".log"));
    }

    /**
     * Wraps a command in that shell. Windows has no such shell: if the lab is killed there, a foreign server outlives
     * it.
     */
    private static List<String> watched(List<String> command) {
        if (!File.separator.equals("/")) {
            return command;
        }
        List<String> watched = new ArrayList<>(List.of("/bin/sh", "-c", WATCHED, "sh"));
        watched.addAll(command);
        return watched;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Waits until the server listens. Returns its port. */
    int await() throws IOException, InterruptedException {
        if (candidate.isOwn()) {
            String line = child.line(START_LIMIT);
            try {
                port = Integer.parseInt(line);
            } catch (NumberFormatException e) {
                throw child.failure("printed \"" + line + "\" in place of its port");
            }
            return port;
        }
        long end = System.nanoTime() + START_LIMIT.toNanos();
        while (!accepts()) {
            if (child.awaitEnd(RETRY)) {
                throw child.failure("has ended");
            }
            if (System.nanoTime() - end > 0) {
                throw child.failure("does not listen after " + START_LIMIT.toSeconds() + " s");
            }
        }
        return port;
    }

    private boolean accepts() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) RETRY.toMillis());
            return true;
        } catch (IOException e) {
            return false; // it does not listen yet
        }
    }

    Counters counters() throws IOException, InterruptedException {
        if (!candidate.isOwn()) {
            return Counters.NONE;
        }
        String[] numbers = child.ask("counters", ANSWER_LIMIT).split(" ");
        return new Counters(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]));
    }

    /** Heap in use after a collection plus direct memory, in bytes; {@link Sample#UNKNOWN} if it does not say. */
    long memory() throws IOException, InterruptedException {
        return candidate.isOwn() ? Long.parseLong(child.ask("memory", ANSWER_LIMIT)) : Sample.UNKNOWN;
    }

    long cpuNanos() {
        return ProcessUse.cpuNanos(child.handle());
    }

    long residentBytes() {
        return ProcessUse.residentBytes(child.handle());
    }

    long pid() {
        return child.pid();
    }

    void requireAlive() throws IOException {
        if (!child.isAlive()) {
            throw child.failure("has ended");
        }
    }

    @Override
    public void close() {
        child.close();
    }
}
