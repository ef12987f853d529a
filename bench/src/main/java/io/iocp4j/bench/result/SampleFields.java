package io.iocp4j.bench.result;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The numbers of a sample by name, as the files have them. */
final class SampleFields {
    /** The parts of the percentiles in the CSV file, and their names. */
    private static final Map<String, Double> PERCENTILES = new LinkedHashMap<>();

    static {
        PERCENTILES.put("p50", 0.5);
        PERCENTILES.put("p90", 0.9);
        PERCENTILES.put("p99", 0.99);
        PERCENTILES.put("p99.9", 0.999);
        PERCENTILES.put("p99.99", 0.9999);
    }

    private SampleFields() {
    }

    static Map<String, Object> json(Sample sample) {
        Map<String, Object> result = fields(sample);
        result.put("latency", sample.latency() == null ? null : sample.latency().encode());
        return result;
    }

    static Sample sample(JsonObject object) {
        String latency = object.textOrNull("latency");
        return new Sample(object.text("workload"), object.text("server"), object.integer("round"),
                object.measured("nanos"), object.measured("messages"), object.measured("bytes"),
                object.measured("failures"), object.measured("serverCpuNanos"), object.measured("loadCpuNanos"),
                object.integer("loadThreads"), object.measured("stolenNanos"), object.measured("allocatedBytes"),
                object.measured("gcCount"), object.measured("gcMillis"), object.measured("residentBytes"),
                object.measured("memoryPerConnection"), object.measured("systemCalls"),
                latency == null ? null : Histogram.decode(latency));
    }

    /** The lines of the CSV file. RFC 4180 ends lines with CR LF. */
    static String csv(List<Sample> samples) {
        Sample none = new Sample("", "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null);
        Stream<String> header = Stream.concat(fields(none).keySet().stream(),
                Stream.concat(PERCENTILES.keySet().stream(), Stream.of("max")));
        return Stream.concat(Stream.of(header.collect(Collectors.joining(","))),
                samples.stream().map(SampleFields::line))
                .collect(Collectors.joining("\r\n", "", "\r\n"));
    }

    private static String line(Sample sample) {
        Histogram latency = sample.latency();
        Stream<Object> durations = latency == null || latency.count() == 0
                ? Stream.generate(() -> (Object) "").limit(PERCENTILES.size() + 1)
                : Stream.concat(PERCENTILES.values().stream().map(latency::percentile), Stream.of(latency.largest()));
        return Stream.concat(fields(sample).values().stream(), durations).map(SampleFields::cell)
                .collect(Collectors.joining(","));
    }

    private static String cell(Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^\",\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private static Map<String, Object> fields(Sample sample) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("workload", sample.workload());
        result.put("server", sample.server());
        result.put("round", sample.round());
        result.put("nanos", known(sample.nanos()));
        result.put("messages", known(sample.messages()));
        result.put("bytes", known(sample.bytes()));
        result.put("failures", known(sample.failures()));
        result.put("serverCpuNanos", known(sample.serverCpuNanos()));
        result.put("loadCpuNanos", known(sample.loadCpuNanos()));
        result.put("loadThreads", sample.loadThreads());
        result.put("stolenNanos", known(sample.stolenNanos()));
        result.put("allocatedBytes", known(sample.allocatedBytes()));
        result.put("gcCount", known(sample.gcCount()));
        result.put("gcMillis", known(sample.gcMillis()));
        result.put("residentBytes", known(sample.residentBytes()));
        result.put("memoryPerConnection", known(sample.memoryPerConnection()));
        result.put("systemCalls", known(sample.systemCalls()));
        return result;
    }

    /** The number, or null if it could not be measured. */
    static Long known(long number) {
        return number == Sample.UNKNOWN ? null : number;
    }
}
