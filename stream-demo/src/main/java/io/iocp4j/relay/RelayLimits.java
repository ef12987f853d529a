package io.iocp4j.relay;

import java.util.EnumMap;
import java.util.Map;

/** The value of every {@link RelayLimit}. Immutable. */
public final class RelayLimits {
    /** The time in which joins and requests of an address are counted, in seconds. */
    public static final int WINDOW_SECONDS = 10;

    private static final RelayLimits DEFAULTS = new RelayLimits(Map.of(), false);

    private final EnumMap<RelayLimit, Long> values = new EnumMap<>(RelayLimit.class);
    private final boolean loopback;

    private RelayLimits(Map<RelayLimit, Long> given, boolean loopback) {
        for (RelayLimit limit : RelayLimit.values()) {
            values.put(limit, given.getOrDefault(limit, limit.standard()));
        }
        this.loopback = loopback;
    }

    /**
     * Returns the defaults of all limits.
     *
     * @return the defaults; clients of this machine are not limited by their address
     */
    public static RelayLimits defaults() {
        return DEFAULTS;
    }

    /**
     * Sets one limit.
     *
     * @param limit which one
     * @param value above 0, in the unit of the limit
     * @return a copy
     * @throws IllegalArgumentException if the value is 0 or less
     */
    public RelayLimits with(RelayLimit limit, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(limit.flag() + " must be above 0: " + value);
        }
        Map<RelayLimit, Long> changed = new EnumMap<>(values);
        changed.put(limit, value);
        return new RelayLimits(changed, loopback);
    }

    /**
     * Sets whether the limits by address hold for loopback addresses too. By default they do not: a proxy on this
     * machine would use up the share of one address for all its clients, and so would the operator's own programs.
     *
     * @param limited true if they hold
     * @return a copy
     */
    public RelayLimits limitLoopback(boolean limited) {
        return new RelayLimits(values, limited);
    }

    /**
     * Returns one limit.
     *
     * @param limit which one
     * @return above 0, in the unit of the limit
     */
    public long get(RelayLimit limit) {
        return values.get(limit);
    }

    boolean limitsLoopback() {
        return loopback;
    }
}
