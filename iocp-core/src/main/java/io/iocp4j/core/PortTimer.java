package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs tasks later, on one thread that is started for the first of them. The thread is a daemon: it never keeps the
 * process running. At the end, tasks that are not due are dropped, and a task that comes later is cancelled at once.
 * Any thread.
 */
final class PortTimer {
    private static final System.Logger LOG = new GuardedLog(CompletionPort.class);

    private final String portName;
    private final ScheduledThreadPoolExecutor executor;

    PortTimer(String portName) {
        this.portName = portName;
        executor = new ScheduledThreadPoolExecutor(1, TimerThread::new,
                (task, shutDown) -> ((Future<?>) task).cancel(false));
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /** See {@link CompletionPort#schedule}. */
    Future<?> schedule(Duration delay, Runnable task) {
        return executor.schedule(() -> {
            try {
                task.run();
            } catch (Throwable thrown) {
                LOG.log(Level.ERROR, "a timer task of port " + portName + " threw", thrown);
                throw thrown;
            }
        }, TimeUnit.NANOSECONDS.convert(delay), TimeUnit.NANOSECONDS);
    }

    /** Tells whether the calling thread is the one of this timer. */
    boolean isTimerThread() {
        return Thread.currentThread() instanceof TimerThread thread && thread.timer() == this;
    }

    /** Takes no more tasks, and ends after the running one. */
    void end() {
        executor.shutdown();
    }

    /** Ends as {@link #end} does, and also interrupts the running task. */
    void endNow() {
        executor.shutdownNow();
    }

    private final class TimerThread extends Thread {
        TimerThread(Runnable task) {
            super(null, task, portName + "-timer", 0, false);
            setDaemon(true);
        }

        PortTimer timer() {
            return PortTimer.this;
        }
    }
}
