package io.iocp4j.relay.access;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Counts failed logins per address, so that guessing is slow. IPv6 addresses count together by their first 64 bits,
 * which is the least that a network gives to one customer. Any thread.
 */
final class Failures {
    /** The largest number of addresses that are remembered; the one that failed first of all is forgotten first. */
    static final int ADDRESSES_MAX = 10_000;
    private static final int IPV6_BYTES = 8;

    private final long windowNanos;
    private final LongSupplier nanoTime;
    /** The times of the last failures of each address. Guarded by this. */
    private final Map<String, Deque<Long>> times = new LinkedHashMap<>();

    Failures(Duration window, LongSupplier nanoTime) {
        this.windowNanos = window.toNanos();
        this.nanoTime = nanoTime;
    }

    private static String key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return Arrays.toString(bytes.length == 4 ? bytes : Arrays.copyOf(bytes, IPV6_BYTES));
    }

    /** Tells whether an address has failed so often that it must wait. */
    synchronized boolean isBlocked(InetAddress address, int max) {
        String key = key(address);
        Deque<Long> failed = times.get(key);
        if (failed == null) {
            return false;
        }
        long now = nanoTime.getAsLong();
        while (!failed.isEmpty() && now - failed.peekFirst() >= windowNanos) {
            failed.removeFirst();
        }
        if (failed.isEmpty()) {
            times.remove(key);
        }
        return failed.size() >= max;
    }

    synchronized void add(InetAddress address, int max) {
        Deque<Long> failed = times.computeIfAbsent(key(address), unused -> new ArrayDeque<>());
        failed.addLast(nanoTime.getAsLong());
        while (failed.size() > max) {
            failed.removeFirst();
        }
        if (times.size() > ADDRESSES_MAX) {
            times.remove(times.keySet().iterator().next());
        }
    }

    synchronized int addresses() {
        return times.size();
    }
}
