package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.result.Comparison;
import io.iocp4j.bench.result.Interval;
import io.iocp4j.bench.result.Machine;
import io.iocp4j.bench.result.Metric;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import io.iocp4j.bench.result.Sample;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Checks the load generator against another program. {@code src/check/echo.c} is the same closed loop in C. Both loads
 * have connections to the same process of a bare server and run in turn, on the same cores. If both are right, they
 * find the same CPU time of the server per message, and the same rate of messages.
 */
public final class LoadCheck {
    private static final Path SOURCE = Path.of("src", "check", "echo.c");
    private static final Duration COMPILER_LIMIT = Duration.ofMinutes(2);
    private static final String OURS = "load of the lab";
    private static final String OTHER = "load in C";

    /** The answer to the question whether the two loads find the same. */
    enum Verdict {
        /** The whole interval of the ratio is that close to 1. */
        SAME,
        /** None of the interval is that close to 1. */
        DIFFERENT,
        /** The interval lies on both sides of a limit, too few rounds count, or other programs wanted the cores. */
        DOUBTFUL
    }

    private final Plan plan;
    private final double part;
    private final PrintStream out;

    /**
     * Prepares the check.
     *
     * @param plan its only workload is an echo over TCP, its only server a bare one; its source is the module bench
     * @param part how much the ratio of the two may differ from 1, for example 0.05
     * @param out where the result is printed
     */
    public LoadCheck(Plan plan, double part, PrintStream out) {
        this.plan = plan;
        this.part = part;
        this.out = out;
    }

    /**
     * Measures and compares.
     *
     * @return false if the loads find different numbers for sure. True if there is no C compiler, which is printed
     * @throws IOException if a process fails or a file cannot be written
     * @throws InterruptedException if the thread was interrupted
     */
    public boolean passes() throws IOException, InterruptedException {
        Path source = plan.source().resolve(SOURCE);
        if (!Programs.installed("cc") || !Files.exists(source)) {
            out.println("NOT CHECKED: the load in C needs a C compiler (cc) and Linux");
            return true;
        }
        Run run = measure(compile(source));
        RunFile.write(plan.directory(), run);
        Report.write(plan.directory(), run);
        boolean busy = ProcessUse.isMachineBusy();
        if (busy) {
            out.println("Other programs wanted the cores too, so no difference counts.");
        }
        boolean passed = true;
        for (Metric metric : List.of(Metric.CPU, Metric.RATE)) {
            Comparison comparison = Comparison.of(run, run.workloads().getFirst(), OURS, OTHER, metric);
            Verdict verdict = verdict(comparison.ratio(), part, busy);
            out.println(String.format(Locale.ROOT, "%-9s within %.0f %%? %s", verdict, part * 100, comparison));
            passed &= verdict != Verdict.DIFFERENT;
        }
        return passed;
    }

    /** Judges one ratio. */
    static Verdict verdict(Interval ratio, double part, boolean busy) {
        if (ratio.values() < Comparison.ROUNDS_MIN) {
            return Verdict.DOUBTFUL;
        }
        return ratio.low() >= 1 - part && ratio.high() <= 1 + part ? Verdict.SAME
                : !busy && (ratio.low() > 1 + part || ratio.high() < 1 - part) ? Verdict.DIFFERENT : Verdict.DOUBTFUL;
    }

    private Path compile(Path source) throws IOException, InterruptedException {
        Path program = Files.createDirectories(plan.directory()).resolve("echo").toAbsolutePath();
        try (Child compiler = new Child("the C compiler", List.of("cc", "-O2", "-o", program.toString(),
                source.toAbsolutePath().toString()), null, plan.settings().logs().resolve("cc.log"))) {
            if (!compiler.awaitEnd(COMPILER_LIMIT) || !Files.exists(program)) {
                throw compiler.failure("has failed");
            }
        }
        return program;
    }

    private Run measure(Path program) throws IOException, InterruptedException {
        Workload workload = plan.workloads().getFirst();
        Candidate candidate = plan.servers().getFirst();
        Instant started = Instant.now();
        List<Sample> samples = new ArrayList<>();
        List<String> command = List.of(program.toString(), Long.toString(workload.get("connections")),
                Long.toString(workload.get("size")));
        try (ServerProcess server = new ServerProcess(candidate, workload.protocol(), plan.settings())) {
            int port = server.await();
            List<String> withPort = new ArrayList<>(command);
            withPort.add(Integer.toString(port));
            try (LoadProcess ours = new LoadProcess(workload, OURS.replace(' ', '-'), port, plan.settings());
                    LoadProcess other = new LoadProcess(withPort, OTHER.replace(' ', '-'), plan.settings())) {
                Map<String, LoadProcess> loads = new LinkedHashMap<>();
                loads.put(OURS, ours);
                loads.put(OTHER, other);
                for (LoadProcess load : loads.values()) {
                    load.await();
                    load.run(plan.warmUpSeconds());
                }
                List<String> turn = new ArrayList<>(loads.keySet());
                Random order = new Random(plan.seed());
                for (int round = 0; round < plan.rounds(); round++) {
                    Collections.shuffle(turn, order);
                    for (String name : turn) {
                        samples.add(Lineup.measure(workload, name, server, loads.get(name), round, plan.seconds()));
                    }
                }
            }
        }
        String described = candidate.described(plan.settings());
        return new Run(plan.command(), plan.seed(), Machine.commit(plan.source()), Machine.here(), started,
                Instant.now(), true, 0, List.of(new Run.Server(OTHER, described, true),
                new Run.Server(OURS, described, false)), List.of(workload.toString()), samples, List.of());
    }
}
