package io.iocp4j.core;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Real threads of which one runs at a time. Before each access to a shared field, each atomic step and each lock the
 * seed decides whether another one goes on, so that a thread of the application can stand between any two steps of the
 * library, for as long as it takes the others to do everything that they can do. The same seed gives the same order.
 *
 * <p>The calls to this class are put into the code by {@link SteppedClasses}, which also leads all locks here: a thread
 * that would block is not chosen, and when none can be chosen, that is a deadlock, which is told with every stack. What
 * blocks in any other way, in the JDK, is found by a deadline.
 *
 * <p>Guarded by the baton: only the thread that has it touches anything here.
 */
public final class Stepper {
    /** How often a thread that is not stepped, such as that of the test, has entered each monitor. */
    private static final ThreadLocal<Map<Object, Integer>> UNSTEPPED = ThreadLocal.withInitial(IdentityHashMap::new);
    private static final long DEADLINE_SECONDS = 60;
    /** The longest seed known, a burst of messages with receives of some 20 bytes, takes between 5 and 6 million. */
    private static final int STEPS_MAX = 20_000_000;
    private static final int STACK_SHOWN = 14;
    private static final int LOG_TAIL = 200;
    /** What happens before a lock, or between two locks, is seen more seldom than all the rest, and matters more. */
    private static final int LOCKS_COUNT = 8;
    /**
     * How seldom threads are switched, drawn once for a run: often finds what needs many switches, seldom what needs a
     * long absence.
     */
    private static final int[] ONE_IN = {3, 10, 40, 200, 1_000};

    private final SplittableRandom random;
    private final int oneIn;
    /** Whether the thread that has to stop stays away until nobody else can run; else any may follow. */
    private final boolean byRank;
    private final boolean logging;
    private final List<Stepped> threads = new ArrayList<>();
    private final Map<Object, Owner> owners = new IdentityHashMap<>();
    private final List<String> log = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private long passedNanos;
    private int lowestRank;
    private int steps;
    private int oneAllocationIn;
    private int allocationFailures;

    /** How long a wait may be. */
    private enum Patience {
        TIMED, TO_REST, ENDLESS
    }

    /** A lock that is held. */
    private static final class Owner {
        final Stepped thread;
        int count;

        Owner(Stepped thread, int count) {
            this.thread = thread;
            this.count = count;
        }
    }

    /** One of the threads. */
    private static final class Stepped extends Thread {
        final Stepper stepper;
        final Semaphore baton = new Semaphore(0);
        /** Above 0 while it does what is not to be interrupted. */
        int quiet;
        int rank;
        boolean done;
        String where = "its beginning";
        /** What it would block on, a lock or a wait of one. */
        Object lock;
        boolean waiting;
        BooleanSupplier until;
        /** What it does when nobody else can run: its time is over, or it was waiting for just that. */
        Patience patience = Patience.ENDLESS;
        long limitNanos;

        Stepped(Stepper stepper, String name, Runnable body) {
            super(null, body, "stepped-" + name);
            this.stepper = stepper;
            setDaemon(true);
        }

        static Stepped current() {
            return Thread.currentThread() instanceof Stepped me && me.quiet == 0 ? me : null;
        }

        boolean canRun() {
            if (done || waiting) {
                return false;
            }
            Owner owner = lock == null ? null : stepper.owners.get(lock);
            return (owner == null || owner.thread == this) && (until == null || until.getAsBoolean());
        }

        String stack() {
            String frames = Stream.of(getStackTrace()).filter(frame -> frame.getClassName().startsWith("io.iocp4j."))
                    .filter(frame -> !isStepper(frame.getClassName())).limit(STACK_SHOWN)
                    .map(frame -> "\n      at " + frame).collect(Collectors.joining());
            return "\n  " + getName() + " stands at " + where
                    + (lock == null ? "" : waiting ? " in a wait" : " before a lock") + frames;
        }
    }

    /** Whether a class is this one, or one in it. */
    static boolean isStepper(String name) {
        return name.equals(Stepper.class.getName()) || name.startsWith(Stepper.class.getName() + "$");
    }

    /**
     * Makes a run without threads.
     *
     * @param seed decides everything
     * @param logging keeps a line for each switch
     */
    public Stepper(long seed, boolean logging) {
        this.random = new SplittableRandom(seed);
        this.oneIn = ONE_IN[random.nextInt(ONE_IN.length)];
        this.byRank = random.nextInt(3) > 0;
        this.logging = logging;
    }

    /**
     * Lets memory of the pool run out now and then.
     *
     * @param oneIn how seldom, 0 for never
     * @return this
     */
    public Stepper memoryRunsOut(int oneIn) {
        oneAllocationIn = oneIn;
        return this;
    }

    /**
     * Adds a thread, which begins in {@link #run()}.
     *
     * @param name for reports
     * @param body what it does
     */
    public void add(String name, Runnable body) {
        Stepped[] self = new Stepped[1];
        self[0] = new Stepped(this, name, () -> live(self[0], body));
        self[0].rank = random.nextInt(1 << 20);
        threads.add(self[0]);
    }

    /**
     * Runs the threads until all have ended.
     *
     * @throws AssertionError if one threw, or they did not end
     */
    public void run() {
        threads.forEach(Thread::start);
        choose().baton.release();
        try {
            if (!finished.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                failures.add(new AssertionError("a thread blocks where the stepper does not see it" + stacks()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failures.add(e);
        }
        if (!failures.isEmpty()) {
            AssertionError all = new AssertionError(failures.getFirst() + tail());
            failures.forEach(all::addSuppressed);
            throw all;
        }
    }

    /**
     * Tells of the last switches.
     *
     * @return a line for each, if it keeps a log
     */
    public String tail() {
        List<String> last = log.subList(Math.max(0, log.size() - LOG_TAIL), log.size());
        return log.isEmpty() ? "" : "\nthe last switches:\n" + String.join("\n", last);
    }

    /**
     * Writes a line of the test between those of the switches.
     *
     * @param line what happens now
     */
    public static void note(String line) {
        Stepped me = Stepped.current();
        if (me != null && me.stepper.logging) {
            me.stepper.log.add("  " + me.getName().substring(8) + ": " + line);
        }
    }

    private void live(Stepped me, Runnable body) {
        me.baton.acquireUninterruptibly();
        try {
            body.run();
        } catch (Throwable thrown) {
            failures.add(thrown);
        }
        me.done = true;
        me.where = "its end";
        if (threads.stream().allMatch(thread -> thread.done)) {
            finished.countDown();
        } else {
            handOver(me);
        }
    }

    /** Null if none can run. */
    private Stepped choose() {
        Stepped asking = Thread.currentThread() instanceof Stepped me ? me : null;
        if (asking != null) {
            asking.quiet++;
        }
        try {
            List<Stepped> able = threads.stream().filter(Stepped::canRun).toList();
            if (able.isEmpty()) {
                return wakeImpatient();
            }
            return byRank ? able.stream().max((a, b) -> Integer.compare(a.rank, b.rank))
                    .get() : able.get(random.nextInt(able.size()));
        } finally {
            if (asking != null) {
                asking.quiet--;
            }
        }
    }

    /**
     * Nobody moves by itself: time passes until the first time limit, and where there is none, a thread that waited for
     * rest goes on.
     */
    private Stepped wakeImpatient() {
        Stepped woken = threads.stream().filter(thread -> !thread.done && thread.patience != Patience.ENDLESS)
                .min((a, b) -> a.patience.compareTo(b.patience)).orElse(null);
        if (woken != null) {
            passedNanos += woken.limitNanos;
            woken.limitNanos = 0;
            woken.patience = Patience.ENDLESS;
            woken.waiting = false;
            woken.until = null;
        }
        return woken;
    }

    private void handOver(Stepped me) {
        Stepped next = choose();
        if (next == me) {
            return;
        }
        if (next == null) {
            failures.add(new AssertionError("deadlock" + stacks()));
            finished.countDown();
        } else {
            if (logging) {
                log.add(me.getName().substring(8) + " at " + me.where + " -> " + next.getName()
                        .substring(8) + " at " + next.where);
            }
            next.baton.release();
        }
        if (!me.done) {
            me.baton.acquireUninterruptibly();
        }
    }

    private String stacks() {
        return threads.stream().filter(thread -> !thread.done).map(Stepped::stack).collect(Collectors.joining());
    }

    private void step(Stepped me, String where) {
        step(me, where, oneIn);
    }

    private void step(Stepped me, String where, int switchOneIn) {
        me.where = where;
        steps++;
        if (steps == STEPS_MAX) {
            failures.add(new AssertionError("does not come to an end in " + STEPS_MAX + " steps" + stacks()));
            finished.countDown();
            me.baton.acquireUninterruptibly();
        }
        if (random.nextInt(switchOneIn) == 0) {
            me.rank = --lowestRank;
            handOver(me);
        }
    }

    /**
     * How many steps were made.
     *
     * @return points that were passed
     */
    public int steps() {
        return steps;
    }

    /**
     * How often memory ran out.
     *
     * @return failed allocations
     */
    public int allocationFailures() {
        return allocationFailures;
    }

    // ------------------------------------------------------------------ called by the code under test

    /**
     * Between two steps: another thread may go on.
     *
     * @param where class, method, line
     */
    public static void point(String where) {
        Stepped me = Stepped.current();
        if (me != null) {
            me.stepper.step(me, where);
        }
    }

    /**
     * Instead of entering a monitor.
     *
     * @param lock whose
     * @param where class, method, line
     */
    public static void enter(Object lock, String where) {
        if (lock == null) {
            throw new NullPointerException(where);
        }
        Stepped me = Stepped.current();
        if (me != null) {
            me.stepper.step(me, where, Math.max(2, me.stepper.oneIn / LOCKS_COUNT));
            me.stepper.take(me, lock, 1);
        } else {
            UNSTEPPED.get().merge(lock, 1, Integer::sum);
        }
    }

    private void take(Stepped me, Object lock, int count) {
        me.lock = lock;
        while (!me.canRun()) {
            handOver(me);
        }
        me.lock = null;
        owners.computeIfAbsent(lock, free -> new Owner(me, 0)).count += count;
    }

    /**
     * Instead of leaving a monitor.
     *
     * @param lock whose
     */
    public static void exit(Object lock) {
        Stepped me = Stepped.current();
        if (me != null) {
            Owner owner = me.stepper.owner(me, lock);
            owner.count--;
            if (owner.count == 0) {
                me.stepper.owners.remove(lock);
            }
        } else {
            UNSTEPPED.get().computeIfPresent(lock, (same, count) -> count == 1 ? null : count - 1);
        }
    }

    private Owner owner(Stepped me, Object lock) {
        Owner owner = owners.get(lock);
        if (owner == null || owner.thread != me) {
            throw new IllegalMonitorStateException(me.where);
        }
        return owner;
    }

    /**
     * Instead of {@link Thread#holdsLock}.
     *
     * @param lock whose
     * @return whether this thread is in the monitor
     */
    public static boolean holdsLock(Object lock) {
        Stepped me = Stepped.current();
        if (me == null) {
            return UNSTEPPED.get().containsKey(lock);
        }
        Owner owner = me.stepper.owners.get(lock);
        return owner != null && owner.thread == me;
    }

    /**
     * Instead of {@link Object#wait()}.
     *
     * @param lock whose
     */
    public static void await(Object lock) {
        Stepped me = demanded();
        int count = me.stepper.owner(me, lock).count;
        me.stepper.owners.remove(lock);
        me.lock = lock;
        me.waiting = true;
        me.stepper.handOver(me);
        me.stepper.take(me, lock, count);
    }

    /**
     * Instead of {@link TimeUnit#timedWait}.
     *
     * @param unit of the limit
     * @param lock whose
     * @param limit for the wait
     */
    public static void timedAwait(TimeUnit unit, Object lock, long limit) {
        Stepped me = demanded();
        me.patience = Patience.TIMED;
        me.limitNanos = unit.toNanos(limit);
        await(lock);
        me.patience = Patience.ENDLESS;
    }

    private static Stepped demanded() {
        Stepped me = Stepped.current();
        if (me == null) {
            throw new IllegalStateException("a wait outside of the stepped threads would never end");
        }
        return me;
    }

    /**
     * Instead of {@link System#nanoTime()}.
     *
     * @return grows with each step, and by what time-outs have waited
     */
    public static long nanoTime() {
        Stepped me = Stepped.current();
        return me == null ? System.nanoTime() : me.stepper.passedNanos + me.stepper.steps;
    }

    /**
     * Instead of {@link CompletableFuture#join()}.
     *
     * @param future to be waited for
     * @return its result
     */
    public static Object join(CompletableFuture<?> future) {
        await(future::isDone);
        return future.join();
    }

    /**
     * Instead of {@link CompletableFuture#get()}.
     *
     * @param future to be waited for
     * @return its result
     * @throws ExecutionException as that
     * @throws InterruptedException as that
     */
    public static Object get(CompletableFuture<?> future) throws ExecutionException, InterruptedException {
        await(future::isDone);
        return future.get();
    }

    /**
     * Instead of {@link CompletableFuture#get(long, TimeUnit)}.
     *
     * @param future to be waited for
     * @param limit for the wait
     * @param unit of the limit
     * @return its result
     * @throws ExecutionException as that
     * @throws InterruptedException as that
     * @throws TimeoutException as that
     */
    public static Object get(CompletableFuture<?> future, long limit, TimeUnit unit)
            throws ExecutionException, InterruptedException, TimeoutException {
        await(future::isDone, Patience.TIMED, unit.toNanos(limit));
        return future.get(0, unit);
    }

    /**
     * Instead of {@link Object#notifyAll()}.
     *
     * @param lock whose
     */
    public static void wake(Object lock) {
        Stepped me = Stepped.current();
        if (me != null) {
            me.stepper.owner(me, lock);
            me.stepper.threads.forEach(thread -> thread.waiting &= thread.lock != lock);
        }
    }

    /**
     * For the threads of a test: waits until something is true, which is looked at whenever a thread is chosen.
     *
     * @param until must be without effect
     */
    public static void await(BooleanSupplier until) {
        await(until, Patience.ENDLESS, 0);
    }

    /**
     * For the threads of a test: waits until no other thread can go on, which then have ended, or wait for something
     * from outside.
     */
    public static void awaitRest() {
        await(() -> false, Patience.TO_REST, 0);
    }

    private static void await(BooleanSupplier until, Patience patience, long limitNanos) {
        Stepped me = Stepped.current();
        if (me != null) {
            me.until = until;
            me.patience = patience;
            me.limitNanos = limitNanos;
            me.where = "an await";
            me.stepper.handOver(me);
            me.until = null;
            me.patience = Patience.ENDLESS;
        }
    }

    /**
     * Does something in one step, for which there is memory: what a test needs for itself.
     *
     * @param <T> of what
     * @param make does it
     * @return what it made
     */
    public static <T> T inOneStep(Supplier<T> make) {
        if (!(Thread.currentThread() instanceof Stepped me)) {
            return make.get();
        }
        me.quiet++;
        try {
            return make.get();
        } finally {
            me.quiet--;
        }
    }

    /** Where memory is taken: perhaps there is none. */
    public static void allocation() {
        Stepped me = Stepped.current();
        if (me != null && me.stepper.oneAllocationIn > 0 && me.stepper.random.nextInt(me.stepper.oneAllocationIn)
                == 0) {
            me.stepper.allocationFailures++;
            throw new OutOfMemoryError("on purpose");
        }
    }

    /**
     * Whether the calling thread is one of those that are stepped.
     *
     * @return false for the one that drives
     */
    public static boolean isStepped() {
        return Thread.currentThread() instanceof Stepped;
    }
}
