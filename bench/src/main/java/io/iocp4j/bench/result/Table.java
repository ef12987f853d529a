package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The rows of a workload as a table, its baseline in the first row. A column in which nothing was measured is left out.
 *
 * @param workload the workload
 * @param titles the titles of the columns; the first one is the server
 * @param rows the cells of each row
 */
public record Table(String workload, List<String> titles, List<List<String>> rows) {
    private record Column(String title, Function<Row, String> cell) {
    }

    private static final List<Column> COLUMNS = List.of(
            // connections that rest have no rate
            new Column("messages/s", row -> row.metric() == Metric.MEMORY ? Numbers.NOTHING
                    : Numbers.plain(row.messagesPerSecond())),
            new Column("CPU us per message", row -> Numbers.plain(row.cpuMicros())),
            new Column("ratio", row -> row.isBaseline() ? "1 (baseline)" : row.ratio().toString()),
            new Column("p50", row -> Numbers.time(row.percentile(0.5))),
            new Column("p99", row -> Numbers.time(row.percentile(0.99))),
            new Column("p99.9", row -> Numbers.time(row.percentile(0.999))),
            new Column("allocated per message", row -> Numbers.bytes(row.allocatedPerMessage())),
            new Column("GC", row -> Numbers.count(row.gcCount())),
            new Column("GC ms", row -> Numbers.count(row.gcMillis())),
            new Column("RSS", row -> Numbers.bytes(row.residentBytes())),
            new Column("memory per connection", row -> Numbers.bytes(row.memoryPerConnection())),
            new Column("syscalls per message", row -> Numbers.plain(row.callsPerMessage())),
            new Column("marks", row -> row.marks().isEmpty() ? Numbers.NOTHING : String.join(", ", row.marks())));

    /**
     * Makes the table of a workload.
     *
     * @param rows the rows of {@link Row#of}, at least one
     * @return the table
     */
    public static Table of(List<Row> rows) {
        List<Column> columns = new ArrayList<>();
        columns.add(new Column("server", Row::server));
        COLUMNS.stream()
                .filter(column -> !rows.stream().map(column.cell()).allMatch(Numbers.NOTHING::equals))
                .forEach(columns::add);
        return new Table(rows.getFirst().workload(),
                columns.stream().map(column -> title(column, rows.getFirst().metric())).toList(),
                rows.stream().map(row -> columns.stream().map(column -> column.cell().apply(row)).toList()).toList());
    }

    private static String title(Column column, Metric metric) {
        return column.title().equals("ratio") ? (metric == Metric.MEMORY ? "memory" : "CPU") + " ratio"
                : column.title();
    }

    /** Tells whether a column holds words instead of numbers. */
    boolean isText(int column) {
        return column == 0 || titles.get(column).equals("marks");
    }
}
