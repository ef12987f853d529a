package io.iocp4j.bench.result;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * A run as one HTML page without scripts and external files: ratios to the baselines, drawings, tables, the machine and
 * the command. It has light and dark colors, a layout for phones, and one for paper. Each drawing has a title, a
 * description, and its numbers in a table.
 */
public final class Report {
    /** The name of the file. */
    public static final String FILE = "report.html";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("d MMMM yyyy, HH:mm 'UTC'", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private final Run run;
    private final List<Comparison> comparisons;
    private final ToIntFunction<String> color;
    private final Markup page = new Markup();

    private Report(Run run) {
        this.run = run;
        comparisons = Comparison.all(run);
        color = run::position;
    }

    /**
     * Writes the page.
     *
     * @param directory the directory, which is made if it is missing
     * @param run the run
     * @throws IOException if the file cannot be written
     */
    public static void write(Path directory, Run run) throws IOException {
        Files.createDirectories(directory);
        RunFile.replace(directory.resolve(FILE), html(run));
    }

    /**
     * Makes the page.
     *
     * @param run the run
     * @return the text of the page, to be encoded in UTF-8
     */
    public static String html(Run run) {
        return new Report(run).page();
    }

    private String page() {
        page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                + "<title>iocp4j lab</title>\n<style>\n"
                + Style.sheet() + "</style>\n</head>\n<body>\n");
        header();
        page.open("main").line();
        overview();
        for (int i = 0; i < run.workloads().size(); i++) {
            List<Row> rows = Row.of(run, run.workloads().get(i));
            if (!rows.isEmpty()) {
                workload("w" + i, rows);
            }
        }
        new ReportFacts(run, page).benchmarks().measured();
        page.close("main").line().open("footer").text("Written by the lab of iocp4j from " + RunFile.JSON + ".")
                .close("footer");
        return page.raw("\n</body>\n</html>\n").toString();
    }

    private void header() {
        long rounds = run.samples().stream().mapToInt(Sample::round).max().orElse(-1) + 1L;
        page.open("header").element("h1", "iocp4j lab");
        Machine machine = run.machine();
        page.element("p", TIME.format(run.started()) + " \u00b7 " + machine.processor() + ", " + machine.cores()
                + " cores \u00b7 " + rounds + (rounds == 1 ? " round" : " rounds") + " in "
                + ReportFacts.length(Duration.between(run.started(), run.written())), "class", "sub");
        if (!run.complete()) {
            page.element("p", "This run did not come to its end. The page shows the rounds that were measured.",
                    "class", "notice");
        }
        page.close("header").line();
    }

    private void overview() {
        List<String> servers = run.servers().stream().map(Run.Server::name)
                .filter(name -> run.samples().stream().anyMatch(s -> s.server().equals(name))).toList();
        page.open("section").element("h2", "Overview");
        page.element("p",
                "CPU time of the server per message, divided by that of the baseline in the same rounds; for idle "
                + "connections, memory. Below 1 is better.", "class", "how");
        page.open("div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", "Overview")
                .open("table", "class", "overview")
                .open("thead").open("tr").element("th", "workload", "scope", "col", "class", "first");
        servers.forEach(server -> page.element("th", server, "scope", "col"));
        page.close("tr").close("thead").open("tbody");
        for (int i = 0; i < run.workloads().size(); i++) {
            String workload = run.workloads().get(i);
            if (!run.measured(workload).isEmpty()) {
                page.open("tr").open("th", "scope", "row", "class", "wrap").open("a", "href", "#w" + i);
                page.text(ReportFacts.kind(workload)).close("a").open("small", "class", "how");
                page.text(" " + ReportFacts.parameters(workload).replace(",", ", ")).close("small").close("th");
                servers.forEach(server -> overviewCell(workload, server));
                page.close("tr").line();
            }
        }
        page.close("tbody").close("table").close("div").close("section").line();
    }

    private void overviewCell(String workload, String server) {
        page.open("td");
        if (server.equals(run.baseline(workload))) {
            page.text("1").element("small", "baseline", "class", "cannot");
        } else {
            comparisons.stream().filter(c -> c.workload().equals(workload) && c.server().equals(server)).findFirst()
                    .ifPresentOrElse(c -> page.text(Numbers.ratio(c.ratio().median()))
                            .element("small", c.word(), "class", style(c)), () -> page.text(Numbers.NOTHING));
        }
        page.close("td");
    }

    private static String style(Comparison comparison) {
        return switch (comparison.verdict()) {
            case FASTER -> "faster";
            case SLOWER -> "slower";
            case CANNOT_TELL -> "cannot";
        };
    }

    private void workload(String id, List<Row> rows) {
        String workload = rows.getFirst().workload();
        page.open("section", "id", id).element("h2", ReportFacts.kind(workload));
        page.open("ul", "class", "parameters");
        for (String parameter : ReportFacts.parameters(workload).split(",")) {
            if (!parameter.isEmpty()) {
                page.element("li", parameter.replaceFirst("=", " = "));
            }
        }
        page.close("ul").line();
        legend(rows);
        page.open("div", "class", "charts");
        Charts wide = new Charts(Chart.WIDE, color);
        Charts narrow = new Charts(Chart.NARROW, color);
        figure(rows.getFirst().metric() == Metric.MEMORY ? "Memory per connection" : "CPU per message",
                "relative to " + rows.getFirst().baseline() + ", median and 95 % interval",
                wide.bars(id + "b", rows), narrow.bars(id + "bn", rows));
        figure("Latency", "by percentile, all rounds", wide.latency(id + "l", rows), narrow.latency(id + "ln", rows));
        figure("Memory", "physical, at the end of each round", wide.memory(id + "m", rows, run),
                narrow.memory(id + "mn", rows, run));
        verdicts(workload);
        page.close("div").line();
        new ReportTables(run, page).all(rows);
        page.close("section").line();
    }

    private void legend(List<Row> rows) {
        page.open("ul", "class", "legend");
        for (Row row : rows) {
            page.open("li").open("svg", "viewBox", "0 0 30 10", "aria-hidden", "true", "class", "swatch");
            page.open("path", "d", "M0 5H30", "class", "curve " + Style.series(color.applyAsInt(row.server())))
                    .close("path").close("svg");
            page.text(row.server() + (row.isBaseline() ? " (baseline)" : "")).close("li");
        }
        page.close("ul").line();
    }

    /** Adds the same drawing for a wide page and for a phone. The page hides one of them, also from screen readers. */
    private void figure(String title, String what, Markup wide, Markup narrow) {
        if (wide != null) {
            page.open("figure").open("figcaption").element("b", title).text(", " + what).close("figcaption").line();
            page.add(wide).add(narrow).close("figure").line();
        }
    }

    private void verdicts(String workload) {
        List<Comparison> found = new ArrayList<>(comparisons);
        found.removeIf(c -> !c.workload().equals(workload));
        if (!found.isEmpty()) {
            page.open("div").element("h3", "What the rounds can tell").open("ul", "class", "verdicts");
            for (Comparison c : found) {
                page.open("li").element("b", c.server() + ": ").element("b", c.word(), "class", style(c));
                String reason = Character.toUpperCase(c.reason().charAt(0)) + c.reason().substring(1);
                page.text(". " + reason.replace(" %", "\u00a0%") + ".").close("li").line();
            }
            page.close("ul").close("div");
        }
    }
}
