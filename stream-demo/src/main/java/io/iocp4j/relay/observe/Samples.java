package io.iocp4j.relay.observe;

/** Takes the samples of one family while metrics are written. The caller's thread only. */
@FunctionalInterface
public interface Samples {
    /**
     * Adds a sample. A second sample with equal labels is added to the first: so several streams may be one series.
     *
     * @param value the value
     * @param labelValues one value for each label of the family
     */
    void add(double value, String... labelValues);
}
