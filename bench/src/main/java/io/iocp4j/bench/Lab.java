package io.iocp4j.bench;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.load.WorkloadKind;
import io.iocp4j.bench.result.Comparison;
import io.iocp4j.bench.result.Overview;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import io.iocp4j.bench.run.Benchmarks;
import io.iocp4j.bench.run.Candidate;
import io.iocp4j.bench.run.Catalogue;
import io.iocp4j.bench.run.Gate;
import io.iocp4j.bench.run.LoadCheck;
import io.iocp4j.bench.run.Plan;
import io.iocp4j.bench.run.Session;
import io.iocp4j.bench.run.Suggestion;
import io.iocp4j.bench.run.VerdictCheck;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The command line of the lab: {@code lab COMMAND [argument..]}. {@code lab --help} lists the commands. Results go to
 * standard output, progress and errors to standard error.
 *
 * <p>The exit code is 0 for success, 1 if something could not be measured or the gate has failed, 2 if the arguments
 * are wrong.
 */
public final class Lab {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private final PrintStream out;
    private final PrintStream err;
    private final Path module;

    /**
     * Makes a lab that prints to these streams. The directory is that of the module bench, or null if there is none.
     */
    Lab(PrintStream out, PrintStream err, Path module) {
        this.out = out;
        this.err = err;
        this.module = module;
    }

    /**
     * Runs a command.
     *
     * @param args the name of the command and its arguments
     */
    public static void main(String[] args) {
        int code = new Lab(System.out, System.err, module()).run(List.of(args));
        System.out.flush();
        System.exit(code);
    }

    /** The directory that target/classes is in. */
    private static Path module() {
        try {
            Path classes = Path.of(Lab.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path module = classes.getParent().getParent();
            return Files.exists(module.resolve("pom.xml")) ? module : null;
        } catch (URISyntaxException e) {
            return null; // not from a file
        }
    }

    /** Runs a command. Returns the exit code. */
    int run(List<String> args) {
        try {
            if (args.isEmpty()) {
                err.print(Help.ALL);
                return USAGE;
            }
            String command = args.getFirst();
            List<String> others = args.subList(1, args.size());
            if (command.equals("--help") || command.equals("-h") || command.equals("help")) {
                out.print(others.isEmpty() ? Help.ALL : Help.of(others.getFirst()));
                return 0;
            }
            if (!Help.COMMANDS.containsKey(command)) {
                throw new IllegalArgumentException("no command is called " + command
                        + Suggestion.of(command, Help.COMMANDS.keySet()) + "; there are "
                        + String.join(", ", Help.COMMANDS.keySet()));
            }
            if (others.contains("--help") || others.contains("-h")) {
                out.print(Help.of(command));
                return 0;
            }
            return run(command, others);
        } catch (IllegalArgumentException e) {
            err.println("lab: " + e.getMessage());
            return USAGE;
        } catch (IOException e) {
            err.println("lab: " + e.getMessage());
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            err.println("lab: interrupted");
            return FAILED;
        }
    }

    private int run(String command, List<String> args) throws IOException, InterruptedException {
        return switch (command) {
            case "list" -> list(new Arguments(args, ""));
            case "run", "quick", "full" -> measure(command, args);
            case "gate" -> gate(args);
            case "check" -> check(args);
            case "compare" -> compare(new Arguments(args, ""));
            case "report" -> report(new Arguments(args, "--table!"));
            case "jmh" -> benchmarks(args);
            case "path" -> path();
            default -> throw new AssertionError(command);
        };
    }

    private int list(Arguments arguments) throws IOException {
        requireWords(arguments, 0, "nothing");
        out.println("Workloads, with the defaults of their parameters:");
        for (WorkloadKind kind : WorkloadKind.values()) {
            out.println("  " + Workload.parse(kind.word()));
        }
        out.println("Servers, with what they can be measured with:");
        Catalogue catalogue = new Catalogue(module);
        for (Candidate candidate : catalogue.all()) {
            out.println(String.format("  %-20s %s%s", candidate.name(),
                    String.join(" ", new TreeSet<>(candidate.features())),
                    catalogue.isInstalled(candidate.name()) ? "" : " (not installed: bench/peers/install)"));
        }
        out.println("Sets of benchmarks, for lab jmh:");
        out.print(Benchmarks.describeSets());
        return 0;
    }

    private int measure(String command, List<String> args) throws IOException, InterruptedException {
        Plan plan = new Plans(module, err).plan(command, args);
        Session session = new Session(plan, err, isTerminal());
        err.println("seed " + plan.seed() + ", results in " + plan.directory());
        Run run = session.execute();
        printComparisons(Comparison.all(run));
        out.println(plan.directory().resolve(Report.FILE));
        return session.failures() > 0 ? FAILED : 0;
    }

    private void printComparisons(List<Comparison> comparisons) {
        comparisons.forEach(out::println);
    }

    private int gate(List<String> args) throws IOException, InterruptedException {
        Plan plan = new Plans(module, err).gate(args);
        err.println("seed " + plan.seed() + ", results in " + plan.directory());
        boolean passes = new Gate(plan, out, err, isTerminal()).passes();
        out.println(passes ? "The gate is passed." : "The gate is not passed.");
        return passes ? 0 : FAILED;
    }

    private int check(List<String> args) throws IOException, InterruptedException {
        Arguments arguments = Plans.checkArguments(args);
        boolean load = arguments.words().contains("load");
        Plan plan = new Plans(module, err).check(args);
        double part = arguments.seconds("--percent", load ? 5 : 3) / 100;
        err.println("seed " + plan.seed() + ", results in " + plan.directory());
        boolean passes = load ? new LoadCheck(plan, part, out).passes()
                : new VerdictCheck(plan, arguments.count("--tries", 20), part, out, err, isTerminal()).passes();
        out.println(passes ? "The check is passed." : "The check is not passed.");
        return passes ? 0 : FAILED;
    }

    private static boolean isTerminal() {
        return System.console() != null && System.console().isTerminal();
    }

    private int compare(Arguments arguments) throws IOException {
        requireWords(arguments, 2, "two directories of runs");
        List<Comparison> comparisons = Comparison.between(RunFile.read(Path.of(arguments.words().get(0))),
                RunFile.read(Path.of(arguments.words().get(1))));
        if (comparisons.isEmpty()) {
            err.println("lab: the runs have no server in common that has a baseline");
            return FAILED;
        }
        printComparisons(comparisons);
        return 0;
    }

    private int report(Arguments arguments) throws IOException {
        requireWords(arguments, 1, "the directory of a run");
        Path directory = Path.of(arguments.words().getFirst());
        Run run = RunFile.read(directory);
        if (arguments.has("--table")) {
            out.print(Overview.markdown(run));
            return 0;
        }
        Report.write(directory, run);
        printComparisons(Comparison.all(run));
        out.println(directory.resolve(Report.FILE));
        return 0;
    }

    private int benchmarks(List<String> args) throws IOException, InterruptedException {
        Arguments arguments = new Arguments(args, "--out");
        requireWords(arguments, 1, "the name of a set");
        Path directory = Path.of(arguments.text("--out", Plans.directory(module, "jmh").toString()));
        Benchmarks.run(arguments.words().getFirst(), arguments.rest(), directory, Plans.command("jmh", args),
                Plans.source(module));
        out.println(directory.resolve(Report.FILE));
        return 0;
    }

    /** Prints the class path, for the script that starts the lab without Maven the next time. */
    private int path() {
        out.println(System.getProperty("java.class.path"));
        return 0;
    }

    private static void requireWords(Arguments arguments, int count, String what) {
        if (arguments.words().size() != count) {
            throw new IllegalArgumentException("the command needs " + what + ", not "
                    + arguments.words().stream().collect(Collectors.joining(" ", "\"", "\"")));
        }
    }
}
