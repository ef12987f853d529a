package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
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

    private final Duration maxLag;
    private final Duration publisherTimeout;
    private final boolean testPicture;
    private final CompletionPort port;
    private final RelayHub hub;
    private final Clock clock;
    private final Observer observer;
    private final Reports reports;
    private final Pages pages = new Pages();
    private final AtomicLong viewerIds = new AtomicLong();

    Routes(Settings settings, CompletionPort port, RelayHub hub, Observer observer, Clock clock) {
        this.maxLag = settings.get(ServeSettings.MAX_LAG);
        this.publisherTimeout = settings.get(ServeSettings.PUBLISHER_TIMEOUT);
        this.testPicture = settings.get(ServeSettings.TEST_PICTURE);
        this.port = port;
        this.hub = hub;
        this.clock = clock;
        this.observer = observer;
        this.reports = new Reports(hub, observer, () -> null);
    }

    /** Accepts the WebSocket of a viewer, or refuses it. */
    WebSocketListener upgrade(UpgradeExchange exchange, Visit visit) throws HttpException {
        String path = visit.path();
        if (path.equals(Reports.EVENTS)) {
            return observer.events().subscriber(visit.request().parameter("path"));
        }
        if (!path.startsWith(LIVE) || !RelayHub.isPath(path.substring(LIVE.length()))) {
            throw new HttpException(404, "streams are watched at /live/{path}");
        }
        RelayStream stream = hub.find(path.substring(LIVE.length()));
        if (stream == null) {
            observer.metrics().joins.add(1, "not_found");
            // without the path, which may be longer than a close reason
            return closing(Viewer.NO_SUCH_STREAM, "there is no such stream");
        }
        if (!visit.pass().takePlace()) {
            return closing(Pass.TOO_MANY, "as many as this login allows are watching");
        }
        ViewerQueue queue = new ViewerQueue(maxLag.toNanos(), stream.isAllKeys());
        return new Viewer("v" + viewerIds.incrementAndGet(), visit, stream, queue, port, clock);
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
        requireMethod(visit.request(), "GET", "HEAD");
        if (Reports.has(visit.path())) {
            reports.answer(exchange, visit);
            return;
        }
        exchange.respond(page(visit.path()));
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
        exchange.body(new Ingest(path, visit, hub, exchange, port, publisherTimeout));
    }

    private static void requireMethod(HttpRequest request, String first, String second) throws HttpException {
        if (!request.method().equals(first) && !request.method().equals(second)) {
            throw new HttpException(405, "only " + first + " and " + second + " are allowed here",
                    HttpHeaders.builder().add("Allow", first + ", " + second).build());
        }
    }
}
