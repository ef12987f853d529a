package io.iocp4j.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A network with its clock and its ports, without threads and without waiting: one seed decides everything that may be
 * decided. The same seed, faults and calls give the same run.
 *
 * <p>Whoever made it drives it, by {@link #step()} on one thread, and is then every worker of every port and the timer
 * too. All state is guarded by this object, which is never locked while a completion is delivered or a task runs. Only
 * the contract suite needs real threads and gives each port one, see {@link SimulatedPort#started}; a run cannot be
 * repeated then.
 */
public final class Simulation {
    private static final long MICROSECOND = 1_000;
    private static final long DELAY_MAX = TimeUnit.MILLISECONDS.toNanos(100);
    /** How long a callback may seem to take. */
    private static final long MEANWHILE_MAX = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long OTHER_WORKER_SECONDS = 20;
    private static final long STANDSTILL_MAX = TimeUnit.SECONDS.toNanos(15);
    /** How long signatures may take. */
    private static final long TASK_MAX = TimeUnit.MILLISECONDS.toNanos(50);

    private final Faults faults;
    private final BufferPool buffers;
    private final SplittableRandom random;
    /**
     * Where the clock starts: anywhere, as that of {@link System#nanoTime()} may, so that only differences mean
     * something.
     */
    private final long origin;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Map<Integer, SimulatedAcceptor> listeners = new HashMap<>();
    private final Map<InetAddress, Answer> answers = new HashMap<>();
    private final List<SimulatedSocket> sockets = new ArrayList<>();
    private final Map<Faults.Kind, Long> injected = new EnumMap<>(Faults.Kind.class);
    private final List<String> log = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    /** Threads that are no worker of any port now, with the port whose task they run, or themselves if it is none. */
    private final Map<Thread, Object> strangers = new ConcurrentHashMap<>();
    final Ledger ledger = new Ledger();
    private ExecutorService otherWorker;
    private Runnable whenTaskBegins = () -> { };
    private boolean logging;
    private boolean nested;
    private long nanos;
    private long lookNanos;
    private long stoodStillNanos;
    private long sequence;
    private long steps;
    private Event latest = new Event(-1, 0, -1, null, false, () -> { });
    private int nextTcpPort = 1024;

    /**
     * How an address answers a connect.
     *
     * @param delayNanos after how long; below 0 for never
     * @param error null if it connects, if somebody listens
     */
    record Answer(long delayNanos, IoError error) {
        boolean isSilence() {
            return delayNanos < 0;
        }
    }

    /** What runs later: on behalf of a port, of its timer, or of the one who drives the simulation. */
    static final class Event implements Comparable<Event> {
        private long nanos;
        private int tie;
        private final long sequence;
        private final SimulatedPort port;
        private final boolean timer;
        private final Runnable action;

        Event(long nanos, int tie, long sequence, SimulatedPort port, boolean timer, Runnable action) {
            this.nanos = nanos;
            this.tie = tie;
            this.sequence = sequence;
            this.port = port;
            this.timer = timer;
            this.action = action;
        }

        Event later(long lengthNanos) {
            return new Event(nanos + lengthNanos, tie, sequence, port, timer, action);
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            int byTie = byTime != 0 ? byTime : Integer.compare(tie, other.tie);
            return byTie != 0 ? byTie : Long.compare(sequence, other.sequence);
        }
    }

    /**
     * Makes a network in which nothing happens yet.
     *
     * @param seed decides everything
     * @param faults what goes wrong and how often
     * @param buffers the memory of all its ports; may serve many simulations, one after the other
     */
    public Simulation(long seed, Faults faults, BufferPool buffers) {
        this.faults = faults;
        this.buffers = buffers;
        this.random = new SplittableRandom(seed);
        this.origin = random.nextBoolean() ? Long.MAX_VALUE - random.nextLong(DELAY_MAX) : random.nextLong();
    }

    /**
     * Keeps a line for each event from here on.
     *
     * @return this
     */
    public Simulation keepLog() {
        logging = true;
        return this;
    }

    /**
     * Lets each look at the clock take time, so that work takes some that waits for nothing but looks at the clock.
     *
     * @param lookTakesNanos nanoseconds, 0 or more
     * @return this
     */
    public synchronized Simulation slowClock(long lookTakesNanos) {
        lookNanos = lookTakesNanos;
        return this;
    }

    /**
     * Lends a thread that is a second worker, for {@link #meanwhile}.
     *
     * @param thread runs one task at a time
     * @return this
     */
    public Simulation otherWorker(ExecutorService thread) {
        otherWorker = thread;
        return this;
    }

    /**
     * Sets what else happens when a task is taken off the workers of a port.
     *
     * @param action called in that submit, so it has to leave the rest to {@link #later}
     */
    public synchronized void whenTaskBegins(Runnable action) {
        whenTaskBegins = action;
    }

    // ------------------------------------------------------------------ driving

    /**
     * Drives on a thread of its own. Each counted object remembers the stack that made it, and the stack of a JUnit
     * test is deep: that took half of the time.
     *
     * @param driving throws what this throws
     * @throws Throwable what the driving threw
     */
    public static void onThreadOfItsOwn(Runnable driving) throws Throwable {
        FutureTask<Void> task = new FutureTask<>(driving, null);
        Thread.ofPlatform().name("iocp4j-simulated").start(task);
        try {
            task.get();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    /**
     * Does the next thing that is due and moves the clock there.
     *
     * @return false if there is nothing to do
     */
    public boolean step() {
        Event event;
        synchronized (this) {
            event = events.poll();
        }
        return event != null && run(event);
    }

    /**
     * As {@link #step()}, for one of several threads.
     *
     * @param untilNanos since the start of the simulation
     * @return false if {@link #isBusy} is false
     */
    public boolean step(long untilNanos) {
        Event event;
        synchronized (this) {
            event = isBusy(untilNanos) ? events.poll() : null;
        }
        return event != null && run(event);
    }

    /**
     * Steps until nothing is left, or the clock has come so far and only timers are left.
     *
     * @param untilNanos since the start of the simulation
     * @param stepsMax fails if it takes more
     */
    public void run(long untilNanos, int stepsMax) {
        for (int steps = 0; isBusy(untilNanos); steps++) {
            if (steps == stepsMax) {
                throw new AssertionError("does not come to rest in " + stepsMax + " steps");
            }
            step();
        }
    }

    /**
     * Moves the clock while nothing runs, as when the process is stopped and continued: timers and actions of the
     * driver that are due by then come late, and before what was under way in the network and in the ports.
     *
     * @param lengthNanos 0 or more
     */
    public synchronized void jump(long lengthNanos) {
        nanos += lengthNanos;
        List<Event> underWay = events.stream().filter(event -> !event.timer && event.port != null).toList();
        events.removeAll(underWay);
        underWay.forEach(event -> events.add(event.later(lengthNanos)));
    }

    private synchronized boolean isDue(long untilNanos) {
        return !events.isEmpty() && events.peek().nanos <= untilNanos;
    }

    /**
     * To be called in a callback, on the thread that drives: lets another worker deliver what is due next while the
     * callback runs. That is a thread of its own, but this one waits for it, so the run stays repeatable.
     *
     * @param steps how many at the most; none if called on the other worker itself
     */
    public void meanwhile(int steps) {
        if (otherWorker == null || nested) {
            return;
        }
        nested = true;
        long until = nanos() + MEANWHILE_MAX;
        try {
            otherWorker.submit(() -> {
                for (int i = 0; i < steps && isDue(until); i++) {
                    step();
                }
            }).get(OTHER_WORKER_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            failed(new AssertionError("a callback was called under a lock that another worker needs", e));
        } catch (ExecutionException | InterruptedException e) {
            failed(e);
        } finally {
            nested = false;
        }
    }

    /**
     * Runs an action of the driver, as a thread of the application would.
     *
     * @param delayNanos from now, 0 or more
     * @param action runs in {@link #step()}
     */
    public synchronized void later(long delayNanos, Runnable action) {
        add(null, delayNanos, false, action);
    }

    /**
     * Runs something as a thread of the application would: no port takes the calling thread for a worker meanwhile.
     *
     * @param action may close ports and wait for them where threads are stepped
     */
    public void asApplication(Runnable action) {
        asStranger(Thread.currentThread(), action);
    }

    /** As above, for a task that was taken off the workers of a port. */
    void asStranger(Object of, Runnable action) {
        Object before = strangers.put(Thread.currentThread(), of);
        try {
            action.run();
        } finally {
            if (before == null) {
                strangers.remove(Thread.currentThread());
            } else {
                strangers.put(Thread.currentThread(), before);
            }
        }
    }

    boolean isStranger() {
        return strangers.containsKey(Thread.currentThread());
    }

    /** Whether the calling thread runs a task of this port off its workers. */
    boolean runsTaskOf(SimulatedPort port) {
        return strangers.get(Thread.currentThread()) == port;
    }

    /**
     * Whether anything is to be done until then.
     *
     * @param untilNanos since the start of the simulation
     * @return false if only timers are left, and none that is due by then
     */
    public synchronized boolean isBusy(long untilNanos) {
        return isDue(untilNanos) || !isAtRest();
    }

    /**
     * What happens when the whole process, or its machine, stands still: everything that became due meanwhile comes at
     * once and in any order, timers before the bytes that they were waiting for, or behind.
     *
     * @param stillNanos how long, 0 or more
     */
    public synchronized void standStill(long stillNanos) {
        nanos += stillNanos;
        stoodStillNanos += stillNanos;
        for (Event due : events.stream().filter(event -> event.nanos <= nanos).sorted().toList()) {
            events.remove(due);
            // Simulation.remove() knows the event by its identity
            due.nanos = nanos;
            due.tie = random.nextInt();
            events.add(due);
        }
    }

    /**
     * How long everything stood still.
     *
     * @return nanoseconds since the start, by which a time limit may be too late
     */
    public synchronized long stoodStillNanos() {
        return stoodStillNanos;
    }

    /** For the thread of a port that has one: waits for the next event of this port, null when there will be none. */
    synchronized Event await(SimulatedPort port) throws InterruptedException {
        while (true) {
            Event first = events.stream().filter(event -> event.port == port).min(Event::compareTo).orElse(null);
            if (first != null) {
                events.remove(first);
                return first;
            }
            if (port.hasEnded()) {
                return null;
            }
            wait();
        }
    }

    boolean run(Event event) {
        synchronized (this) {
            if (strikes(Faults.Kind.STANDSTILL)) {
                count(Faults.Kind.STANDSTILL);
                standStill(random.nextLong(STANDSTILL_MAX));
            }
            if (event.nanos == latest.nanos && event.sequence < latest.sequence) {
                count(Faults.Kind.REORDER);
            }
            latest = event;
            nanos = Math.max(nanos, event.nanos);
            steps++;
        }
        try {
            event.action.run();
        } catch (Throwable thrown) {
            failed(thrown);
        }
        return true;
    }

    // ------------------------------------------------------------------ facts

    /**
     * The clock.
     *
     * @return nanoseconds since the start
     */
    public synchronized long nanos() {
        return nanos;
    }

    /**
     * What was done so far.
     *
     * @return events
     */
    public synchronized long steps() {
        return steps;
    }

    /** What stands in for {@link System#nanoTime()}. */
    synchronized long nanoTime() {
        nanos += lookNanos;
        return origin + nanos;
    }

    /**
     * Whether nothing will happen any more without a timer or the driver.
     *
     * @return true if only timers are left
     */
    public synchronized boolean isAtRest() {
        return events.stream().allMatch(event -> event.timer);
    }

    /**
     * The faults that were really injected.
     *
     * @return how often each
     */
    public synchronized Map<Faults.Kind, Long> injected() {
        return new EnumMap<>(injected);
    }

    /**
     * What threw where nothing may throw: events, timer tasks, completions.
     *
     * @return empty in a good run
     */
    public synchronized List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /**
     * What happened.
     *
     * @return a line for each event since {@link #keepLog()}
     */
    public synchronized List<String> log() {
        return List.copyOf(log);
    }

    /**
     * Writes a line of the driver.
     *
     * @param parts one after the other
     */
    public synchronized void log(Object... parts) {
        if (logging) {
            StringBuilder line = new StringBuilder().append(nanos / MICROSECOND).append(" us");
            for (Object part : parts) {
                line.append(' ').append(part);
            }
            log.add(line.toString());
        }
    }

    BufferPool buffers() {
        return buffers;
    }

    // ------------------------------------------------------------------ for ports and handles, under this lock

    /**
     * Adds an event that takes a microsecond at least, since a chain of events without time would keep everything else
     * from coming.
     */
    Event add(SimulatedPort port, long delayNanos, boolean timer, Runnable action) {
        int tie = 0;
        if (strikes(Faults.Kind.REORDER)) {
            tie = random.nextInt();
        }
        Event event = new Event(nanos + Math.max(MICROSECOND, delayNanos), tie, sequence++, port, timer, action);
        events.add(event);
        notifyAll();
        return event;
    }

    /** Runs the action under this lock, after a delay of the network. */
    Event soon(SimulatedPort port, Runnable action) {
        return add(port, delay(), false, () -> {
            synchronized (this) {
                action.run();
            }
        });
    }

    long delay() {
        if (strikes(Faults.Kind.DELAY)) {
            count(Faults.Kind.DELAY);
            return random.nextLong(DELAY_MAX);
        }
        return MICROSECOND;
    }

    /** How long a task takes that is taken off the workers now. */
    long taskTime() {
        whenTaskBegins.run();
        if (strikes(Faults.Kind.SLOW_TASK)) {
            count(Faults.Kind.SLOW_TASK);
            return random.nextLong(TASK_MAX);
        }
        return delay();
    }

    boolean remove(Event event) {
        return events.remove(event);
    }

    /** Removes the timers of a port that was closed. */
    void removeTimers(SimulatedPort port) {
        events.removeIf(event -> event.timer && event.port == port);
    }

    /** Draws whether a fault is to be injected here; the caller that injects it counts it. */
    boolean strikes(Faults.Kind kind) {
        double probability = faults.of(kind);
        return probability > 0 && random.nextDouble() < probability;
    }

    void count(Faults.Kind kind) {
        injected.merge(kind, 1L, Long::sum);
    }

    /** 0 or more, below the bound. */
    int draw(int bound) {
        return random.nextInt(bound);
    }

    synchronized void failed(Throwable thrown) {
        log("FAILED", thrown);
        failures.add(thrown);
    }

    int tcpPort() {
        return nextTcpPort++;
    }

    Map<Integer, SimulatedAcceptor> listeners() {
        return listeners;
    }

    void add(SimulatedSocket socket) {
        sockets.add(socket);
    }

    /**
     * A socket by its two addresses, open or closed.
     *
     * @return null if there never was one
     */
    synchronized SimulatedSocket socketAt(InetSocketAddress local, InetSocketAddress remote) {
        return sockets.stream()
                .filter(socket -> local.equals(socket.local()) && remote.equals(socket.remote()))
                .findFirst().orElse(null);
    }

    /** Sets how an address answers; every other answers soon, as the faults will. */
    synchronized void answer(InetAddress address, Answer answer) {
        answers.put(address, answer);
    }

    /** Null if nothing was set. */
    Answer answerOf(InetAddress address) {
        return answers.get(address);
    }

    SimulatedAcceptor listenerAt(InetSocketAddress address) {
        return listeners.get(address.getPort());
    }
}
