package io.iocp4j.relay.observe;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * A family of counters, one for each combination of label values. A counter never falls and is never removed, so the
 * values of its labels must come from a known set. Any thread.
 */
public final class Counter {
    /** The limit of counters in a family. Beyond it, all new combinations share one counter with the values "other". */
    static final int SERIES_MAX = 10_000;

    private final String[] labels;
    private final ConcurrentSkipListMap<String, LongAdder> cells = new ConcurrentSkipListMap<>();

    Counter(String... labels) {
        this.labels = labels;
        if (labels.length == 0) {
            of();
        }
    }

    /**
     * Returns one counter, which a caller on a hot path keeps. It is shown from then on, with 0 at first.
     *
     * @param labelValues one for each label of the family
     * @return the counter
     */
    public LongAdder of(String... labelValues) {
        String key = Metrics.labels(labels, labelValues);
        LongAdder cell = cells.get(key);
        if (cell == null && cells.size() >= SERIES_MAX) {
            String[] others = new String[labels.length];
            Arrays.fill(others, Metrics.OTHER);
            key = Metrics.labels(labels, others);
        }
        return cell == null ? cells.computeIfAbsent(key, unused -> new LongAdder()) : cell;
    }

    /**
     * Adds to one counter.
     *
     * @param amount 0 or more
     * @param labelValues one for each label of the family
     */
    public void add(long amount, String... labelValues) {
        of(labelValues).add(amount);
    }

    void write(MetricsText out, String name) {
        List.copyOf(cells.entrySet()).forEach(cell -> out.sample(name, cell.getKey(), cell.getValue().sum()));
    }
}
