package io.iocp4j.bench.result;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A whole run as one table in Markdown: a line for each workload, a column for each server. A cell has the median of
 * the server and, in brackets, its ratio to the baseline, which is in bold type. Nothing else is without its baseline.
 */
public final class Overview {
    private static final String LEGEND = "CPU time of the server per message in microseconds, medians of the rounds; "
            + "for `idle`, memory per connection. In brackets: the median ratio to the baseline, which is in bold "
            + "type, with a question mark if the rounds cannot tell a difference. A star: the load was the limit in "
            + "most rounds, so the server had time to rest.\n";

    private final Run run;
    private final List<String> servers;

    private Overview(Run run) {
        this.run = run;
        servers = run.servers().stream().map(Run.Server::name)
                .filter(name -> run.samples().stream().anyMatch(s -> s.server().equals(name))).toList();
    }

    /**
     * Writes the table, with the command, the machine and the commit of the run.
     *
     * @param run the run
     * @return lines of text
     */
    public static String markdown(Run run) {
        Overview overview = new Overview(run);
        StringBuilder out = new StringBuilder(overview.facts()).append('\n').append(LEGEND).append('\n');
        out.append(line("workload", overview.servers))
                .append("|---").append("|--:".repeat(overview.servers.size())).append("|\n");
        for (String workload : run.workloads()) {
            List<Row> rows = Row.of(run, workload);
            if (!rows.isEmpty()) {
                List<Comparison> comparisons = Comparison.all(run, workload);
                out.append(line("`" + brief(workload) + "`", overview.servers.stream()
                        .map(server -> cell(rows, comparisons, server)).toList()));
            }
        }
        return out.toString();
    }

    private String facts() {
        Machine machine = run.machine();
        return "```\n" + run.command() + "\n```\n\n" + run.started().toString().substring(0, 10) + ", commit "
                + run.commit() + ", " + machine.processor() + " with " + machine.cores() + " cores, "
                + machine.system() + " " + machine.kernel() + ", " + machine.jvm() + ".\n";
    }

    /** Leaves out parameters that are 0, which stands for something that is not done. */
    private static String brief(String workload) {
        String parameters = List.of(ReportFacts.parameters(workload).split(",")).stream()
                .filter(parameter -> !parameter.endsWith("=0")).collect(Collectors.joining(","));
        return ReportFacts.kind(workload) + (parameters.isEmpty() ? "" : ":" + parameters);
    }

    private static String cell(List<Row> rows, List<Comparison> comparisons, String server) {
        Row row = rows.stream().filter(r -> r.server().equals(server)).findFirst().orElse(null);
        if (row == null) {
            return "";
        }
        String number = row.metric() == Metric.MEMORY ? Numbers.bytes(row.memoryPerConnection())
                : Numbers.plain(row.cpuMicros());
        String star = row.isMostlyLoadBound() ? " \\*" : "";
        if (row.isBaseline()) {
            return "**" + number + "**" + star;
        }
        boolean unsure = comparisons.stream().anyMatch(c -> c.server().equals(server)
                && c.verdict() == Comparison.Verdict.CANNOT_TELL);
        return number + " (" + Numbers.ratio(row.ratio().median()) + (unsure ? "?" : "") + ")" + star;
    }

    private static String line(String first, List<String> cells) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(cells);
        return all.stream().map(cell -> cell.replace("|", "\\|")).collect(Collectors.joining(" | ", "| ", " |\n"));
    }
}
