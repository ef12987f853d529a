package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.access.AccessCommands;
import io.iocp4j.relay.access.Login;
import io.iocp4j.relay.config.Setting;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.websocket.UpgradeExchange;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What answers at which path. Everything here has passed {@link Doors}. Any thread. */
final class Routes {
    static final String PUBLISH = "/publish/";
    static final String LIVE = "/live/";
    static final String WATCH = "/watch/";
    private static final String LINKS = "/api/v1/links";

    private final Duration maxLag;
    private final Duration publisherTimeout;
    private final boolean testPicture;
    private final CompletionPort port;
    private final RelayHub hub;
    private final Steering steering;
    private final Login login;
    private final Clock clock;
    private final Observer observer;
    private final Reports reports;
    private final Pages pages = new Pages();
    private final AtomicLong viewerIds = new AtomicLong();

    Routes(Settings settings, CompletionPort port, RelayHub hub, Login login, Steering steering, Clock clock) {
        this.login = login;
        this.maxLag = settings.get(ServeSettings.MAX_LAG);
        this.publisherTimeout = settings.get(ServeSettings.PUBLISHER_TIMEOUT);
        this.testPicture = settings.get(ServeSettings.TEST_PICTURE);
        this.port = port;
        this.hub = hub;
        this.steering = steering;
        this.clock = clock;
        this.observer = hub.observer();
        this.reports = new Reports(hub);
    }

    /** Accepts the WebSocket of a viewer, or refuses it. */
    WebSocketListener upgrade(UpgradeExchange exchange, Visit visit) throws HttpException {
        String path = visit.path();
        if (path.equals(Reports.EVENTS)) {
            return observer.events().subscriber(visit.request().parameter("path"), socket -> visit.pass().begin(
                    () -> socket.close(Pass.NOT_ALLOWED, "the login has expired")), visit.pass()::end);
        }
        if (!path.startsWith(LIVE) || !RelayHub.isPath(path.substring(LIVE.length()))) {
            throw new HttpException(404, "streams are watched at /live/{path}");
        }
        RelayStream stream = hub.find(path.substring(LIVE.length()));
        if (stream == null) {
            observer.metrics().joins.add(1, "not_found");
            // without the path, which may be longer than a close reason
            return closing(Viewer.NO_SUCH_STREAM, hub.hasEnded(path.substring(LIVE.length()))
                    ? "the stream is off" : "there is no such stream");
        }
        try {
            hub.admission().join(visit.client(), stream.viewers());
        } catch (HttpException e) {
            stream.observer().refused();
            throw e;
        }
        if (!visit.pass().takePlace()) {
            stream.observer().refused();
            return closing(Pass.TOO_MANY, "as many as this login allows are watching");
        }
        ViewerQueue queue = new ViewerQueue(maxLag.toNanos(), stream.isAllKeys());
        return new Viewer("v" + viewerIds.incrementAndGet(), visit, stream, hub.admission(), queue, port, clock);
    }

    /** Accepts a WebSocket and closes it: a page cannot see the status of a refused handshake, but a close code. */
    static WebSocketListener closing(int code, String reason) {
        return new WebSocketListener() {
            @Override
            public void onOpen(WebSocket socket) {
                socket.close(code, reason);
            }
        };
    }

    /** Answers a request. */
    void request(HttpExchange exchange, Visit visit) throws HttpException {
        if (visit.path().startsWith(PUBLISH)) {
            publish(exchange, visit, visit.path().substring(PUBLISH.length()));
            return;
        }
        if (steer(exchange, visit)) {
            return;
        }
        if (visit.path().equals(LINKS)) {
            requireMethod(visit.request(), "POST", "PUT");
            exchange.respond(HttpResponse.json(200, "{\"link\":" + Json.quote(link(visit.request())) + "}"));
            return;
        }
        requireMethod(visit.request(), "GET", "HEAD");
        if (Reports.has(visit.path())) {
            reports.answer(exchange, visit);
            return;
        }
        RelayStream live = visit.path().startsWith(LIVE) ? hub.find(visit.path().substring(LIVE.length())) : null;
        if (live != null) {
            // a page that was refused asks here for the reason, which the handshake cannot tell it
            hub.admission().join(visit.client(), live.viewers());
        }
        exchange.respond(page(visit.path()));
    }

    /** Carries out an order of the operator; false if the request is none. */
    private boolean steer(HttpExchange exchange, Visit visit) throws HttpException {
        String path = visit.path();
        if (path.equals(Steering.RELOAD)) {
            requireMethod(visit.request(), "POST", "POST");
            steering.reload(exchange);
        } else if (path.startsWith(Steering.VIEWERS)) {
            requireMethod(visit.request(), "DELETE", "DELETE");
            exchange.respond(steering.endViewer(path.substring(Steering.VIEWERS.length())));
        } else if (path.startsWith(Steering.PUBLISHERS)) {
            requireMethod(visit.request(), "DELETE", "DELETE");
            exchange.respond(steering.endPublisher(path.substring(Steering.PUBLISHERS.length())));
        } else {
            return false;
        }
        return true;
    }

    /** Signs a link for the parameters of a request: path, for and max, as of {@link AccessCommands#SIGN}. */
    private String link(HttpRequest request) throws HttpException {
        String path = request.parameter(AccessCommands.PATH.name());
        if (path == null || !RelayHub.isPath(path)) {
            throw new HttpException(400, "a link needs the path of a stream");
        }
        return login.sign(path, parameter(request, AccessCommands.FOR), parameter(request, AccessCommands.MAX));
    }

    private static <T> T parameter(HttpRequest request, Setting<T> setting) throws HttpException {
        String text = request.parameter(setting.name());
        try {
            return text == null ? setting.standard() : setting.takes().parse(text);
        } catch (IllegalArgumentException e) {
            throw new HttpException(400, setting.name() + " " + e.getMessage());
        }
    }

    private HttpResponse page(String path) throws HttpException {
        return switch (path) {
            case "/" -> pages.file("index.html");
            case "/healthz" -> HttpResponse.text(200, "ok\n");
            case "/favicon.ico" -> HttpResponse.of(204);
            default -> {
                if (path.startsWith(WATCH)) {
                    HttpResponse page = pages.page("watch.html", (int) path.chars().filter(c -> c == '/').count() - 1);
                    // the page itself says that its address names no stream
                    yield RelayHub.isPath(path.substring(WATCH.length())) ? page : Pages.notFound(page);
                }
                if (path.startsWith(LIVE)) {
                    throw new HttpException(426, "streams are watched over WebSocket; open /watch/... in a browser",
                            HttpHeaders.builder().add("Upgrade", "websocket").build());
                }
                yield pages.file(path.substring(1));
            }
        };
    }

    private void publish(HttpExchange exchange, Visit visit, String path) throws HttpException {
        requireMethod(visit.request(), "PUT", "POST");
        if (testPicture && path.equals(TestSource.PATH)) {
            throw new HttpException(409, "this stream is the built-in test picture;"
                    + " use another name, or start the relay with --no-test-picture");
        }
        if (!RelayHub.isPath(path)) {
            throw new HttpException(404, "a stream path has one to four names with / between them;"
                    + " a name has 1 to 64 letters, digits, - or _");
        }
        hub.admission().takePublisher(visit.client());
        Ingest ingest = null;
        try {
            ingest = new Ingest(path, visit, hub, exchange, port, publisherTimeout);
        } finally {
            if (ingest == null) {
                hub.admission().publisherGone(visit.client());
            }
        }
        exchange.body(ingest);
    }

    private static void requireMethod(HttpRequest request, String first, String second) throws HttpException {
        if (!request.method().equals(first) && !request.method().equals(second)) {
            String allowed = first.equals(second) ? first : first + ", " + second;
            throw new HttpException(405, "allowed here: " + allowed,
                    HttpHeaders.builder().add("Allow", allowed).build());
        }
    }
}
