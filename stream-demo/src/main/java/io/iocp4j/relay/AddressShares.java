package io.iocp4j.relay;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the clients of each address use: a number at a time, or a number in a time. Any thread. */
final class AddressShares {
    /** The largest number of addresses whose rate is remembered. The one not seen for the longest time is forgotten. */
    static final int ADDRESSES_MAX = 10_000;
    private static final long WINDOW_NANOS = LimitSettings.WINDOW_SECONDS * 1_000_000_000L;

    /** The number at a time. An address with none has no entry. Guarded by this. */
    private final Map<Long, Integer> held = new HashMap<>();
    /** What is left of the number in a time. Guarded by this. */
    private final Map<Long, Bucket> rates = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Bucket> eldest) {
            return size() > ADDRESSES_MAX;
        }
    };

    private static final class Bucket {
        private double left;
        private long atNanos;

        Bucket(long max, long now) {
            left = max;
            atNanos = now;
        }
    }

    /** Returns the key of an address: all of IPv4, and the first 64 bits of IPv6, which a single host may change. */
    private static long key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return bytes.length == Integer.BYTES ? ByteBuffer.wrap(bytes).getInt() & 0xffff_ffffL
                : ByteBuffer.wrap(bytes).getLong();
    }

    /** Takes one at a time; false if the address has the maximum already. */
    synchronized boolean take(InetAddress address, long max) {
        int before = held.getOrDefault(key(address), 0);
        if (before >= max) {
            return false;
        }
        held.put(key(address), before + 1);
        return true;
    }

    /** Gives one back. */
    synchronized void giveBack(InetAddress address) {
        held.computeIfPresent(key(address), (key, count) -> count == 1 ? null : count - 1);
    }

    /** Counts one; false if the address has used up its number in {@link LimitSettings#WINDOW_SECONDS}. */
    synchronized boolean pass(InetAddress address, long max, long now) {
        Bucket bucket = rates.computeIfAbsent(key(address), key -> new Bucket(max, now));
        bucket.left = Math.min(max, bucket.left + (double) (now - bucket.atNanos) * max / WINDOW_NANOS);
        bucket.atNanos = now;
        if (bucket.left < 1) {
            return false;
        }
        bucket.left--;
        return true;
    }

    /** Returns the number of addresses that are remembered. */
    synchronized int addresses() {
        return held.size() + rates.size();
    }
}
