package io.iocp4j.core;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * A {@link Simulation} whose workers are threads, and threads of an application that call anything at any moment: all
 * of them stepped. Everything is drawn from one seed. To be made by {@link SteppedClasses}; what is derived says what
 * there is and what is called.
 *
 * <p>A run has three parts: the threads do what they do; when none of them can go on, what is left is ended, by another
 * thread, so that those that wait have to come back; then the simulation is driven to its end by one thread alone.
 */
public abstract class SteppedWorld implements BiFunction<Long, Boolean, String> {
    private static final int WORKERS = 2;
    /** Seeds that are run before, whatever comes of them: a class that is initialized makes steps of its own. */
    private static final int WARM_UP = 20;
    private static final int STACK_SHOWN = 12;
    private static final int STEPS_MAX = 200_000;
    /** How far timers run while threads are stepped: some begin again and again. */
    private static final long STEPPED_NANOS = Duration.ofMillis(100).toNanos();
    private static final long HORIZON_NANOS = Duration.ofMinutes(10).toNanos();

    private final List<String> violations = new ArrayList<>();
    private final List<CompletableFuture<?>> futures = new ArrayList<>();
    private int threadsLeft;
    private int oneAllocationIn;

    /** The memory of all runs. */
    protected final BufferPool buffers = new BufferPool(1 << 20);
    /** Of this run; drawn from before the threads begin. */
    protected SplittableRandom random;
    /** Of this run. */
    protected Simulation world;
    /** Where servers are. */
    protected SimulatedPort serverPort;
    /** Where clients are, perhaps the same. */
    protected SimulatedPort clientPort;

    /** For {@link SteppedClasses#make}. */
    protected SteppedWorld() {
    }

    // ------------------------------------------------------------------ what there is, by those that are derived

    /**
     * Draws how often the network does what.
     *
     * @return of this run
     */
    protected abstract Faults faults();

    /**
     * Makes what is there when the threads begin.
     *
     * @throws IOException is a failure
     */
    protected abstract void begin() throws IOException;

    /**
     * Makes a thread of the application.
     *
     * @param number 1 or more
     * @return called as often as it acts; what it throws is a failure
     */
    protected abstract Runnable application(int number);

    /** Looks at what must be true where nothing moves any more, then ends everything. */
    protected abstract void end();

    /** Looks at what must be true when everything has ended, see {@link #check}. */
    protected abstract void checkEnd();

    /**
     * Tells in short what happened.
     *
     * @return for the one who runs a seed by hand
     */
    protected abstract String told();

    /**
     * Lets memory of the pool run out while threads are stepped.
     *
     * @param oneIn how seldom, 0 for never
     */
    protected final void memoryRunsOut(int oneIn) {
        oneAllocationIn = oneIn;
    }

    /**
     * Whatever happens, this completes.
     *
     * @param future looked at when everything has ended
     */
    protected final void completes(CompletableFuture<?> future) {
        futures.add(future);
    }

    /**
     * Demands something.
     *
     * @param condition fails the run if false
     * @param what is wrong then
     */
    protected final void check(boolean condition, String what) {
        if (!condition) {
            violations.add(what);
            Stepper.note("VIOLATION " + what);
        }
    }

    // ------------------------------------------------------------------ the run

    /** Runs a seed, with a log or without. */
    @Override
    public final String apply(Long seed, Boolean logging) {
        random = new SplittableRandom(seed);
        futures.clear();
        violations.clear();
        oneAllocationIn = 0;
        int liveBefore = RefCounted.live().size();
        world = new Simulation(random.nextLong(), faults(), buffers);
        serverPort = new SimulatedPort(world, "servers", WORKERS);
        clientPort = random.nextBoolean() ? serverPort : new SimulatedPort(world, "clients", WORKERS);
        Stepper stepper = new Stepper(random.nextLong(), logging);
        try {
            begin();
            addThreads(stepper.memoryRunsOut(oneAllocationIn));
            stepper.run();
            finish();
            checkEnd();
            checkNothingLeft(liveBefore);
        } catch (AssertionError | IOException | RuntimeException e) {
            violations.add(text(e));
        }
        world.failures().stream().filter(e -> !isExpected(e)).forEach(e -> violations.add("thrown: " + text(e)));
        if (!violations.isEmpty()) {
            throw new AssertionError(String.join("\n", violations) + stepper.tail());
        }
        return told() + " in " + stepper.steps() + " steps, memory ran out " + stepper.allocationFailures() + " times";
    }

    /** A thread that delivers may find that memory has run out; all the rest must be true anyway. */
    private boolean isExpected(Throwable thrown) {
        return oneAllocationIn > 0 && thrown instanceof OutOfMemoryError;
    }

    private static String text(Throwable thrown) {
        return thrown + " at " + Stream.of(thrown.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith("io.iocp4j"))
                .limit(STACK_SHOWN).toList();
    }

    private void addThreads(Stepper stepper) {
        threadsLeft = 2 + random.nextInt(2);
        for (int i = threadsLeft; i > 0; i--) {
            Runnable act = application(i);
            int acts = 5 + random.nextInt(random.nextBoolean() ? 20 : 80);
            boolean closesPort = random.nextInt(10) == 0;
            stepper.add("application-" + i, () -> world.asApplication(() -> {
                for (int left = acts; left > 0; left--) {
                    Stepper.point("an application");
                    act.run();
                }
                if (closesPort) {
                    serverPort.close();
                }
                threadsLeft--;
            }));
        }
        stepper.add("ender", () -> {
            Stepper.awaitRest();
            world.asApplication(this::end);
        });
        for (int i = 0; i < WORKERS; i++) {
            stepper.add("worker-" + i, this::work);
        }
    }

    private void work() {
        while (threadsLeft > 0 || world.isBusy(STEPPED_NANOS)) {
            Stepper.await(() -> threadsLeft == 0 || world.isBusy(STEPPED_NANOS));
            world.step(STEPPED_NANOS);
        }
    }

    private void finish() {
        end();
        world.run(HORIZON_NANOS, STEPS_MAX);
        serverPort.close();
        clientPort.close();
        world.run(Long.MAX_VALUE, STEPS_MAX);
    }

    private void checkNothingLeft(int liveBefore) {
        for (SimulatedPort port : List.of(serverPort, clientPort)) {
            check(port.counters().handles() == 0, port + " has open handles: " + port.counters());
            check(port.outstanding() == 0, port + " has operations outstanding: " + port.counters());
            check(port.counters().nullCompletions() == WORKERS, port + " ended with " + port.counters());
            long expected = world.failures().stream().filter(this::isExpected).count();
            check(port.counters().handlerFailures() <= expected,
                    port + " has completions that threw: " + port.counters());
        }
        check(world.ledger.unfinished().isEmpty(), "not finished: " + world.ledger.unfinished());
        check(buffers.usedBytes() == 0, "bytes in use: " + buffers.usedBytes());
        long open = futures.stream().filter(future -> !future.isDone()).count();
        check(open == 0, open + " futures did not complete");
        List<String> live = RefCounted.live();
        check(live.size() == liveBefore, "counted objects left: " + live.stream().limit(3).toList());
    }

    // ------------------------------------------------------------------ for tests

    /**
     * Runs the seeds that the system properties {@code seed}, one, or {@code seeds}, how many, ask for. A seed that
     * fails is run again with a log of the switches.
     *
     * @param scenario the class of the world
     * @param seedsDefault how many without a property
     * @param command to which a seed is added
     * @throws Throwable the failure of the first seed that fails
     */
    @SuppressWarnings("unchecked")
    public static void runSeeds(Class<? extends SteppedWorld> scenario, int seedsDefault,
            String command) throws Throwable {
        Simulation.onThreadOfItsOwn(() ->
                runSeeds(new SteppedClasses().make(BiFunction.class, scenario.getName())::apply, scenario,
                seedsDefault, command));
    }

    private static void runSeeds(BiFunction<Long, Boolean, Object> run, Class<?> scenario, int seedsDefault,
            String command) {
        Long only = Long.getLong("seed");
        long first = only == null ? 0 : only;
        long last = only == null ? Long.getLong("seeds", seedsDefault) - 1 : only;
        long begin = System.nanoTime();
        for (long seed = -WARM_UP; seed < 0; seed++) {
            again(run, seed);
        }
        for (long seed = first; seed <= last; seed++) {
            try {
                Object told = run.apply(seed, false);
                if (only != null) {
                    System.out.println(told);
                }
            } catch (AssertionError found) {
                throw new AssertionError("seed " + seed + ", again with: " + command + seed + "\n" + again(run, seed),
                        found);
            }
        }
        long millis = (System.nanoTime() - begin) / 1_000_000;
        System.out.println(scenario.getSimpleName() + ": " + (last - first + 1) + " seeds in " + millis + " ms");
    }

    private static String again(BiFunction<Long, Boolean, Object> run, long seed) {
        try {
            run.apply(seed, true);
            return "but not when run twice in one process";
        } catch (AssertionError again) {
            return again.getMessage();
        }
    }
}
