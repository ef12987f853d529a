package io.iocp4j.core;

import java.net.StandardSocketOptions;
import java.time.Duration;
import jdk.net.ExtendedSocketOptions;

/**
 * The times at which the operating system probes a silent peer.
 *
 * @param idle the silence before the first probe
 * @param interval the time between two probes
 * @param count the probes without an answer that end the connection; 0 leaves all three to the system
 */
record KeepAlive(Duration idle, Duration interval, int count) {
    /** The times for which the system is configured. */
    static final KeepAlive SYSTEM = new KeepAlive(Duration.ZERO, Duration.ZERO, 0);

    /** The limits of Linux, which Windows allows too: TCP_KEEPIDLE and TCP_KEEPINTVL in seconds, TCP_KEEPCNT. */
    private static final int SECONDS_MAX = 32_767;
    private static final int COUNT_MAX = 127;

    /** Makes times that are not the system's, in whole seconds; fractions of a second are dropped. */
    static KeepAlive of(Duration idle, Duration interval, int count) {
        return new KeepAlive(wholeSeconds(idle, "idle seconds"), wholeSeconds(interval, "interval seconds"),
                (int) Limits.within(1, COUNT_MAX, count, "count"));
    }

    private static Duration wholeSeconds(Duration time, String name) {
        return Duration.ofSeconds(Limits.within(1, SECONDS_MAX, time.toSeconds(), name));
    }

    /** Turns the probes on, at these times. */
    void applyTo(PortSocket socket) throws IoException {
        if (count > 0) {
            socket.option(ExtendedSocketOptions.TCP_KEEPIDLE, (int) idle.toSeconds());
            socket.option(ExtendedSocketOptions.TCP_KEEPINTERVAL, (int) interval.toSeconds());
            socket.option(ExtendedSocketOptions.TCP_KEEPCOUNT, count);
        }
        socket.option(StandardSocketOptions.SO_KEEPALIVE, true);
    }

    @Override
    public String toString() {
        return idle + " " + interval + " " + count;
    }
}
