package io.iocp4j.bench;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.run.Candidate;
import io.iocp4j.bench.run.Catalogue;
import io.iocp4j.bench.run.Cores;
import io.iocp4j.bench.run.Gate;
import io.iocp4j.bench.run.Plan;
import io.iocp4j.bench.run.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes plans of the arguments of {@code lab run}, {@code lab quick}, {@code lab full}, {@code lab gate} and
 * {@code lab check}.
 */
final class Plans {
    static final String OPTIONS = "--servers --server --server-tcp --rounds --launches --seconds --warm-up "
            + "--out --workers --seed --server-cores --load-cores --jvm-flags --syscalls!";
    private static final String GATE_OPTIONS = "--out --seed --server-cores --load-cores";
    private static final String CHECK_OPTIONS =
            GATE_OPTIONS + " --percent --rounds --launches --seconds --warm-up --tries";
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);
    private static final List<String> QUICK = List.of("tcp-echo", "ws-echo", "fan-out:viewers=100,size=10000",
            "idle:connections=500");
    private static final List<String> FULL = List.of(
            "tcp-echo", "tcp-echo:inFlight=32", "tcp-echo:connections=1000", "tcp-echo:connections=16,size=65536",
            "ws-echo", "ws-echo:inFlight=32", "ws-echo:connections=1000", "ws-echo:connections=16,size=65536",
            "ws-echo:rate=10000", "ws-text", "ws-deflate", "tls-echo",
            "fan-out", "fan-out:viewers=500,size=128",
            "connect-storm", "connect-storm:websocket=1", "idle:connections=5000", "idle:connections=5000,websocket=1",
            "slow-reader", "slow-reader:websocket=1", "file", "relay", "relay:stalled=5,joins=5");

    private final Path module;
    private final PrintStream messages;

    Plans(Path module, PrintStream messages) {
        this.module = module;
        this.messages = messages;
    }

    /** The plan of {@code run}, {@code quick} or {@code full}. */
    Plan plan(String command, List<String> args) throws IOException {
        Arguments arguments = new Arguments(args, OPTIONS);
        boolean quick = command.equals("quick");
        List<String> words = arguments.words();
        if (command.equals("run") == words.isEmpty()) {
            throw new IllegalArgumentException(words.isEmpty() ? "lab run needs a workload; lab list shows them"
                    : "lab " + command + " has its workloads; lab run takes others");
        }
        List<String> workloads = command.equals("run") ? words : quick ? QUICK : FULL;
        Catalogue catalogue = new Catalogue(module);
        List<String> added = new ArrayList<>();
        arguments.all("--server").forEach(definition -> added.add(add(catalogue, definition, false)));
        arguments.all("--server-tcp").forEach(definition -> added.add(add(catalogue, definition, true)));
        List<String> names = arguments.has("--servers")
                ? Arrays.stream(arguments.text("--servers", "").split(",")).filter(n -> !n.isBlank()).toList()
                : defaults(command, catalogue);
        List<Candidate> servers = Stream.concat(names.stream(), added.stream()).distinct().map(catalogue::get).toList();
        warnWithoutBaseline(servers);
        return new Plan(command(command, args), workloads.stream().map(Workload::parse).toList(), servers,
                arguments.count("--rounds", quick ? 24 : 5), arguments.count("--launches", 1),
                arguments.seconds("--seconds", quick ? 0.1 : 2), arguments.seconds("--warm-up", quick ? 1 : 3),
                arguments.number("--seed", seed()), arguments.has("--syscalls"), out(arguments, command),
                source(module), settings(arguments, out(arguments, command)));
    }

    /** The plan of {@code gate}. */
    Plan gate(List<String> args) throws IOException {
        Arguments arguments = new Arguments(args, GATE_OPTIONS);
        if (!arguments.words().isEmpty()) {
            throw new IllegalArgumentException("lab gate has its workloads");
        }
        Catalogue catalogue = new Catalogue(module);
        List<Candidate> servers = List.of(catalogue.get(baseline(catalogue)), catalogue.all().getFirst());
        Path out = out(arguments, "gate");
        return new Plan(command("gate", args), Gate.workloads(), servers, 48, 1, 0.1, 1,
                arguments.number("--seed", seed()), false, out, source(module), settings(arguments, out));
    }

    /** Makes the arguments of {@code check}. */
    static Arguments checkArguments(List<String> args) {
        Arguments arguments = new Arguments(args, CHECK_OPTIONS);
        if (!arguments.words().equals(List.of("load")) && !arguments.words().equals(List.of("verdicts"))) {
            throw new IllegalArgumentException("lab check needs load or verdicts");
        }
        return arguments;
    }

    /** The plan of {@code check}: one bare server and one echo. */
    Plan check(List<String> args) throws IOException {
        Arguments arguments = checkArguments(args);
        boolean load = arguments.words().contains("load");
        Path out = out(arguments, "check");
        return new Plan(command("check", args), List.of(Workload.parse("tcp-echo")),
                List.of(new Catalogue(null).get("bare-selector")), arguments.count("--rounds", load ? 20 : 40),
                arguments.count("--launches", load ? 1 : 4), arguments.seconds("--seconds", load ? 0.4 : 0.05),
                arguments.seconds("--warm-up", load ? 3 : 1), arguments.number("--seed", seed()), false, out,
                source(module), settings(arguments, out));
    }

    private static String add(Catalogue catalogue, String definition, boolean tcp) {
        catalogue.add(definition, tcp);
        return definition.substring(0, definition.indexOf('=')).strip();
    }

    /**
     * Returns the servers of a run: for a quick run both APIs of the default engine and one baseline, for a full run
     * all servers that are installed.
     */
    private static List<String> defaults(String command, Catalogue catalogue) {
        List<String> own = catalogue.all().stream().filter(Candidate::isOwn).map(Candidate::name).toList();
        if (command.equals("full")) {
            return catalogue.all().stream().map(Candidate::name).filter(catalogue::isInstalled).toList();
        }
        return List.of(baseline(catalogue), own.get(0), own.get(1));
    }

    /** The bare loop of the default engine's own kind, or of the next one if there is none of its own. */
    private static String baseline(Catalogue catalogue) {
        return catalogue.all().stream().map(Candidate::name).filter(Set.of("selector", "aio")::contains).findFirst()
                .map(name -> "bare-" + name).orElseThrow();
    }

    private void warnWithoutBaseline(List<Candidate> servers) {
        if (servers.stream().noneMatch(Candidate::isBaseline)) {
            messages.println("no baseline is among the servers, so they are compared with "
                    + servers.getFirst().name());
        }
    }

    private Settings settings(Arguments arguments, Path out) {
        int workers = arguments.count("--workers", 1);
        Cores chosen = Cores.choose(workers);
        Cores cores = new Cores(arguments.text("--server-cores", chosen.server()),
                arguments.text("--load-cores", chosen.load()));
        if (cores.equals(Cores.ANY)) {
            messages.println("servers and loads are not pinned to cores, which makes the results less certain");
        }
        List<String> flags = arguments.has("--jvm-flags")
                ? Arrays.stream(arguments.text("--jvm-flags", "").split(" ")).filter(f -> !f.isEmpty()).toList()
                : Settings.FLAGS_DEFAULT;
        return new Settings(workers, cores, flags, out.resolve("logs"));
    }

    /** A seed that is printed, so that the order can be repeated. */
    private static long seed() {
        return Math.floorMod(System.nanoTime(), 1_000_000);
    }

    private Path out(Arguments arguments, String command) {
        return Path.of(arguments.text("--out", directory(module, command).toString()));
    }

    /** Returns the default directory of the files. */
    static Path directory(Path module, String command) {
        Path parent = module == null ? Path.of("lab") : module.resolve("target").resolve("lab");
        return parent.resolve(LocalDateTime.now().format(STAMP) + "-" + command);
    }

    /** A directory of the work tree. */
    static Path source(Path module) {
        return module == null ? Path.of("").toAbsolutePath() : module;
    }

    /** The command line that repeats it. */
    static String command(String command, List<String> args) {
        return Stream.concat(Stream.of("lab", command), args.stream())
                .map(word -> word.matches("[\\w.,:=/+-]+") ? word : "'" + word + "'")
                .reduce((a, b) -> a + " " + b).orElseThrow();
    }
}
