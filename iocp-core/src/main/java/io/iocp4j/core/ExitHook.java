package io.iocp4j.core;

import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Ends a server before SIGINT, SIGTERM or {@code System.exit} ends the process. The hook is removed when the server has
 * ended, since a hook of the virtual machine would keep the server in memory. Any thread.
 *
 * <p>For the modules of this library.
 */
public final class ExitHook {
    private static final System.Logger LOG = new GuardedLog(TcpServer.class);

    /** Guarded by this. Null if there is none. */
    private Thread thread;

    /** Makes an object without a hook. */
    public ExitHook() {
        // nothing is registered with the virtual machine before set
    }

    /**
     * Sets the action at the exit. It replaces the action that was set before.
     *
     * @param closed completes when the server has ended; if it has completed already, no hook is set
     * @param atExit ends the server and waits for its end
     * @throws IllegalStateException if the process is ending already
     */
    public void set(CompletableFuture<?> closed, Runnable atExit) {
        Thread next = new Thread(Objects.requireNonNull(atExit), "iocp4j-exit");
        synchronized (this) {
            if (closed.isDone()) {
                return;
            }
            Runtime.getRuntime().addShutdownHook(next);
            remove();
            thread = next;
        }
        closed.thenRun(this::remove);
    }

    /**
     * The hook of the virtual machine, for tests.
     *
     * @return null if there is none
     */
    public synchronized Thread thread() {
        return thread;
    }

    private synchronized void remove() {
        if (thread != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(thread);
            } catch (IllegalStateException e) {
                LOG.log(Level.DEBUG, "the process is ending, perhaps by this very hook", e);
            }
            thread = null;
        }
    }
}
