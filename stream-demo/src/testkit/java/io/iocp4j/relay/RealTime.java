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
 * Checks against the clock. A virtual machine whose host gives its processors to others shows nothing about the relay: pictures stand still
 * for seconds. A check that came too late while that was so is made again, and is left out in the end, with that reason. Whatever else is
 * wrong has failed.
 */
final class RealTime {
    static final int ATTEMPTS = 3;
    /** In 20 s, all processors gone for a second. */
    private static final double STOLEN_MAX = 0.05;
    /** Where Linux counts it; "steal" in proc(5). */
    private static final Path STAT = Path.of("/proc/stat");
    private static final int STEAL = 7;

    private RealTime() {
    }

    /** What is checked, from its beginning. */
    @FunctionalInterface
    interface Check {
        /** Throws a {@link TooLate}, or a SocketTimeoutException, where only the time was to blame. */
        void run() throws IOException, InterruptedException;
    }

    /** Processor time of the whole machine since its start, in ticks. */
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

    /** Makes the check, again if the machine had not its time meanwhile. */
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
                String reason = "e2e: %.0f %% of the processor time was taken from this machine, attempt %d of %d shows nothing: %s"
                        .formatted(100 * stolen, attempt, ATTEMPTS, failure.getMessage());
                System.out.println(reason);
                if (attempt == ATTEMPTS) {
                    throw new TestAbortedException(reason, failure);
                }
            }
        }
    }
}
