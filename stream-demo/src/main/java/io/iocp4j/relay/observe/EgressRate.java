package io.iocp4j.relay.observe;

import io.iocp4j.core.GuardedLog;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * The bytes per second that the relay sends, over the time between two readings, of at least
 * {@value #WINDOW_SECONDS} s. Readings of several readers share one window. Any thread.
 */
final class EgressRate {
    private static final int WINDOW_SECONDS = 5;

    private static final System.Logger LOG = new GuardedLog(EgressRate.class);

    private final LongSupplier total;
    private long beganNanos = System.nanoTime();
    private long beganBytes;
    private double rate;

    EgressRate(LongSupplier total) {
        this.total = total;
    }

    /** Returns the bytes per second of the fastest interface of this machine; 0 where the system does not tell. */
    static long fastestInterface() {
        long megabits = 0;
        try (DirectoryStream<Path> interfaces = Files.newDirectoryStream(Path.of("/sys/class/net"))) {
            for (Path each : interfaces) {
                megabits = Math.max(megabits, speed(each.resolve("speed")));
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.log(Level.DEBUG, "this system does not tell the speed of its interfaces: {0}", e.getMessage());
        }
        return megabits * 125_000;
    }

    private static long speed(Path file) {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException | NumberFormatException e) {
            // the loopback interface and those that are down have none
            return 0;
        }
    }

    synchronized double bytesPerSecond(long nowNanos) {
        double seconds = (nowNanos - beganNanos) / 1e9;
        if (seconds >= WINDOW_SECONDS) {
            long bytes = total.getAsLong();
            rate = (bytes - beganBytes) / seconds;
            beganNanos = nowNanos;
            beganBytes = bytes;
        }
        return rate;
    }
}
