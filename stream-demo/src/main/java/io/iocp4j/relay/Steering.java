package io.iocp4j.relay;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.config.SettingException;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpResponse;
import java.lang.System.Logger.Level;

/** The orders of the operator: end a viewer or a publisher, and reload the settings. Any thread. */
final class Steering {
    static final String VIEWERS = "/api/v1/viewers/";
    static final String PUBLISHERS = "/api/v1/publishers/";
    static final String RELOAD = "/api/v1/reload";

    private static final System.Logger LOG = new GuardedLog(Steering.class);
    private static final String ORDER = "by the operator's order";

    private final RelayHub hub;
    private final Reload reload;

    Steering(RelayHub hub, Reload reload) {
        this.hub = hub;
        this.reload = reload;
    }

    /** Closes a viewer with 4403, after which a page does not come back by itself. */
    HttpResponse endViewer(String id) throws HttpException {
        Viewer viewer = hub.viewer(id);
        if (viewer == null) {
            throw new HttpException(404, "there is no such viewer");
        }
        viewer.sendAway(Pass.NOT_ALLOWED, "ended " + ORDER);
        LOG.log(Level.INFO, "viewer {0} is ended {1}", id, ORDER);
        return HttpResponse.of(204);
    }

    /** Answers a publisher with 403; its stream waits for another one. */
    HttpResponse endPublisher(String path) throws HttpException {
        RelayStream stream = hub.find(path);
        if (stream == null || !stream.sendPublisherAway("ended " + ORDER)) {
            throw new HttpException(404, "nobody publishes this stream");
        }
        return HttpResponse.of(204);
    }

    /** Reads the settings again, on a thread of its own, and answers with the names of those that changed. */
    void reload(HttpExchange exchange) {
        Thread.ofVirtual().name("relay-reload").start(() -> {
            try {
                Reload.Outcome outcome = reload.run();
                LOG.log(Level.INFO, "settings reloaded: {0}", outcome.json());
                exchange.respond(HttpResponse.json(200, outcome.json()));
            } catch (SettingException | IllegalArgumentException e) {
                LOG.log(Level.WARNING, "settings not reloaded, the former ones stay: {0}", e.getMessage());
                exchange.respond(HttpResponse.text(409, "the former settings stay: " + e.getMessage() + "\n"));
            }
        });
    }
}
