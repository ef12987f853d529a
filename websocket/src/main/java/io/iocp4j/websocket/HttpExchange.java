package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** A request and the answer to it. */
public final class HttpExchange {
    private final HttpConnection connection;
    private final HttpRequest request;
    private final AtomicBoolean answered = new AtomicBoolean();

    HttpExchange(HttpConnection connection, HttpRequest request) {
        this.connection = connection;
        this.request = request;
    }

    /**
     * The request.
     *
     * @return its head
     */
    public HttpRequest request() {
        return request;
    }

    /**
     * The peer's address.
     *
     * @return known also after the end
     */
    public InetSocketAddress remote() {
        return connection.remote();
    }

    /**
     * What the connection makes its port hold: whoever keeps something of this request or its body charges it here, before it is taken.
     * It is given back at the end of the connection at the latest.
     *
     * @return the account of the connection
     */
    public MemoryAccount memory() {
        return connection.memory();
    }

    /**
     * Asks for the body, which is told to go on if it waits for that (100-continue). Only from within {@link HttpHandler#onRequest}; a
     * body that is not asked for is dropped, and the connection with it.
     *
     * @param listener gets the body from when the handler has returned
     */
    public void body(BodyListener listener) {
        connection.body(this, Objects.requireNonNull(listener));
    }

    /**
     * Answers. Any thread; the first call counts. An answer before the end of the body ends the body and the connection.
     *
     * @param response complete
     * @return false if an answer was given before, or the time for it is over ({@link WebSocketServer.Builder#responseTimeout})
     */
    public boolean respond(HttpResponse response) {
        Objects.requireNonNull(response);
        if (!answered.compareAndSet(false, true)) {
            return false;
        }
        connection.answer(this, response);
        return true;
    }

    boolean isAnswered() {
        return answered.get();
    }

    /** Whether nobody has answered, and nobody can any more. */
    boolean giveUp() {
        return answered.compareAndSet(false, true);
    }
}
