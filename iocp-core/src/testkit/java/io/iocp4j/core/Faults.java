package io.iocp4j.core;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How often a simulated port does what a network may do. Immutable.
 *
 * @param probabilities for each {@link Kind} by its ordinal, 0 to 1, drawn anew at each occasion
 */
public record Faults(double[] probabilities) {
    /** What may happen, with the highest probability that {@link #draw} gives it. */
    public enum Kind {
        /** A receive takes less than has come. */
        PARTIAL_RECEIVE(0.7, false),
        /** A send takes less than there is room for. */
        PARTIAL_SEND(0.7, false),
        /** Something comes up to a tenth of a second later. */
        DELAY(0.4, false),
        /** What is due in the same microsecond comes in any order. */
        REORDER(1, false),
        /** The peer takes nothing for up to a second. */
        SLOW_PEER(0.1, false),
        /**
         * The network holds a few bytes only, so that sends have to wait for the receiver. Decided once per direction.
         */
        SMALL_WINDOW(1, false),
        /** The result is there before the submit returns; it is delivered later anyway. */
        EARLY(0.7, false),
        /** The operation succeeds although its handle was closed meanwhile. */
        LATE(1, false),
        /** An accept finds no descriptor left; the connection goes on waiting. */
        NO_DESCRIPTORS(0.5, false),
        /** A task that was taken off the workers takes as long as a signature may: other things end before it. */
        SLOW_TASK(0.7, false),
        /** The whole process stands still for up to 15 s: timers come late, and together with what they waited for. */
        STANDSTILL(0.002, true),
        /** Nobody listens. */
        REFUSED(0.2, true),
        /** A connect that is never answered. */
        SILENT(0.2, true),
        /** The connection is reset; both sides find out. */
        RESET(0.05, true),
        /** The peer seems to have ended, and what was under way is lost. */
        EOF(0.05, true),
        /** A receive fails. */
        RECEIVE_ERROR(0.05, true),
        /** A send fails. */
        SEND_ERROR(0.05, true);

        private final double most;
        private final boolean destructive;

        Kind(double most, boolean destructive) {
            this.most = most;
            this.destructive = destructive;
        }
    }

    /** Copies and checks. */
    public Faults {
        probabilities = Arrays.copyOf(probabilities, Kind.values().length);
        for (double probability : probabilities) {
            if (!(probability >= 0 && probability <= 1)) {
                throw new IllegalArgumentException("not a probability: " + probability);
            }
        }
    }

    /**
     * A network without faults.
     *
     * @return every probability 0
     */
    public static Faults none() {
        return new Faults(new double[0]);
    }

    /**
     * Draws which kinds happen at all, each with one half, and how often. Runs with few kinds go deeper than runs with
     * all of them.
     *
     * @param random its next numbers decide
     * @return the faults of one run
     */
    public static Faults draw(SplittableRandom random) {
        Faults faults = none();
        for (Kind kind : Kind.values()) {
            faults = random.nextBoolean() ? faults.with(kind, random.nextDouble(kind.most)) : faults;
        }
        return faults;
    }

    /**
     * Changes one probability.
     *
     * @param kind of what
     * @param probability 0 to 1
     * @return a copy
     */
    public Faults with(Kind kind, double probability) {
        double[] changed = probabilities.clone();
        changed[kind.ordinal()] = probability;
        return new Faults(changed);
    }

    /**
     * Leaves out what ends or damages a connection: everything that was sent must arrive then.
     *
     * @return a copy
     */
    public Faults harmless() {
        Faults faults = this;
        for (Kind kind : Kind.values()) {
            faults = kind.destructive ? faults.with(kind, 0) : faults;
        }
        return faults;
    }

    double of(Kind kind) {
        return probabilities[kind.ordinal()];
    }
}
