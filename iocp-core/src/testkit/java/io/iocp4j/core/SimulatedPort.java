package io.iocp4j.core;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * A completion port in a {@link Simulation}: the same contract, virtual time. The operations are decided by {@link
 * SimulatedSocket} and {@link SimulatedAcceptor}. Guarded by the simulation.
 *
 * <p>Whoever drives the simulation is its worker, so {@link #close()} begins the end and returns; the null completions
 * come while the simulation is driven on. What {@link #offload} takes off the workers, the driver runs too, later and
 * as somebody who is no worker: a close there that would wait for itself is a failure of the simulation.
 */
public final class SimulatedPort extends PortInternals {
    private enum Phase {
        /** Takes new handles. */
        OPEN,
        /** No new handles; operations still come. */
        CLOSING,
        /** Nothing was outstanding any more: the null completions are under way, nothing is taken. */
        CLOSED
    }

    final Simulation world;
    private final String name;
    private final int workers;
    private final Set<PortHandle> handles = new LinkedHashSet<>();
    private Phase phase = Phase.OPEN;
    private long outstanding;
    private final WorkerCounters counters = new WorkerCounters();
    private int nulls;
    /** Null if the simulation is driven. */
    private Thread thread;

    /**
     * Opens a port.
     *
     * @param world where
     * @param name for the log
     * @param workers how many null completions end it
     */
    public SimulatedPort(Simulation world, String name, int workers) {
        this.world = world;
        this.name = name;
        this.workers = workers;
    }

    /** Opens a port with a real thread that does its part of the simulation, for tests that wait. */
    static SimulatedPort started(Simulation world, String name, int workers) {
        SimulatedPort port = new SimulatedPort(world, name, workers);
        port.thread = Thread.ofPlatform().name("iocp4j-" + name).start(port::serve);
        return port;
    }

    private void serve() {
        try {
            for (Simulation.Event event = world.await(this); event != null; event = world.await(this)) {
                world.run(event);
            }
        } catch (InterruptedException e) {
            world.failed(e);
        }
    }

    // ------------------------------------------------------------------ the port

    @Override
    public PortSocket socket(CompletionKey key) {
        synchronized (world) {
            requireOpen();
            return added(new SimulatedSocket(this, key));
        }
    }

    @Override
    public PortAcceptor listen(InetSocketAddress local, int backlog, CompletionKey key) throws IoException {
        synchronized (world) {
            requireOpen();
            return added(new SimulatedAcceptor(this, local, backlog, key));
        }
    }

    @Override
    public void post(IoContext context) {
        synchronized (world) {
            begin(context, Operation.POST, null);
            complete(context, 0, null, null);
        }
    }

    @Override
    public Future<?> schedule(Duration delay, Runnable task) {
        synchronized (world) {
            Timer timer = new Timer(task);
            if (phase == Phase.CLOSED) {
                timer.cancel(false);
            } else {
                timer.event = world.add(this, TimeUnit.NANOSECONDS.convert(delay), true, timer);
            }
            return timer;
        }
    }

    @Override
    public long nanoTime() {
        return world.nanoTime();
    }

    @Override
    public String engine() {
        return "simulated";
    }

    @Override
    public BufferPool buffers() {
        return world.buffers();
    }

    @Override
    public long outstanding() {
        synchronized (world) {
            return outstanding;
        }
    }

    /**
     * The thread that drives the simulation is its worker, except in tasks that were taken off the workers; threads of
     * the application are none.
     */
    @Override
    public boolean isWorker() {
        return (thread == null || thread == Thread.currentThread()) && !world.isStranger() || world.runsTaskOf(this);
    }

    @Override
    public PortCounters counters() {
        synchronized (world) {
            return WorkerCounters.sum(List.of(counters), workers, 0, handles.size(), outstanding, world.buffers());
        }
    }

    @Override
    public void close() {
        beginClose();
        if (world.runsTaskOf(this)) {
            // the end waits for the task, which therefore must not wait for the end
            return;
        }
        if (thread != null && thread != Thread.currentThread()) {
            join();
        } else if (world.isStranger()) {
            Stepper.await(this::hasEnded);
        }
    }

    @Override
    public void beginClose() {
        List<PortHandle> open = null;
        synchronized (world) {
            if (phase == Phase.OPEN) {
                world.log(name, "closes");
                Stepper.note(name + " closes");
                phase = Phase.CLOSING;
                open = List.copyOf(handles);
                // counted for the closing itself, so that the port cannot end half-way through the handles
                outstanding++;
            }
        }
        if (open != null) {
            // not under the lock of the simulation: a handle in memory has one of its own, which comes before it
            for (PortHandle handle : open) {
                handle.portCloses();
                handle.close();
            }
            ended();
        }
    }

    private void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // ------------------------------------------------------------------ for its handles, under the lock

    /** Takes a submit; from here on the port owes a completion. */
    @Override
    public void begin(IoContext context, Operation operation, ByteBuffer buffer) {
        synchronized (world) {
            context.submit(operation, buffer);
            if (phase == Phase.CLOSED) {
                context.unsubmit();
                throw new IllegalStateException("the port " + name + " is closed");
            }
            outstanding++;
            world.ledger.submitted(context);
        }
    }

    /** The operation has ended; its delivery follows on a stack of its own. */
    void complete(IoContext context, long transferred, PortSocket accepted, IoError error) {
        complete(context, transferred, accepted, error, error == null ? null : new SimulatedFailure(error));
    }

    private void complete(IoContext context, long transferred, PortSocket accepted, IoError error, Throwable cause) {
        context.complete(transferred, accepted, error, cause);
        world.ledger.completed(context);
        world.add(this, world.delay(), false, () -> deliver(context));
    }

    @Override
    public void finish(IoContext context, long bytes, IoError error, Throwable cause) {
        synchronized (world) {
            complete(context, bytes, null, error, cause);
        }
    }

    @Override
    public void offload(Runnable task) {
        synchronized (world) {
            outstanding++;
            world.add(this, world.taskTime(), false, () -> {
                world.asStranger(this, task);
                ended();
            });
        }
    }

    private void deliver(IoContext context) {
        synchronized (world) {
            world.ledger.delivered(context);
            world.log(name, "#" + world.ledger.id(context), context.operation(), context.transferred(),
                    context.error());
        }
        try {
            context.finish();
        } catch (Throwable thrown) {
            synchronized (world) {
                counters.handlerFailed();
                world.failed(thrown);
            }
        }
        synchronized (world) {
            counters.delivered(context);
        }
        ended();
    }

    private void ended() {
        synchronized (world) {
            outstanding--;
            endIfDone();
        }
    }

    private void endIfDone() {
        if (phase == Phase.CLOSING && outstanding == 0) {
            phase = Phase.CLOSED;
            Stepper.note(name + " has nothing outstanding any more");
            world.removeTimers(this);
            for (int i = 0; i < workers; i++) {
                world.soon(this, this::takeNull);
            }
        }
    }

    private void takeNull() {
        nulls++;
        counters.nullTaken();
        world.log(name, "null completion", nulls, "of", workers);
    }

    boolean hasEnded() {
        return nulls == workers;
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    private void requireOpen() {
        if (!isOpen()) {
            throw new IllegalStateException("the port " + name + " is closing");
        }
    }

    /** To a port that is open. */
    <H extends SimulatedHandle> H added(H handle) {
        handles.add(handle);
        return handle;
    }

    @Override
    public void add(PortHandle handle) {
        synchronized (world) {
            if (isOpen()) {
                handles.add(handle);
                return;
            }
        }
        handle.close();
        requireOpen();
    }

    @Override
    public void remove(PortHandle handle) {
        synchronized (world) {
            handles.remove(handle);
        }
    }

    @Override
    public String toString() {
        return name;
    }

    /** What an engine would have thrown. Without a stack, since thousands are made. */
    static final class SimulatedFailure extends Exception {
        private static final long serialVersionUID = 1L;

        SimulatedFailure(IoError error) {
            super("simulated " + error, null, false, false);
        }
    }

    /** A task of {@link #schedule}. */
    private final class Timer extends FutureTask<Void> {
        private Simulation.Event event;

        Timer(Runnable task) {
            super(() -> {
                try {
                    task.run();
                } catch (Throwable thrown) {
                    world.failed(thrown);
                    throw thrown;
                }
            }, null);
        }

        @Override
        protected void done() {
            synchronized (world) {
                if (isCancelled() && event != null) {
                    world.remove(event);
                }
            }
        }
    }
}
