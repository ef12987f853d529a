package io.iocp4j.bench.result;

/**
 * A median and the interval in which the true median lies with some confidence.
 *
 * @param median the median of the values; NaN if there are none
 * @param low the lower end; NaN if there are fewer than two values
 * @param high the upper end; NaN if there are fewer than two values
 * @param confidence the confidence that was asked for, between 0 and 1
 * @param values the number of values
 */
public record Interval(double median, double low, double high, double confidence, int values) {
    /**
     * Returns the confidence that this interval has at best. The true median lies outside of the range of all values if
     * all of them happen to be on one side of it. With n values this has the probability 2 / 2^n. So no interval of 5
     * values covers the median with more than 94 percent, whatever was asked for.
     *
     * @return the smaller one of {@code confidence} and 1 - 2 / 2^n; 0 if there is no interval
     */
    public double reached() {
        return values < 2 ? 0 : Math.min(confidence, 1 - Math.scalb(2.0, -values));
    }

    /**
     * Tells whether the values were too few for the confidence that was asked for.
     *
     * @return whether {@link #reached} is less than {@code confidence}
     */
    public boolean tooFew() {
        return reached() < confidence;
    }

    /** Both ends, with as many decimals as the median. */
    String ends() {
        return Numbers.ratio(low, median) + " to " + Numbers.ratio(high, median);
    }

    /**
     * Writes the interval as {@code 1.06 (1.04 to 1.08)}.
     *
     * @return the text; without the brackets if there is no interval, and {@code -} if there is no median
     */
    @Override
    public String toString() {
        if (Double.isNaN(median)) {
            return Numbers.NOTHING;
        }
        String text = Numbers.ratio(median);
        return values < 2 ? text : text + " (" + ends() + ")";
    }
}
