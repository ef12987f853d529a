package io.iocp4j.websocket;

import io.iocp4j.core.MemoryAccount;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** The exchange of one request of an {@link HttpConnection}. Any thread. */
final class ServerExchange implements HttpExchange {
    private final HttpConnection connection;
    private final HttpRequest request;
    private final AtomicBoolean answered = new AtomicBoolean();

    ServerExchange(HttpConnection connection, HttpRequest request) {
        this.connection = connection;
        this.request = request;
    }

    @Override
    public HttpRequest request() {
        return request;
    }

    @Override
    public InetSocketAddress remote() {
        return connection.remote();
    }

    @Override
    public MemoryAccount memory() {
        return connection.memory();
    }

    @Override
    public void body(BodyListener listener) {
        connection.body(this, Objects.requireNonNull(listener));
    }

    @Override
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
