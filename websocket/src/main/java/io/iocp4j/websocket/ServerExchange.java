package io.iocp4j.websocket;

import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.util.Objects;

/** The exchange of one request of an {@link HttpConnection}. Any thread. */
final class ServerExchange extends RequestExchange implements HttpExchange {
    ServerExchange(HttpConnection connection, HttpRequest request) {
        super(connection, request);
    }

    @Override
    public void body(BodyListener listener) {
        connection.body(this, Objects.requireNonNull(listener));
    }

    @Override
    public boolean respond(HttpResponse response) {
        Objects.requireNonNull(response);
        if (!answered()) {
            return false;
        }
        connection.answer(this, response);
        return true;
    }
}
