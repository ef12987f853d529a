package io.iocp4j.core;

import java.time.Duration;

/** Checks arguments that are limits. Each method returns its argument, or throws IllegalArgumentException. */
final class Limits {
    private Limits() {
    }

    static int atLeast(int min, int value, String name) {
        return (int) within(min, Integer.MAX_VALUE, value, name);
    }

    static long within(long min, long max, long value, String name) {
        if (value < min || value > max) {
            String bound = value < min ? " must be at least " + min : " must not be above " + max;
            throw new IllegalArgumentException(name + bound + ": " + value);
        }
        return value;
    }

    static Duration atLeast(Duration min, Duration value, String name) {
        if (value.compareTo(min) < 0) {
            throw new IllegalArgumentException(name + " must be at least " + min + ": " + value);
        }
        return value;
    }

    static Duration notNegative(Duration value, String name) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative: " + value);
        }
        return value;
    }

    static Duration aboveZero(Duration value, String name) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be above 0: " + value);
        }
        return value;
    }
}
