package io.iocp4j.relay;

import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.UpgradeAnswer;
import io.iocp4j.websocket.UpgradeExchange;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpRequest;
import java.net.InetSocketAddress;

/** The one way in: every request and handshake passes here before it reaches its route. Any thread. */
final class Doors {
    private final String host;
    private final boolean loopbackOnly;
    private final Admission admission;
    private final Routes routes;

    Doors(Settings settings, boolean loopbackOnly, Admission admission, Routes routes) {
        this.host = settings.get(ServeSettings.HOST);
        this.loopbackOnly = loopbackOnly;
        this.admission = admission;
        this.routes = routes;
    }

    /** Handles a request; runs on a worker. */
    void request(HttpExchange exchange) throws HttpException {
        routes.request(exchange, pass(exchange.request(), exchange.remote()));
    }

    /** Handles the handshake of a WebSocket; runs on a worker. */
    UpgradeAnswer upgrade(UpgradeExchange exchange) throws HttpException {
        return routes.upgrade(exchange, pass(exchange.request(), exchange.remote()));
    }

    private Visit pass(HttpRequest request, InetSocketAddress remote) throws HttpException {
        requireHost(request);
        admission.request(remote.getAddress());
        return new Visit(request, request.path(), remote.getAddress());
    }

    /**
     * Refuses any other host name while the relay listens on the loopback address only. A foreign name that resolves to
     * this machine is a sign of DNS rebinding: a page of an attacker would pass for one of ours.
     */
    private void requireHost(HttpRequest request) throws HttpException {
        if (!loopbackOnly || request.authority() == null) {
            return;
        }
        String asked = request.authority().replaceFirst(":[0-9]*$", "");
        if (!asked.equalsIgnoreCase("localhost") && !asked.matches("127(\\.[0-9]{1,3}){3}") && !asked.equals("[::1]")
                && !asked.equalsIgnoreCase(host)) {
            throw new HttpException(421, "this relay serves this machine only, as localhost or 127.0.0.1");
        }
    }
}
