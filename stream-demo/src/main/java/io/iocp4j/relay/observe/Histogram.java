package io.iocp4j.relay.observe;

import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;

/** A family of histograms, one for each combination of label values, with the same buckets. Any thread. */
public final class Histogram {
    private final double[] bounds;
    private final String[] labels;
    private final ConcurrentSkipListMap<String, Cell> cells = new ConcurrentSkipListMap<>();

    Histogram(double[] bounds, String... labels) {
        this.bounds = bounds;
        this.labels = labels;
    }

    /** One histogram. Any thread. */
    public static final class Cell {
        private final double[] bounds;
        private final AtomicLongArray counts;
        private final DoubleAdder sum = new DoubleAdder();

        Cell(double[] bounds) {
            this.bounds = bounds;
            this.counts = new AtomicLongArray(bounds.length + 1);
        }

        /**
         * Counts a value in its bucket, the first whose bound it does not exceed.
         *
         * @param value 0 or more, in the unit of the name of the family
         */
        public void observe(double value) {
            int bucket = 0;
            while (bucket < bounds.length && value > bounds[bucket]) {
                bucket++;
            }
            counts.incrementAndGet(bucket);
            sum.add(value);
        }
    }

    /**
     * Returns one histogram, which a caller on a hot path keeps.
     *
     * @param labelValues one for each label of the family
     * @return the histogram
     */
    public Cell of(String... labelValues) {
        return cells.computeIfAbsent(Metrics.labels(labels, labelValues), unused -> new Cell(bounds));
    }

    void write(MetricsText out, String name) {
        cells.forEach((key, cell) -> {
            double sum = cell.sum.sum();
            long count = 0;
            for (int i = 0; i <= bounds.length; i++) {
                count += cell.counts.get(i);
                out.sample(name + "_bucket", Metrics.append(key, "le",
                        i == bounds.length ? "+Inf" : String.valueOf(bounds[i])), count);
            }
            out.sample(name + "_sum", key, sum);
            out.sample(name + "_count", key, count);
        });
    }
}
