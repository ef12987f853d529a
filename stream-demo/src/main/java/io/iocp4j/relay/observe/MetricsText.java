package io.iocp4j.relay.observe;

/**
 * Writes metrics in the text format 0.0.4 of Prometheus, or in OpenMetrics 1.0.0. The two differ in the names of
 * counters (OpenMetrics describes them without "_total") and in the end mark. One thread at a time.
 */
final class MetricsText {
    private final StringBuilder out = new StringBuilder(1 << 14);
    private final boolean openMetrics;

    MetricsText(boolean openMetrics) {
        this.openMetrics = openMetrics;
    }

    void family(String name, String type, String help) {
        String described = openMetrics && type.equals("counter") ? name.replaceFirst("_total$", "") : name;
        // a quote needs an escape in OpenMetrics only, so no help text has one
        out.append("# HELP ").append(described).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(described).append(' ').append(type).append('\n');
    }

    void sample(String name, String labels, double value) {
        out.append(name).append(labels).append(' ').append(number(value)).append('\n');
    }

    private static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
            return String.valueOf((long) value);
        }
        return Double.isNaN(value) ? "NaN" : Double.isInfinite(value) ? (value > 0 ? "+Inf" : "-Inf")
                : String.valueOf(value);
    }

    String end() {
        return openMetrics ? out + "# EOF\n" : out.toString();
    }
}
