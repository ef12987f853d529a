package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** The three drawings of a workload. Each is drawn for a wide page and for a phone, and the page shows one of them. */
final class Charts {
    private static final int HEIGHT = 260;
    private static final int BAR_ROW = 44;
    /**
     * Even if servers hardly differ, the axis shows 5 percent on either side, so a difference of 1 percent looks small.
     */
    private static final double RATIO_MARGIN = 1.05;
    /** The axis ends at a ratio of 20. A longer bar is cut there, but its number is exact. */
    private static final double RATIO_MAX = 20;
    /** Room of a label on the axis of ratios. */
    private static final int TICK_WIDTH = 22;
    private static final double[] PERCENTILES = {0, 0.5, 0.9, 0.99, 0.999, 0.9999};
    private static final String[] PERCENTILE_NAMES = {"0", "50", "90", "99", "99.9", "99.99"};
    /** Points of a latency curve: one each 9 units of a wide drawing. */
    private static final int CURVE_POINTS = 56;
    /** With more rounds than this, dots would run into one another. */
    private static final int DOTS_MAX = 30;

    /** The color of a server by its name. */
    private final ToIntFunction<String> color;
    private final int width;

    Charts(int width, ToIntFunction<String> color) {
        this.width = width;
        this.color = color;
    }

    /** Bars from the baseline to the ratio of each server, with the interval on top; null if there is no ratio. */
    Markup bars(String id, List<Row> rows) {
        List<Row> shown = rows.stream().filter(row -> !row.isBaseline() && row.ratio().values() > 0).toList();
        if (shown.isEmpty()) {
            return null;
        }
        String what = rows.getFirst().metric() == Metric.MEMORY ? "memory" : "CPU";
        Chart chart = new Chart(id, rows.getFirst().metric().title() + " relative to " + rows.getFirst().baseline(),
                shown.stream().map(row -> row.server() + " " + row.ratio()).collect(Collectors.joining("; ")),
                width, 58 + BAR_ROW * shown.size(), 14, 14, 8, 46);
        double low = 1 / RATIO_MARGIN;
        double high = RATIO_MARGIN;
        for (Row row : shown) {
            low = Math.min(low, Math.max(1 / RATIO_MAX, lowEnd(row.ratio())) * 0.98);
            high = Math.max(high, Math.min(RATIO_MAX, highEnd(row.ratio())) * 1.02);
        }
        Scale x = new Scale(low, high, chart.left, chart.right, true);
        for (double tick : high / low > 3 ? x.decades(9) : x.ticks(width == Chart.WIDE ? 7 : 5)) {
            if (Math.abs(x.at(tick) - x.at(1)) > TICK_WIDTH) {
                chart.gridX(x.at(tick), Numbers.tick(Numbers.decimals(tick, 2)));
            }
        }
        chart.gridX(x.at(1), "1");
        for (int i = 0; i < shown.size(); i++) {
            bar(chart, x, shown.get(i), chart.top + i * BAR_ROW);
        }
        chart.text(chart.left, chart.bottom + 36, "start", "tick", "\u2190 less " + what);
        chart.text(chart.right, chart.bottom + 36, "end", "tick", "more " + what + " \u2192");
        return chart.end();
    }

    private void bar(Chart chart, Scale x, Row row, int y) {
        Interval ratio = row.ratio();
        String series = Style.series(color.applyAsInt(row.server()));
        chart.text(chart.left, y + 14, "start", "label", row.server());
        chart.text(chart.right, y + 14, "end", "value", ratio.toString());
        double one = x.at(1);
        double end = x.at(clamp(x, ratio.median()));
        // beside the bar only, so that it does not cross the name above
        chart.line(one, y + 17, one, y + 37, "one");
        chart.rectangle(Math.min(one, end), y + 20, Math.max(1, Math.abs(end - one)), 14, "bar " + series);
        if (ratio.values() > 1) {
            double from = x.at(clamp(x, ratio.low()));
            double to = x.at(clamp(x, ratio.high()));
            chart.line(from, y + 27, to, y + 27, "whisker");
            chart.line(from, y + 22, from, y + 32, "whisker");
            chart.line(to, y + 22, to, y + 32, "whisker");
        }
    }

    private static double clamp(Scale x, double value) {
        return Math.clamp(value, x.low(), x.high());
    }

    private static double lowEnd(Interval ratio) {
        return ratio.values() > 1 ? ratio.low() : ratio.median();
    }

    private static double highEnd(Interval ratio) {
        return ratio.values() > 1 ? ratio.high() : ratio.median();
    }

    /** Durations by percentile; the axis gives each further nine the same room. Null if nothing was measured. */
    Markup latency(String id, List<Row> rows) {
        List<Row> shown = rows.stream().filter(row -> row.latency().count() > 0).toList();
        if (shown.isEmpty()) {
            return null;
        }
        Chart chart = new Chart(id, "Latency by percentile", shown.stream().map(row -> row.server() + ": median "
                + Numbers.time(row.percentile(0.5)) + ", 99 percent within " + Numbers.time(row.percentile(0.99)))
                .collect(Collectors.joining("; ")), width, HEIGHT, 58, 22, 10, 40);
        Scale x = new Scale(0, nines(0.9999), chart.left, chart.right, false);
        double low = Double.MAX_VALUE;
        double high = 1;
        List<List<double[]>> curves = new ArrayList<>();
        for (Row row : shown) {
            List<double[]> curve = new ArrayList<>();
            for (int i = 0; i <= CURVE_POINTS; i++) {
                double nines = x.high() * i / CURVE_POINTS;
                double nanos = Math.max(1, row.percentile(1 - Math.pow(10, -nines)));
                if (!Double.isNaN(nanos)) {
                    curve.add(new double[] {x.at(nines), nanos});
                    low = Math.min(low, nanos);
                    high = Math.max(high, nanos);
                }
            }
            curves.add(curve);
        }
        Scale y = new Scale(low * 0.9, high * 1.1, chart.bottom, chart.top, true);
        y.decades(9).forEach(tick -> chart.gridY(y.at(tick), Numbers.tick(Numbers.time(tick))));
        for (int i = 0; i < PERCENTILES.length; i++) {
            chart.gridX(x.at(nines(PERCENTILES[i])), PERCENTILE_NAMES[i]);
        }
        chart.text((chart.left + chart.right) / 2.0, chart.bottom + 34, "middle", "tick", "percent of all messages");
        for (int i = shown.size() - 1; i >= 0; i--) { // the baseline comes first, and is drawn on top
            List<double[]> points = curves.get(i).stream().map(p -> new double[] {p[0], y.at(p[1])}).toList();
            chart.curve(points, "curve " + Style.series(color.applyAsInt(shown.get(i).server())));
        }
        return chart.end();
    }

    private static double nines(double part) {
        return -Math.log10(1 - part);
    }

    /** Physical memory of each server by round, from zero; null if nothing was measured. */
    Markup memory(String id, List<Row> rows, Run run) {
        List<Row> shown = rows.stream().filter(row -> row.residentBytes() > 0).toList();
        if (shown.isEmpty()) {
            return null;
        }
        List<Sample> samples = run.samples(shown.getFirst().workload()).stream().filter(s -> s.residentBytes() > 0)
                .toList();
        int last = samples.stream().mapToInt(Sample::round).max().orElse(0);
        long most = samples.stream().mapToLong(Sample::residentBytes).max().orElse(1);
        Chart chart = new Chart(id, "Physical memory by round", shown.stream().map(row -> row.server() + ": median "
                + Numbers.bytes(row.residentBytes())).collect(Collectors.joining("; ")), width, HEIGHT, 58, 22, 10, 40);
        Scale x = new Scale(0.5, last + 1.5, chart.left, chart.right, false);
        Scale y = new Scale(0, most * 1.08, chart.bottom, chart.top, false);
        y.ticks(5).forEach(tick -> chart.gridY(y.at(tick), Numbers.tick(Numbers.bytes(tick))));
        for (double tick : x.ticks(Math.min(last + 1, 6))) {
            if (tick == Math.rint(tick)) {
                chart.text(x.at(tick), chart.bottom + 16, "middle", "tick", Numbers.decimals(tick, 0));
            }
        }
        chart.text((chart.left + chart.right) / 2.0, chart.bottom + 34, "middle", "tick", "round");
        for (int i = shown.size() - 1; i >= 0; i--) {
            String server = shown.get(i).server();
            String series = Style.series(color.applyAsInt(server));
            List<double[]> points = samples.stream().filter(s -> s.server().equals(server))
                    .map(s -> new double[] {x.at(s.round() + 1), y.at(s.residentBytes())}).toList();
            chart.curve(points, "curve " + series);
            if (last < DOTS_MAX) {
                points.forEach(p -> chart.dot(p[0], p[1], "dot " + series));
            }
        }
        return chart.end();
    }
}
