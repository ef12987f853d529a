package io.iocp4j.relay;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.relay.access.AccessSettings;
import io.iocp4j.relay.access.Action;
import io.iocp4j.relay.access.Grant;
import io.iocp4j.relay.access.Login;
import io.iocp4j.relay.access.Proxies;
import io.iocp4j.relay.access.Request;
import io.iocp4j.relay.access.Site;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.relay.observe.RelayMetrics;
import io.iocp4j.websocket.UpgradeAnswer;
import io.iocp4j.websocket.UpgradeExchange;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The one way in: every request and handshake passes here before it reaches its route. It finds the address of the
 * client, refuses foreign hosts and pages, removes the base path, and asks the login. Nothing of a request is read
 * before that. Any thread.
 */
final class Doors {
    private static final System.Logger LOG = new GuardedLog(Doors.class);
    /** What changes nothing may be asked for by any page, which cannot read the answer. */
    private static final Set<String> SAFE = Set.of("GET", "HEAD");
    /** The actions behind paths. What is not here is open: the pages and the health of the relay. */
    private static final Map<String, Action> ACTIONS = Map.of(Routes.PUBLISH, Action.PUBLISH, Routes.LIVE, Action.VIEW,
            "/snapshot/", Action.VIEW, "/recordings/", Action.RECORD, "/api/v1/recordings/", Action.RECORD);
    private static final String API = "/api/";
    private static final String METRICS = "/metrics";

    private final Proxies proxies;
    private final Admission admission;
    private final Refusals refusals;
    private final Site site;
    private final Login login;
    private final Routes routes;
    private final CompletionPort port;
    private final Clock clock;
    private final RelayMetrics metrics;
    private final Pass.Places places = new Pass.Places();

    Doors(Settings settings, Admission admission, Refusals refusals, Site site, Login login, Routes routes,
            RelayMetrics metrics, CompletionPort port, Clock clock) {
        this.admission = admission;
        this.refusals = refusals;
        this.proxies = new Proxies(settings.get(AccessSettings.TRUSTED_PROXY));
        this.site = site;
        this.login = login;
        this.routes = routes;
        this.port = port;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Handles a request; runs on a worker. */
    void request(HttpExchange exchange) throws HttpException {
        try {
            handle(exchange);
        } catch (HttpException refusal) {
            throw log(refusal, exchange.request(), exchange.remote());
        }
    }

    private HttpException log(HttpException refusal, HttpRequest request, InetSocketAddress remote) {
        return refusals.log(refusal, request, proxies.client(remote.getAddress(), request.headers()));
    }

    private void handle(HttpExchange exchange) throws HttpException {
        HttpRequest request = exchange.request();
        InetAddress client = enter(request, exchange.remote(), SAFE.contains(request.method()));
        String path = strip(request);
        CompletableFuture<Grant> decision = decide(request, path, client, false);
        if (decision.isDone()) {
            routes.request(exchange, new Visit(request, path, client, pass(now(decision))));
            return;
        }
        decision.whenComplete((grant, thrown) -> {
            try {
                // throws the refusal
                routes.request(exchange, new Visit(request, path, client, pass(now(decision))));
            } catch (HttpException refusal) {
                exchange.respond(log(refusal, request, exchange.remote()).response());
            } catch (RuntimeException | Error failure) {
                LOG.log(Level.WARNING, "the answer to " + request + " failed", failure);
                exchange.respond(new HttpException(500, "internal error").response());
            }
        });
    }

    /** Handles the handshake of a WebSocket; runs on a worker. */
    UpgradeAnswer upgrade(UpgradeExchange exchange) throws HttpException {
        try {
            return handle(exchange);
        } catch (HttpException refusal) {
            throw log(refusal, exchange.request(), exchange.remote());
        }
    }

    private UpgradeAnswer handle(UpgradeExchange exchange) throws HttpException {
        HttpRequest request = exchange.request();
        InetAddress client = enter(request, exchange.remote(), false);
        String path = strip(request);
        CompletableFuture<Grant> decision = decide(request, path, client, true);
        if (decision.isDone()) {
            return open(exchange, decision, path, client);
        }
        return UpgradeAnswer.later(decision.handle((grant, thrown) -> {
            try {
                return open(exchange, decision, path, client);
            } catch (HttpException refusal) {
                throw new CompletionException(log(refusal, exchange.request(), exchange.remote()));
            }
        }));
    }

    private WebSocketListener open(UpgradeExchange exchange, CompletableFuture<Grant> decision, String path,
            InetAddress client) throws HttpException {
        Pass pass;
        try {
            pass = pass(now(decision));
        } catch (HttpException refusal) {
            log(refusal, exchange.request(), exchange.remote());
            return Routes.closing(closeCode(refusal.status()), refusal.getMessage());
        }
        // the listener of a handshake that is cancelled gets no onClose
        exchange.onCancel(pass::end);
        return routes.upgrade(exchange, new Visit(exchange.request(), path, client, pass));
    }

    private static int closeCode(int status) {
        return switch (status) {
            case 401 -> Pass.LOGIN_NEEDED;
            case 403 -> Pass.NOT_ALLOWED;
            case 429 -> Pass.TOO_MANY;
            default -> CloseCode.TRY_AGAIN_LATER;
        };
    }

    private Pass pass(Grant grant) {
        return new Pass(grant, port, clock, places);
    }

    /** Checks where a request comes from, and returns the address of the client. */
    private InetAddress enter(HttpRequest request, InetSocketAddress remote, boolean safe) throws HttpException {
        InetAddress peer = remote.getAddress();
        HttpHeaders headers = request.headers();
        String host = proxies.host(peer, headers);
        HttpRequest seen = host == null ? request : new HttpRequest(request.method(), request.path(), request.path(),
                request.query(), headers.toBuilder().set("Host", host).build(), request.http11());
        site.requireHost(seen);
        if (!safe) {
            site.requireOrigin(seen, proxies.secure(peer, headers));
        }
        InetAddress client = proxies.client(peer, headers);
        admission.request(client);
        return client;
    }

    private String strip(HttpRequest request) throws HttpException {
        String path = site.strip(request.path());
        if (path == null) {
            throw HttpException.redirect(308, site.root());
        }
        return path;
    }

    private CompletableFuture<Grant> decide(HttpRequest request, String path, InetAddress client, boolean websocket) {
        for (var entry : ACTIONS.entrySet()) {
            if (path.startsWith(entry.getKey())) {
                String stream = path.substring(entry.getKey().length()).replaceFirst("\\.jpg$", "");
                return ask(Request.of(entry.getValue(), stream, client, websocket, request));
            }
        }
        if (path.startsWith(API) || path.equals(METRICS)) {
            Action action = path.equals(METRICS) ? Action.METRICS : Action.API;
            return ask(Request.of(action, "", client, websocket, request));
        }
        return CompletableFuture.completedFuture(Grant.ANYONE);
    }

    private CompletableFuture<Grant> ask(Request question) {
        CompletableFuture<Grant> decision = login.decide(question).toCompletableFuture();
        return decision.whenComplete((grant, refusal) -> {
            if (refusal != null) {
                metrics.authFailures.add(1, question.action().word());
            }
        });
    }

    /** Returns the grant of a decision that is made, or throws its refusal. */
    private static Grant now(CompletableFuture<Grant> decision) throws HttpException {
        try {
            return decision.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof HttpException refusal) {
                throw refusal;
            }
            throw e;
        }
    }
}
