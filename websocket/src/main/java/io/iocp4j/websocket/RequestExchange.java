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
 * A request that waits for its answer, as the application sees it. When the answer is not needed any more, the tasks of
 * {@code onCancel} run. Any thread.
 */
abstract class RequestExchange {
    private enum State {
        /** The application has not answered yet. */
        WAITING,
        /** The application has answered, so the request cannot be cancelled. */
        ANSWERED,
        /** The answer is not needed any more. */
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

    /** Returns true for the first answer; false if there was one, or the request was cancelled. */
    final synchronized boolean answered() {
        boolean first = state == State.WAITING;
        if (first) {
            state = State.ANSWERED;
            cancelTasks = List.of();
        }
        return first;
    }

    /** Cancels the request. Returns false if it was answered or cancelled before. */
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

    /** Calls the application. Everything that it throws becomes an answer. */
    final <T> T call(Call<T> call) throws HttpException {
        try {
            return call.call();
        } catch (Throwable thrown) {
            throw failure(thrown);
        }
    }

    /** Returns the answer to an exception of the application. Any but an HttpException is logged and becomes 500. */
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
