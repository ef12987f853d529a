package io.iocp4j.relay.tls;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.http.DirectoryHandler;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The plain port beside a relay with TLS. It answers each request for a page with 301 to the same path over https, and
 * serves {@code /.well-known/acme-challenge/} from a folder, for certbot and win-acme (RFC 8555 section 8.3). What is
 * not GET or HEAD is refused with 403: a publisher that is sent on would already have sent its secret in the open.
 */
public final class HttpRedirect implements AutoCloseable {
    /** The path of the files by which an authority checks that a host asks for its own certificate. */
    public static final String CHALLENGES = "/.well-known/acme-challenge/";
    /** How many connections may be open; a browser needs one, and closes it soon. */
    public static final int CONNECTIONS_MAX = 1_000;

    private static final int HTTPS = 443;

    private final WebSocketServer server;
    private final int securePort;
    private final HttpHandler challenges;

    private HttpRedirect(CompletionPort port, InetSocketAddress address, int securePort, Path root)
            throws IOException {
        this.securePort = securePort;
        challenges = root == null ? HttpHandler.none()
                : DirectoryHandler.of(root.resolve(CHALLENGES.substring(1))).prefix(CHALLENGES);
        ServerOptions options = ServerOptions.defaults()
                .tcp(TcpOptions.defaults().address(address).maxConnections(CONNECTIONS_MAX));
        server = WebSocketServer.listen(port, options, UpgradeHandler.none(), this::answer);
    }

    /**
     * Listens.
     *
     * @param port stays open when this is closed
     * @param address where to listen, without TLS
     * @param securePort the TCP port of https that browsers are sent to
     * @param root the folder with {@value #CHALLENGES} for ACME, or null for none; need not exist yet
     * @return listening
     * @throws IOException if the address is taken
     */
    public static HttpRedirect listen(CompletionPort port, InetSocketAddress address, int securePort,
            Path root) throws IOException {
        return new HttpRedirect(port, address, securePort, root);
    }

    /**
     * Returns the address it listens on.
     *
     * @return the address, with the real port number if port 0 was requested
     */
    public InetSocketAddress address() {
        return server.address();
    }

    private void answer(HttpExchange exchange) throws Exception {
        HttpRequest request = exchange.request();
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            throw new HttpException(403, "this port is not encrypted; use https");
        }
        if (request.path().startsWith(CHALLENGES)) {
            challenges.onRequest(exchange);
            return;
        }
        if (request.authority() == null) {
            throw new HttpException(400, "the request names no host; use https");
        }
        exchange.respond(HttpResponse.text(301, "use https\n")
                .withHeaders(HttpHeaders.builder().add("Location", location(request)).build()));
    }

    private String location(HttpRequest request) {
        String host = request.authority().replaceFirst(":[0-9]*$", "");
        return "https://" + host + (securePort == HTTPS ? "" : ":" + securePort) + pathAndQuery(request);
    }

    /** The target without scheme and host, which a proxy's form of it has (RFC 9112 section 3.2.2). */
    private static String pathAndQuery(HttpRequest request) {
        String target = request.target();
        if (target.startsWith("/")) {
            return target;
        }
        String rest = target.substring(target.indexOf("://") + 3).replaceFirst("^[^/?]*", "");
        return rest.startsWith("/") ? rest : "/" + rest;
    }

    /** Stops listening and aborts what is open. */
    @Override
    public void close() {
        server.close(Duration.ZERO);
    }
}
