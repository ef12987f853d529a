package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpRequest;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLSession;

/**
 * A request that waits for its answer: what the application sees of it, and how it hears that nobody waits any more.
 * Any thread.
 */
abstract class RequestExchange {
    private enum State {
        /** The application has not answered. */
        WAITING,
        /** The application has answered: nothing is cancelled any more. */
        ANSWERED,
        /** Nobody waits for the answer. */
        CANCELLED
    }

    interface Call<T> {
        T call() throws Exception;
    }

    final TcpConnection tcp;
    private final HttpRequest request;

    // guarded by this
    private State state = State.WAITING;
    private List<Runnable> cancelTasks = List.of();

    RequestExchange(TcpConnection tcp, HttpRequest request) {
        this.tcp = tcp;
        this.request = request;
    }

    public final HttpRequest request() {
        return request;
    }

    public final InetSocketAddress remote() {
        return tcp.remote();
    }

    public final InetSocketAddress local() {
        return tcp.local();
    }

    public final SSLSession tlsSession() {
        return tcp.tlsSession();
    }

    public final MemoryAccount memory() {
        return tcp.memory();
    }

    public final void onCancel(Runnable task) {
        Objects.requireNonNull(task);
        synchronized (this) {
            if (state == State.WAITING) {
                cancelTasks = new ArrayList<>(cancelTasks);
                cancelTasks.add(task);
            }
            if (state != State.CANCELLED) {
                return;
            }
        }
        run(task);
    }

    public final synchronized boolean isCancelled() {
        return state == State.CANCELLED;
    }

    final synchronized boolean isAnswered() {
        return state != State.WAITING;
    }

    /** Returns whether this is the answer; false if there was one before, or nobody waits. */
    final synchronized boolean answered() {
        boolean first = state == State.WAITING;
        if (first) {
            state = State.ANSWERED;
            cancelTasks = List.of();
        }
        return first;
    }

    /** Nobody waits for the answer any more; returns whether there was none. */
    final boolean cancel() {
        List<Runnable> tasks;
        synchronized (this) {
            if (state != State.WAITING) {
                return false;
            }
            state = State.CANCELLED;
            tasks = cancelTasks;
            cancelTasks = List.of();
        }
        tasks.forEach(this::run);
        return true;
    }

    /** The logger of the application's handler. */
    abstract System.Logger log();

    // ------------------------------------------------------------------ calls of the application

    /** Calls the application; whatever it throws becomes an answer. */
    final <T> T call(Call<T> call) throws HttpException {
        try {
            return call.call();
        } catch (Throwable thrown) {
            throw failure(thrown);
        }
    }

    /** The answer to what the application threw: its own, or 500 behind a line in the log. */
    final HttpException failure(Throwable thrown) {
        if (thrown instanceof HttpException refusal) {
            return refusal;
        }
        log().log(Level.WARNING, "the handler of " + request + " of " + tcp.remote() + " threw", thrown);
        return new HttpException(500, "internal error");
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error thrown) {
            log().log(Level.WARNING, "onCancel of " + request + " threw", thrown);
        }
    }
}
