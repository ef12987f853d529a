package io.iocp4j.bench.result;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Medians and their intervals. The intervals are percentile bootstraps: the values are drawn again with replacement,
 * {@value #RESAMPLES} times, and the interval holds the middle of the medians of these draws. This supposes nothing
 * about the distribution of the noise, and a few extreme rounds hardly move it. It does suppose that rounds are
 * independent of one another. The same seed gives the same interval.
 *
 * <p>Values form groups: a group has the values of the same processes. Two processes of the same program differ for
 * their whole life, because the system places their memory differently. More rounds do not show this difference, but
 * more launches do. Groups are therefore drawn first, and then values in them. With one group, the interval is that of
 * these processes, not that of the program.
 */
public final class Statistics {
    /**
     * The number of times that the values are drawn again. The 99 percent interval then ends 10 draws from the edge.
     */
    public static final int RESAMPLES = 2_000;

    private Statistics() {
    }

    /**
     * Returns the median.
     *
     * @param values the values, in any order; they stay as they are
     * @return the middle one, or the mean of the two in the middle; NaN if there are none
     */
    public static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * Returns the median of all values with its interval.
     *
     * @param groups the values of each launch
     * @param confidence the confidence, between 0 and 1, for example 0.95
     * @param seed the seed of the draws
     * @return the median and its interval
     */
    public static Interval interval(double[][] groups, double confidence, long seed) {
        return interval(groups, new double[][] {{1}}, flat(groups).length, confidence, seed);
    }

    /**
     * Returns the median of some values divided by the median of others, which are not paired with them.
     *
     * @param groups the values of each launch
     * @param divisors the others, of each launch
     * @param confidence the confidence, between 0 and 1
     * @param seed the seed of the draws
     * @return the quotient of the medians and its interval; {@code values} is the smaller one of the two numbers
     */
    public static Interval quotient(double[][] groups, double[][] divisors, double confidence, long seed) {
        return interval(groups, divisors, Math.min(flat(groups).length, flat(divisors).length), confidence, seed);
    }

    private static Interval interval(double[][] groups, double[][] divisors, int values, double confidence, long seed) {
        double quotient = median(flat(groups)) / median(flat(divisors));
        if (values < 2) {
            return new Interval(quotient, Double.NaN, Double.NaN, confidence, values);
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] draws = new double[RESAMPLES];
        for (int i = 0; i < RESAMPLES; i++) {
            draws[i] = median(draw(groups, random)) / median(draw(divisors, random));
        }
        Arrays.sort(draws);
        int outside = (int) Math.floor((1 - confidence) / 2 * RESAMPLES);
        return new Interval(quotient, draws[outside], draws[RESAMPLES - 1 - outside], confidence, values);
    }

    /** Draws as many groups as there are, and from each as many values as it has. */
    private static double[] draw(double[][] groups, SplittableRandom random) {
        double[][] drawn = new double[groups.length][];
        for (int i = 0; i < drawn.length; i++) {
            double[] group = groups.length == 1 ? groups[0] : groups[random.nextInt(groups.length)];
            drawn[i] = new double[group.length];
            for (int k = 0; k < group.length; k++) {
                drawn[i][k] = group[random.nextInt(group.length)];
            }
        }
        return flat(drawn);
    }

    private static double[] flat(double[][] groups) {
        return groups.length == 1 ? groups[0] : Arrays.stream(groups).flatMapToDouble(Arrays::stream).toArray();
    }
}
