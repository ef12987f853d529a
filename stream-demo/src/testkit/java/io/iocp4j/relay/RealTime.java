package io.iocp4j.relay;

import io.iocp4j.websocket.TooLate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import org.opentest4j.TestAbortedException;

/**
 * Repeats checks with real-time limits. While the host of a virtual machine gives its processors to other machines, the
 * picture stands still for seconds, and a missed time limit says nothing about the relay. A check that misses a time
 * limit in such a period is repeated. If it still does after all attempts, the test is aborted with that reason. All
 * other failures count at once.
 */
final class RealTime {
    static final int ATTEMPTS = 3;
    /** The share of stolen processor time that a check must tolerate: one second of 20 s. */
    private static final double STOLEN_MAX = 0.05;
    /** The counters of processor time on Linux; stolen time is the field "steal" of proc(5). */
    private static final Path STAT = Path.of("/proc/stat");
    private static final int STEAL = 7;

    private RealTime() {
    }

    /** A check that can be repeated from its beginning. */
    @FunctionalInterface
    interface Check {
        /** Runs the check. Throws {@link TooLate} or SocketTimeoutException if it only missed a time limit. */
        void run() throws IOException, InterruptedException;
    }

    /** The processor time of the whole machine since its start, in ticks; 0 where it is not known. */
    record Processors(long stolen, long all) {
        static Processors now() {
            if (!Files.isReadable(STAT)) {
                return new Processors(0, 0);
            }
            try {
                long[] times = Arrays.stream(Files.readAllLines(STAT).getFirst().split(" +")).skip(1).limit(STEAL + 1)
                        .mapToLong(Long::parseLong).toArray();
                return new Processors(times[STEAL], Arrays.stream(times).sum());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        double stolenSince(Processors before) {
            return (double) (stolen - before.stolen) / Math.max(1, all - before.all);
        }
    }

    /** Runs the check, and repeats it if it missed a time limit while processor time was stolen. */
    static void check(Check check) throws IOException, InterruptedException {
        check(check, Processors::now);
    }

    static void check(Check check, Supplier<Processors> machine) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            Processors before = machine.get();
            try {
                check.run();
                return;
            } catch (TooLate | SocketTimeoutException failure) {
                double stolen = machine.get().stolenSince(before);
                if (stolen <= STOLEN_MAX) {
                    throw failure;
                }
                String reason = ("e2e: %.0f %% of the processor time was stolen from this machine,"
                        + " so attempt %d of %d does not count: %s")
                        .formatted(100 * stolen, attempt, ATTEMPTS, failure.getMessage());
                System.out.println(reason);
                if (attempt == ATTEMPTS) {
                    throw new TestAbortedException(reason, failure);
                }
            }
        }
    }
}
