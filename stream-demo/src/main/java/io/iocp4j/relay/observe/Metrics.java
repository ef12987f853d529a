package io.iocp4j.relay.observe;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The metrics of a relay: families with a name, a type, a sentence of help and labels. A family is declared once, when
 * the relay starts, and is described in each scrape even while it has no sample. Counting takes no lock. Any thread.
 *
 * <p>Formats: <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">text format 0.0.4</a> and
 * OpenMetrics 1.0.0.
 */
public final class Metrics {
    /** The content type of the text format. */
    public static final String TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
    /** The content type of OpenMetrics. */
    public static final String OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    /** The value of labels whose own values would be too many. */
    public static final String OTHER = "other";

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");

    /** A family, which writes its samples. */
    private record Family(String name, String type, String help, Consumer<MetricsText> samples) {
    }

    private final List<Family> families = new CopyOnWriteArrayList<>();
    private final List<Runnable> beforeScrape = new CopyOnWriteArrayList<>();

    /** Creates a registry without families. */
    public Metrics() {
    }

    /**
     * Declares a family of counters.
     *
     * @param name ends in "_total"
     * @param help one sentence
     * @param labels names of the labels
     * @return the family
     */
    public Counter counter(String name, String help, String... labels) {
        if (!name.endsWith("_total")) {
            throw new IllegalArgumentException("a counter must end in _total: " + name);
        }
        Counter counter = new Counter(labels);
        declare(new Family(name, "counter", help, out -> counter.write(out, name)));
        return counter;
    }

    /**
     * Declares a family of histograms.
     *
     * @param name ends in its unit, "_seconds" or "_bytes"
     * @param help one sentence
     * @param bounds upper bounds of the buckets, rising; one without a bound follows
     * @param labels names of the labels
     * @return the family
     */
    public Histogram histogram(String name, String help, double[] bounds, String... labels) {
        Histogram histogram = new Histogram(bounds.clone(), labels);
        declare(new Family(name, "histogram", help, out -> histogram.write(out, name)));
        return histogram;
    }

    /**
     * Declares a family of gauges whose values are read at each scrape.
     *
     * @param name ends in its unit, if it has one
     * @param help one sentence
     * @param reader gives the samples; it must not wait
     * @param labels names of the labels
     */
    public void gauge(String name, String help, Consumer<Samples> reader, String... labels) {
        read(name, "gauge", help, reader, labels);
    }

    /**
     * Declares a family of counters that others count, and whose values are read at each scrape.
     *
     * @param name ends in "_total"
     * @param help one sentence
     * @param reader gives the samples; it must not wait
     * @param labels names of the labels
     */
    public void readCounter(String name, String help, Consumer<Samples> reader, String... labels) {
        read(name, "counter", help, reader, labels);
    }

    void read(String name, String type, String help, Consumer<Samples> reader, String... labels) {
        declare(new Family(name, type, help, out -> {
            Map<String, Double> samples = new LinkedHashMap<>();
            reader.accept((value, values) -> samples.merge(labels(labels, values), value, Double::sum));
            samples.forEach((key, value) -> out.sample(name, key, value));
        }));
    }

    /**
     * Declares a summary without quantiles. For each combination of labels, the reader first gives the count and then
     * the sum: OpenMetrics wants the two beside each other.
     */
    void summary(String name, String help, Consumer<Samples> reader, String... labels) {
        declare(new Family(name, "summary", help, out -> {
            Set<String> counted = new HashSet<>();
            reader.accept((value, values) -> {
                String key = labels(labels, values);
                out.sample(name + (counted.add(key) ? "_count" : "_sum"), key, value);
            });
        }));
    }

    private synchronized void declare(Family family) {
        if (!NAME.matcher(family.name).matches()
                || families.stream().anyMatch(other -> other.name.equals(family.name))) {
            throw new IllegalArgumentException("declared twice, or not a name: " + family.name);
        }
        families.add(family);
    }

    /**
     * Runs a task before each scrape, on its thread: to read values once that several families show.
     *
     * @param task must not wait
     */
    public void beforeScrape(Runnable task) {
        beforeScrape.add(task);
    }

    /**
     * Returns the names of all families.
     *
     * @return in the order of their declaration
     */
    public List<String> names() {
        return families.stream().map(Family::name).toList();
    }

    /**
     * Writes all families.
     *
     * @param openMetrics whether to write OpenMetrics instead of the text format
     * @return the text
     */
    public String text(boolean openMetrics) {
        beforeScrape.forEach(Runnable::run);
        MetricsText out = new MetricsText(openMetrics);
        for (Family family : families) {
            out.family(family.name, family.type, family.help);
            family.samples.accept(out);
        }
        return out.end();
    }

    /** Returns the part of a sample between name and value: "{path="cam1"}", or nothing without labels. */
    static String labels(String[] names, String... values) {
        if (names.length != values.length) {
            throw new IllegalArgumentException(values.length + " values for " + List.of(names));
        }
        String key = "";
        for (int i = 0; i < names.length; i++) {
            key = append(key, names[i], values[i]);
        }
        return key;
    }

    static String append(String key, String name, String value) {
        String escaped = value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        String label = name + "=\"" + escaped + "\"}";
        return key.isEmpty() ? "{" + label : key.substring(0, key.length() - 1) + "," + label;
    }
}
