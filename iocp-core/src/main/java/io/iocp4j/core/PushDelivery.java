package io.iocp4j.core;

import java.time.Duration;
import java.util.List;

/**
 * Delivery by the workers of the port. Each worker ends at its own null completion, so {@link #end} has nothing to do.
 */
final class PushDelivery implements Delivery {
    private final PortCore port;

    PushDelivery(PortCore port) {
        this.port = port;
    }

    @Override
    public int threadCount() {
        return port.options().workers();
    }

    @Override
    public PortThread newThread(boolean spare, Runnable loop, int number) {
        return new Worker(port, spare, loop, port.options().name() + (spare ? "-spare" : "-worker-" + number));
    }

    @Override
    public boolean isWorker() {
        return Worker.current(port) != null;
    }

    @Override
    public boolean mayAwaitEnd() {
        return true;
    }

    @Override
    public void offer(IoContext context) {
        port.queue(context);
    }

    @Override
    public IoContext take() {
        throw notPulled();
    }

    @Override
    public IoContext take(Duration limit) {
        throw notPulled();
    }

    /** Returns the exception of a take from a port that is not in pull mode. */
    static IllegalStateException notPulled() {
        return new IllegalStateException(
                "this port delivers by its own workers: open it with PortOptions.pull() to take by hand");
    }

    @Override
    public void nullTaken() {
        Worker.current(port).counters.nullTaken();
    }

    @Override
    public void end() {
        // only the workers wait, and the engine ends those
    }

    @Override
    public boolean awaitEnd() {
        return false;
    }

    @Override
    public int workers(int alive) {
        return alive;
    }

    @Override
    public void addCounters(List<WorkerCounters> all) {
        // the workers are all that count
    }
}
