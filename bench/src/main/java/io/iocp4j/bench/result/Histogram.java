package io.iocp4j.bench.result;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;

/**
 * Counts durations in buckets whose width grows with the duration. Each power of two has 128 buckets of equal width, so
 * a percentile is wrong by less than 1/128 (0.8 percent) of its value, and values below 256 ns are exact. Recording
 * allocates nothing once the largest power of two has been seen. One thread records; nothing here is thread-safe.
 */
public final class Histogram {
    /** Buckets in each power of two, as a power of two. */
    private static final int PRECISION_BITS = 7;
    private static final int BUCKETS = 1 << PRECISION_BITS;
    private static final int INITIAL_BUCKETS = 32 * BUCKETS;

    private long[] counts = new long[INITIAL_BUCKETS];
    private long count;
    private long largest;

    /** Makes an empty histogram. */
    public Histogram() {
    }

    /**
     * Counts one duration.
     *
     * @param nanos the duration in nanoseconds; a negative one counts as 0
     */
    public void record(long nanos) {
        long value = Math.max(0, nanos);
        int bucket = bucket(value);
        if (bucket >= counts.length) {
            counts = Arrays.copyOf(counts, Math.max(bucket + 1, counts.length * 2));
        }
        counts[bucket]++;
        count++;
        largest = Math.max(largest, value);
    }

    /**
     * Adds all durations of another histogram.
     *
     * @param other the other one; it stays as it is
     */
    public void add(Histogram other) {
        if (other.counts.length > counts.length) {
            counts = Arrays.copyOf(counts, other.counts.length);
        }
        for (int i = 0; i < other.counts.length; i++) {
            counts[i] += other.counts[i];
        }
        count += other.count;
        largest = Math.max(largest, other.largest);
    }

    /**
     * Returns how many durations were counted.
     *
     * @return the number of durations
     */
    public long count() {
        return count;
    }

    /**
     * Returns the longest duration, exactly.
     *
     * @return nanoseconds; 0 when the histogram is empty
     */
    public long largest() {
        return largest;
    }

    /**
     * Returns a duration that this part of all durations do not exceed.
     *
     * @param part the part, from 0 to 1; 0.5 is the median
     * @return the upper edge of the bucket in nanoseconds, at most {@link #largest}; 0 when the histogram is empty
     */
    public long percentile(double part) {
        long wanted = Math.max(1, (long) Math.ceil(part * count));
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return Math.min(largest, lowest(i + 1) - 1);
            }
        }
        return largest;
    }

    /**
     * Writes the histogram as text without white space: Base64 of pairs of a bucket's number and its count.
     *
     * @return the text, which {@link #decode} reads
     */
    public String encode() {
        int used = (int) Arrays.stream(counts).filter(c -> c > 0).count();
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + used * (Integer.BYTES + Long.BYTES));
        bytes.putLong(largest);
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                bytes.putInt(i).putLong(counts[i]);
            }
        }
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /**
     * Reads what {@link #encode} has written.
     *
     * @param text the text
     * @return a new histogram with the same counts
     * @throws IllegalArgumentException if the text is not from {@code encode}
     */
    public static Histogram decode(String text) {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text));
        if (bytes.remaining() % (Integer.BYTES + Long.BYTES) != Long.BYTES) {
            throw new IllegalArgumentException("no histogram: " + bytes.remaining() + " bytes");
        }
        Histogram result = new Histogram();
        result.largest = bytes.getLong();
        while (bytes.hasRemaining()) {
            int bucket = bytes.getInt();
            long times = bytes.getLong();
            if (bucket < 0 || bucket > bucket(Long.MAX_VALUE) || times <= 0) {
                throw new IllegalArgumentException("no histogram: bucket " + bucket + " has " + times);
            }
            if (bucket >= result.counts.length) {
                result.counts = Arrays.copyOf(result.counts, bucket + 1);
            }
            result.counts[bucket] += times;
            result.count += times;
        }
        return result;
    }

    /** The values below 2 x BUCKETS have a bucket each; above, each power of two has BUCKETS of them. */
    private static int bucket(long value) {
        int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(value) - PRECISION_BITS - 1);
        return (shift << PRECISION_BITS) + (int) (value >>> shift);
    }

    /** The smallest value of a bucket. */
    private static long lowest(int bucket) {
        int shift = Math.max(0, (bucket >>> PRECISION_BITS) - 1);
        return (long) (bucket - (shift << PRECISION_BITS)) << shift;
    }
}
