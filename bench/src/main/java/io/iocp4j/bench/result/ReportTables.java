package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The tables of a workload in the report: its rows, and the numbers of the drawings. */
final class ReportTables {
    private static final double[] PARTS = {0.5, 0.75, 0.9, 0.99, 0.999, 0.9999};
    private static final List<String> PART_NAMES = List.of("server", "p50", "p75", "p90", "p99", "p99.9", "p99.99",
            "longest");

    private final Run run;
    private final Markup page;

    ReportTables(Run run, Markup page) {
        this.run = run;
        this.page = page;
    }

    void all(List<Row> rows) {
        Table table = Table.of(rows);
        table("Medians of the rounds. Percentiles are of all rounds together; intervals are of 95 %.", table.titles(),
                table.rows(), IntStream.range(0, table.titles().size()).filter(table::isText).boxed().toList());
        List<Row> timed = rows.stream().filter(row -> row.latency().count() > 0).toList();
        List<Row> resident = rows.stream().filter(row -> row.residentBytes() > 0).toList();
        if (timed.isEmpty() && resident.isEmpty()) {
            return;
        }
        page.open("details").element("summary", "Numbers of the drawings");
        if (!timed.isEmpty()) {
            table("Latency by percentile", PART_NAMES, timed.stream().map(ReportTables::percentiles).toList(),
                    List.of(0));
        }
        if (!resident.isEmpty()) {
            memory(resident);
        }
        page.close("details").line();
    }

    private static List<String> percentiles(Row row) {
        List<String> cells = new ArrayList<>(List.of(row.server()));
        for (double part : PARTS) {
            cells.add(Numbers.time(row.percentile(part)));
        }
        cells.add(Numbers.time(row.latency().largest()));
        return cells;
    }

    private void memory(List<Row> rows) {
        List<String> titles = new ArrayList<>(List.of("round"));
        rows.forEach(row -> titles.add(row.server()));
        List<Sample> samples = run.samples(rows.getFirst().workload());
        List<List<String>> lines = samples.stream().map(Sample::round).distinct().sorted().map(round -> {
            List<String> cells = new ArrayList<>(List.of(String.valueOf(round + 1)));
            rows.forEach(row -> cells.add(samples.stream()
                    .filter(s -> s.round() == round && s.server().equals(row.server()) && s.residentBytes() > 0)
                    .map(s -> Numbers.bytes(s.residentBytes())).findFirst().orElse(Numbers.NOTHING)));
            return cells;
        }).map(List::copyOf).toList();
        table("Physical memory by round", titles, lines, List.of(0));
    }

    /** A table that scrolls on its own where it is too wide. The keyboard must reach it for that. */
    void table(String caption, List<String> titles, List<List<String>> rows, List<Integer> words) {
        page.element("p", caption, "class", "caption"); // a caption inside would scroll away with the table
        page.open("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", caption);
        page.open("table", "aria-label", caption).open("thead").open("tr");
        for (int i = 0; i < titles.size(); i++) {
            page.element("th", titles.get(i), "scope", "col",
                    "class", i == 0 ? "first" : words.contains(i) ? "words" : null);
        }
        page.close("tr").close("thead").open("tbody");
        for (List<String> row : rows) {
            page.open("tr", "class", row.contains("1 (baseline)") ? "baseline" : null)
                    .element("th", row.getFirst(), "scope", "row");
            for (int i = 1; i < row.size(); i++) {
                boolean marked = titles.get(i).equals("marks") && !row.get(i).equals(Numbers.NOTHING);
                page.element("td", row.get(i), "class", marked ? "words marks" : words.contains(i) ? "words" : null);
            }
            page.close("tr").line();
        }
        page.close("tbody").close("table").close("div").line();
    }
}
