package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Measures how long wrong tokens take that begin like the right one. The token is long, so that a comparison which
 * stops at the first difference shows itself.
 */
@DisplayName("The time to refuse a wrong token")
class TimingTest {
    private static final int LENGTH = 8_192;
    private static final int SAMPLES = 2_000;
    /** Without a connection, the coefficient of 2,000 samples is above this about once in 10^15 runs. */
    private static final double CORRELATION_MAX = 0.18;

    private final Random random = new Random(17);
    private final String token = "t".repeat(LENGTH);

    /** Returns Pearson's coefficient between the length of the right beginning and the time. */
    private double correlation(Function<String, String> find) {
        double[] lengths = new double[SAMPLES];
        double[] nanos = new double[SAMPLES];
        for (int i = -SAMPLES; i < SAMPLES; i++) {
            int right = random.nextInt(LENGTH);
            String wrong = "t".repeat(right) + "x".repeat(LENGTH - right);
            long begun = System.nanoTime();
            assertEquals(null, find.apply(wrong));
            long taken = System.nanoTime() - begun;
            // the first half warms up
            if (i >= 0) {
                lengths[i] = right;
                nanos[i] = taken;
            }
        }
        // other programs interrupt some samples for much longer than a comparison takes
        double[] sorted = nanos.clone();
        Arrays.sort(sorted);
        double most = sorted[SAMPLES * 9 / 10];
        double[] kept = Arrays.stream(nanos).map(time -> Math.min(time, most)).toArray();
        return pearson(lengths, kept);
    }

    private static double pearson(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElseThrow();
        double meanY = Arrays.stream(y).average().orElseThrow();
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xy / Math.sqrt(xx * yy);
    }

    private String stopsAtFirstDifference(String asked) {
        for (int i = 0; i < LENGTH; i++) {
            if (asked.charAt(i) != token.charAt(i)) {
                return null;
            }
        }
        return "found";
    }

    @Test
    @Shows("relay A7")
    @DisplayName("does not depend on how much of its beginning is right; the same measure finds a naive comparison")
    void constant() {
        double naive = correlation(this::stopsAtFirstDifference);
        assertTrue(naive > 0.3, "the measure finds nothing: " + naive);
        Digests digests = new Digests(List.of(new NamedSecret("operator", token), new NamedSecret("other", "o")));
        double ours = correlation(digests::nameOf);
        assertTrue(Math.abs(ours) < CORRELATION_MAX, "correlation " + ours + " (naive: " + naive + ")");
    }
}
