package io.iocp4j.bench.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Base64;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A histogram counts durations with an error that is documented")
class HistogramTest {
    private static final double[] PARTS = {0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};

    @Test
    @DisplayName("a percentile is never below the true one, and above it by less than 1/128")
    void error() {
        SplittableRandom random = new SplittableRandom(1);
        for (int bits = 1; bits < Long.SIZE; bits++) {
            long[] durations = new long[3_000];
            Histogram histogram = new Histogram();
            for (int i = 0; i < durations.length; i++) {
                durations[i] = random.nextLong() >>> Long.SIZE - bits;
                histogram.record(durations[i]);
            }
            Arrays.sort(durations);
            for (double part : PARTS) {
                long exact = durations[Math.max(1, (int) Math.ceil(part * durations.length)) - 1];
                long found = histogram.percentile(part);
                assertTrue(found >= exact && found - exact <= exact / 128, part + " of " + bits + " bits: " + found
                        + ", " + exact);
            }
            assertEquals(durations[durations.length - 1], histogram.largest());
        }
    }

    @Test
    @DisplayName("values below 256 are exact, and a value at each edge of a bucket is found again")
    void edges() {
        for (long value = 0; value < 256; value++) {
            assertEquals(value, pair(value, Long.MAX_VALUE).percentile(0.5));
        }
        for (int bits = 0; bits < Long.SIZE - 1; bits++) {
            for (long value : new long[] {(1L << bits) - 1, 1L << bits, (1L << bits) + 1}) {
                long found = pair(value, Long.MAX_VALUE).percentile(0.5);
                assertTrue(found >= value && found - value <= value / 128, value + " became " + found);
            }
        }
    }

    private static Histogram pair(long one, long other) {
        Histogram histogram = new Histogram();
        histogram.record(one);
        histogram.record(other);
        return histogram;
    }

    @Test
    @DisplayName("an empty one has 0 everywhere, and a negative duration counts as 0")
    void empty() {
        Histogram histogram = new Histogram();
        assertEquals(0, histogram.percentile(0.99));
        assertEquals(0, histogram.largest());
        histogram.record(-5);
        assertEquals(1, histogram.count());
        assertEquals(0, histogram.percentile(1));
    }

    @Test
    @DisplayName("a sum has the percentiles of all durations, and leaves the other one as it is")
    void sum() {
        SplittableRandom random = new SplittableRandom(2);
        Histogram all = new Histogram();
        Histogram one = new Histogram();
        Histogram other = new Histogram();
        for (int i = 0; i < 1_000; i++) {
            long small = random.nextLong(1_000);
            long large = random.nextLong(Long.MAX_VALUE); // needs more buckets than the other one has
            one.record(small);
            other.record(large);
            all.record(small);
            all.record(large);
        }
        String before = other.encode();
        one.add(other);
        assertEquals(all.encode(), one.encode());
        assertEquals(before, other.encode());
    }

    @Test
    @DisplayName("what was encoded is decoded with the same counts")
    void encoded() {
        assertEquals(0, Histogram.decode(new Histogram().encode()).count());
        Histogram histogram = pair(77, Long.MAX_VALUE);
        histogram.record(77);
        Histogram decoded = Histogram.decode(histogram.encode());
        assertEquals(3, decoded.count());
        assertEquals(77, decoded.percentile(0.6));
        assertEquals(Long.MAX_VALUE, decoded.largest());
        assertEquals(histogram.encode(), decoded.encode());
        assertTrue(histogram.encode().matches("\\S+"), "it is one word");
    }

    @Test
    @DisplayName("what was not encoded is refused")
    void notEncoded() {
        String good = pair(1, 2).encode();
        byte[] bytes = Base64.getDecoder().decode(good);
        byte[] negative = bytes.clone();
        negative[8] = -1; // the first bucket
        byte[] none = bytes.clone();
        none[19] = 0; // its count
        for (String bad : new String[] {"", "?", good.substring(4), Base64.getEncoder().encodeToString(negative),
            Base64.getEncoder().encodeToString(none)}) {
            assertThrows(IllegalArgumentException.class, () -> Histogram.decode(bad), bad);
        }
    }
}
