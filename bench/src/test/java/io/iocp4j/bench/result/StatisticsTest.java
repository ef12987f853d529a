package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Medians have intervals that say what they are worth")
class StatisticsTest {
    @Test
    @DisplayName("the median is in the middle, and of nothing it is no number")
    void median() {
        assertEquals(2, Statistics.median(3, 1, 2));
        assertEquals(2.5, Statistics.median(4, 1, 3, 2));
        assertEquals(Double.NaN, Statistics.median());
    }

    @Test
    @DisplayName("an interval of 95 percent holds the true median in about 95 of 100 samples")
    void coverage() {
        SplittableRandom random = new SplittableRandom(3);
        int samples = 600;
        int held = 0;
        for (int i = 0; i < samples; i++) {
            double[] values = new double[25];
            for (int k = 0; k < values.length; k++) {
                values[k] = Math.exp(random.nextGaussian()); // skewed; its true median is 1
            }
            Interval interval = Statistics.interval(new double[][] {values}, 0.95, i);
            held += interval.low() <= 1 && interval.high() >= 1 ? 1 : 0;
        }
        assertTrue(held >= 0.93 * samples && held <= 0.98 * samples, held + " of " + samples);
    }

    @Test
    @DisplayName("the same seed gives the same interval, another one another")
    void seeded() {
        double[][] values = {{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}};
        assertEquals(Statistics.interval(values, 0.8, 1), Statistics.interval(values, 0.8, 1));
        SplittableRandom random = new SplittableRandom(4);
        double[][] many = {random.doubles(50).toArray()};
        assertNotEquals(Statistics.interval(many, 0.8, 1), Statistics.interval(many, 0.8, 2));
    }

    @Test
    @DisplayName("few values give their range, and say that it is not worth what was asked for")
    void few() {
        Interval five = Statistics.interval(new double[][] {{1.1, 1.2, 1.3, 1.4, 1.5}}, 0.99, 1);
        assertEquals("1.30 (1.10 to 1.50)", five.toString());
        assertEquals(0.9375, five.reached());
        assertTrue(five.tooFew());
        Interval one = Statistics.interval(new double[][] {{1.25}}, 0.99, 1);
        assertEquals("1.25", one.toString());
        assertEquals(0, one.reached());
        assertEquals("-", Statistics.interval(new double[0][], 0.99, 1).toString());
        Interval eight = Statistics.interval(new double[][] {{1, 2, 3, 4, 5, 6, 7, 8}}, 0.99, 1);
        assertFalse(eight.tooFew());
    }

    @Test
    @DisplayName("launches that differ make an interval wider than their rounds do")
    void launches() {
        double[] low = {1.00, 1.01, 1.00, 1.01, 1.00, 1.01};
        double[] high = {1.05, 1.06, 1.05, 1.06, 1.05, 1.06};
        double[] middle = {1.03, 1.02, 1.03, 1.02, 1.03, 1.02};
        Interval apart = Statistics.interval(new double[][] {low, middle, high}, 0.95, 1);
        double[] all = Stream.of(low, middle, high).flatMapToDouble(Arrays::stream).toArray();
        Interval together = Statistics.interval(new double[][] {all}, 0.95, 1);
        assertTrue(apart.high() - apart.low() > together.high() - together.low(), apart + " and " + together);
    }

    @Test
    @DisplayName("a quotient has the noise of both sides")
    void quotient() {
        double[][] above = {{2.0, 2.2, 1.8, 2.1, 1.9, 2.0, 2.2, 1.8}};
        double[][] below = {{1.0, 1.1, 0.9, 1.05, 0.95, 1.0, 1.1, 0.9}};
        Interval both = Statistics.quotient(above, below, 0.95, 1);
        Interval one = Statistics.quotient(above, new double[][] {{1, 1, 1, 1, 1, 1, 1, 1}}, 0.95, 1);
        assertEquals(2, both.median(), 1e-9);
        assertTrue(both.high() - both.low() > one.high() - one.low(), both + " and " + one);
        assertEquals(8, both.values());
    }
}
