package io.iocp4j.bench.run;

import io.iocp4j.bench.load.Workload;
import io.iocp4j.bench.load.WorkloadKind;
import io.iocp4j.bench.result.Machine;
import io.iocp4j.bench.result.Report;
import io.iocp4j.bench.result.Run;
import io.iocp4j.bench.result.RunFile;
import io.iocp4j.bench.result.Sample;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Carries out a plan. It writes the files of the run about once a second, and the report at the end, even after Ctrl-C.
 * One thread.
 */
public final class Session {
    /** After so long a round is written to the files. They hold all rounds, so writing each one took longer than it. */
    private static final long WRITE_NANOS = 1_000_000_000;

    private final Plan plan;
    private final Progress progress;
    private final Random order;
    private final List<Sample> samples = new ArrayList<>();
    private int failures;
    private long written = System.nanoTime();
    /** The run up to the last round. The thread of the shutdown hook reads it. Guarded by this. */
    private Run run;

    /**
     * Prepares a run.
     *
     * @param plan what to measure
     * @param messages where progress and errors are printed
     * @param terminal whether a line of it can be overwritten
     * @throws InterruptedException if the thread was interrupted while it asked for the commit
     */
    public Session(Plan plan, PrintStream messages, boolean terminal) throws InterruptedException {
        this.plan = plan;
        progress = new Progress(messages, terminal, plan.estimatedSeconds());
        order = new Random(plan.seed());
        List<Run.Server> servers = plan.servers().stream()
                .map(server -> new Run.Server(server.name(), server.described(plan.settings()), server.isBaseline()))
                .toList();
        Instant now = Instant.now();
        run = new Run(plan.command(), plan.seed(), Machine.commit(plan.source()), Machine.here(), now, now, false,
                plan.launches() > 1 ? plan.rounds() : 0, servers,
                plan.workloads().stream().map(Workload::toString).toList(), List.of(), List.of());
    }

    /**
     * Measures everything.
     *
     * @return the run
     * @throws IOException if a file of the run cannot be written. The failure of a server throws nothing
     * @throws InterruptedException if the thread was interrupted while it waited for a process
     */
    public Run execute() throws IOException, InterruptedException {
        Thread hook = new Thread(this::interrupted, "end of the run");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            for (Workload workload : plan.workloads()) {
                progress.begin(workload.toString());
                measure(workload);
            }
            write(true);
            Report.write(plan.directory(), run());
        } finally {
            removeHook(hook);
        }
        return run();
    }

    /**
     * Returns how many servers have failed in a workload.
     *
     * @return 0 or more
     */
    public int failures() {
        return failures;
    }

    private synchronized Run run() {
        return run;
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook runs already. Its message must be the last: this thread only failed because its children have
            // ended
            awaitEnd(hook);
        }
    }

    private static void awaitEnd(Thread hook) {
        try {
            hook.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs when the lab is ended by a signal. The children end with it, because their input ends. */
    private synchronized void interrupted() {
        try {
            if (!run.samples().isEmpty()) {
                RunFile.write(plan.directory(), run);
                Report.write(plan.directory(), run);
                progress.say("interrupted: " + run.samples().size() + " rounds are in " + plan.directory());
            }
        } catch (IOException e) {
            progress.say("the report was not written: " + e.getMessage());
        }
    }

    private void measure(Workload workload) throws IOException, InterruptedException {
        List<Candidate> candidates = plan.serving(workload);
        List<String> others = plan.servers().stream().filter(server -> !candidates.contains(server))
                .map(Candidate::name).toList();
        if (!others.isEmpty()) {
            progress.say(workload.kind().word() + " is not served by " + String.join(", ", others));
        }
        if (workload.kind() == WorkloadKind.IDLE) {
            measureIdle(workload, candidates);
            return;
        }
        for (int launch = 0; launch < plan.launches(); launch++) {
            try (Lineup lineup = new Lineup(workload, plan.settings(),
                    (candidate, failure) -> failed(workload, candidate, failure))) {
                lineup.start(candidates, plan.warmUpSeconds());
                progress.done(candidates.size() * plan.startSeconds(workload));
                for (int round = launch * plan.rounds(); round < (launch + 1) * plan.rounds(); round++) {
                    measureRound(lineup, workload, round, candidates);
                }
                if (plan.systemCalls() && launch == plan.launches() - 1) {
                    countSystemCalls(lineup, workload, candidates);
                }
            }
        }
    }

    private void measureRound(Lineup lineup, Workload workload, int round, List<Candidate> candidates)
            throws IOException, InterruptedException {
        List<Candidate> turn = lineup.present();
        Collections.shuffle(turn, order);
        for (Candidate candidate : turn) {
            progress.next(workload + ", round " + (round + 1) + " of " + plan.launches() * plan.rounds() + ", "
                    + candidate.name());
            keep(lineup.measure(candidate, round, plan.seconds()));
        }
        progress.done(candidates.size() * plan.roundSeconds(workload));
        write(false);
    }

    private void countSystemCalls(Lineup lineup, Workload workload, List<Candidate> candidates)
            throws IOException, InterruptedException {
        for (Candidate candidate : lineup.present()) {
            progress.next(workload + ", system calls of " + candidate.name());
            keep(lineup.countSystemCalls(candidate, plan.launches() * plan.rounds(), plan.seconds()));
        }
        progress.done(candidates.size() * plan.traceSeconds(workload));
        write(false);
    }

    private void measureIdle(Workload workload, List<Candidate> candidates) throws IOException, InterruptedException {
        int rounds = plan.rounds(workload);
        for (int launch = 0; launch < plan.launches(); launch++) {
            for (int i = 0; i < rounds; i++) {
                List<Candidate> turn = new ArrayList<>(candidates);
                Collections.shuffle(turn, order);
                for (Candidate candidate : turn) {
                    progress.next(workload + ", round " + (launch * rounds + i + 1) + ", " + candidate.name());
                    measureIdle(workload, candidate, launch * plan.rounds() + i);
                }
                progress.done(candidates.size() * plan.roundSeconds(workload));
                write(false);
            }
        }
    }

    private void measureIdle(Workload workload, Candidate candidate, int round) throws InterruptedException {
        long began = System.nanoTime();
        try {
            Idle idle = Idle.measure(candidate, workload, plan.settings());
            long none = Sample.UNKNOWN;
            keep(new Sample(workload.toString(), candidate.name(), round, System.nanoTime() - began,
                    workload.get("connections"), 0, 0, none, none, 1, none, none, none, none, idle.residentAfter(),
                    idle.bytes(), none, null));
        } catch (IOException e) {
            failed(workload, candidate, e);
        }
    }

    private void keep(Sample sample) {
        if (sample != null) {
            samples.add(sample);
        }
    }

    private void failed(Workload workload, Candidate candidate, IOException failure) {
        failures++;
        progress.say(candidate.name() + " has failed in " + workload + ": " + failure.getMessage());
    }

    private synchronized void write(boolean complete) throws IOException {
        run = run.with(samples, Instant.now(), complete);
        long now = System.nanoTime();
        if (complete || now - written >= WRITE_NANOS) {
            RunFile.write(plan.directory(), run);
            written = now;
        }
    }
}
