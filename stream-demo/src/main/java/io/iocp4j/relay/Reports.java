package io.iocp4j.relay;

import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.observe.JsonText;
import io.iocp4j.relay.observe.Listing;
import io.iocp4j.relay.observe.Metrics;
import io.iocp4j.relay.observe.Observer;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * What operators and programs read: metrics, readiness, and the lists of streams and viewers. A long answer takes some
 * milliseconds to make, so answers are made on virtual threads, never on a worker. Any thread.
 */
final class Reports {
    private static final System.Logger LOG = new GuardedLog(Reports.class);
    private static final String STREAMS = "/api/v1/streams";
    private static final String SNAPSHOT = "/snapshot/";
    private static final String JPEG = ".jpg";
    private static final String VIEWERS = "/api/v1/viewers";
    /** The path of the WebSocket of events. */
    static final String EVENTS = "/api/v1/events";

    private final RelayHub hub;
    private final Observer observer;

    Reports(RelayHub hub) {
        this.hub = hub;
        this.observer = hub.observer();
        observer.metrics().streams(() -> hub.reports().stream().map(StreamReport::reading).toList());
    }

    /** Tells whether a path is answered here. */
    static boolean has(String path) {
        return switch (path) {
            case "/metrics", "/readyz", STREAMS, VIEWERS, EVENTS -> true;
            default -> path.startsWith(SNAPSHOT) && path.endsWith(JPEG)
                    || path.startsWith(STREAMS + "/") && RelayHub.isPath(path.substring(STREAMS.length() + 1));
        };
    }

    /** Answers a request later, on a virtual thread. */
    void answer(HttpExchange exchange, Visit visit) {
        Thread.ofVirtual().name("relay-report").start(() -> exchange.respond(make(visit)));
    }

    private HttpResponse make(Visit visit) {
        try {
            return response(visit.request(), visit.path());
        } catch (HttpException e) {
            return e.response();
        } catch (RuntimeException | Error thrown) {
            LOG.log(Level.WARNING, "the answer to " + visit.path() + " could not be made", thrown);
            return HttpResponse.text(500, "the answer could not be made\n");
        }
    }

    private HttpResponse response(HttpRequest request, String path) throws HttpException {
        return switch (path) {
            case "/metrics" -> metrics(request);
            case "/readyz" -> readiness();
            case STREAMS -> Listing.page(request, "streams", hub.reports(), StreamReport::path,
                    (stream, cursor) -> stream.path().compareTo(cursor) > 0, StreamReport::json,
                    "version", JsonText.quote(RelayServer.version()));
            case VIEWERS -> viewers(request);
            case EVENTS -> throw new HttpException(426, "events are told over WebSocket",
                    HttpHeaders.of("Upgrade", "websocket"));
            default -> {
                if (path.startsWith(SNAPSHOT)) {
                    yield snapshot(path.substring(SNAPSHOT.length(), path.length() - JPEG.length()));
                }
                RelayStream stream = hub.find(path.substring(STREAMS.length() + 1));
                if (stream == null) {
                    throw new HttpException(404, "there is no such stream");
                }
                yield Listing.tagged(request, stream.json());
            }
        };
    }

    private HttpResponse metrics(HttpRequest request) {
        boolean open = String.join(",", request.headers().all("Accept")).contains("application/openmetrics-text");
        byte[] text = observer.metrics().all().text(open).getBytes(StandardCharsets.UTF_8);
        return HttpResponse.bytes(200, open ? Metrics.OPEN_METRICS_TYPE : Metrics.TEXT_TYPE, text)
                .withHeader("Cache-Control", "no-store");
    }

    private HttpResponse readiness() {
        return hub.admission().isDraining() ? HttpResponse.text(503, Drain.REASON + "\n")
                : HttpResponse.text(200, "ready\n");
    }

    /** Answers with the newest picture of a stream of pictures; a video would need a decoder. */
    private HttpResponse snapshot(String path) throws HttpException {
        RelayStream stream = hub.find(path);
        byte[] picture = stream == null ? null : stream.snapshot();
        if (picture == null) {
            throw new HttpException(404, "there is no picture of such a stream");
        }
        return HttpResponse.bytes(200, "image/jpeg", picture).withHeader("Cache-Control", "no-store");
    }

    private HttpResponse viewers(HttpRequest request) throws HttpException {
        String path = request.parameter("path");
        List<ViewerReport> all = hub.all().stream().filter(stream -> path == null || path.equals(stream.path()))
                .flatMap(stream -> stream.viewerReports().stream())
                .sorted(Comparator.comparingLong(ViewerReport::number)).toList();
        return Listing.page(request, "viewers", all, ViewerReport::id, Reports::after, ViewerReport::json);
    }

    private static boolean after(ViewerReport viewer, String cursor) {
        return cursor.matches("v[0-9]{1,18}") && viewer.number() > Long.parseLong(cursor.substring(1));
    }
}
