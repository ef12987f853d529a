package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.SharedPort;
import io.iocp4j.core.TcpClient;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpPair;
import io.iocp4j.websocket.handshake.ClientHandshake;
import io.iocp4j.websocket.handshake.HandshakeException;
import io.iocp4j.websocket.handshake.WebSocketUri;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponseHead;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * One opening of a WebSocket by a client, from the URI to its end in exactly one outcome: over as many connections as
 * there are redirects, one after the other, within one time limit.
 */
final class ClientOpening {
    /** Fields that are meant for one origin only (CVE-2026-42498). */
    private static final List<String> CREDENTIALS = List.of("Authorization", "Cookie", "Proxy-Authorization");

    private final CompletionPort port;
    /** The use of the port that clients share; null if the application has given one. */
    private final SharedPort shared;
    private final ClientOptions options;
    private final WebSocketListener listener;
    private final SecureRandom random = new SecureRandom();
    private final Result result = new Result();

    // guarded by this
    /** Success and failure are decided here: the first that comes. */
    private boolean settled;
    /** The time is over, which each connection that is begun from then on has to hear of: the limit fires once. */
    private boolean late;
    private ClientConnection connection;
    private TcpConnection tcp;

    /** Set before the first connection is begun. */
    private Future<?> limit;

    // used by the callbacks of the connection of the moment only
    private HttpHeaders headers;
    private int redirects;

    /** The other end of a connection in memory, or null where there is a network. */
    private final TcpHandler joined;

    private ClientOpening(CompletionPort port, SharedPort shared, ClientOptions options, WebSocketListener listener,
            TcpHandler joined) {
        ModuleClasses.load();
        this.joined = joined;
        this.port = port;
        this.shared = shared;
        this.options = options;
        this.listener = listener;
        this.headers = options.headers();
    }

    static CompletableFuture<WebSocket> on(CompletionPort port, ClientOptions options, URI uri,
            WebSocketListener listener) {
        return new ClientOpening(port, null, options, Objects.requireNonNull(listener), null)
                .start(WebSocketUri.of(uri));
    }

    /** In memory, with the handler of the server's end. */
    static CompletableFuture<WebSocket> inMemory(CompletionPort port, ClientOptions options, TcpHandler server,
            WebSocketListener listener) {
        WebSocketUri endpoint = WebSocketUri.of(URI.create("ws://localhost/"));
        return new ClientOpening(port, null, options, Objects.requireNonNull(listener), server).start(endpoint);
    }

    static CompletableFuture<WebSocket> onSharedPort(ClientOptions options, URI uri, WebSocketListener listener) {
        WebSocketUri endpoint = WebSocketUri.of(uri);
        Objects.requireNonNull(listener);
        try {
            return onShared(SharedPort.use(), options, endpoint, listener);
        } catch (IOException noPort) {
            return CompletableFuture.failedFuture(noPort);
        }
    }

    /** Opens a WebSocket with the blocking API, and waits. */
    static WebSocket connectOnSharedPort(ClientOptions options, URI uri) throws IOException {
        WebSocketUri endpoint = WebSocketUri.of(uri);
        SharedPort shared = SharedPort.use();
        if (shared.completionPort().isWorker()) {
            shared.close();
            throw new IllegalStateException("a callback of a client must not wait for the port that clients share");
        }
        return await(onShared(shared, options, endpoint, new BlockingReceiver(null)));
    }

    private static CompletableFuture<WebSocket> onShared(SharedPort shared, ClientOptions options,
            WebSocketUri endpoint,
            WebSocketListener listener) {
        boolean begun = false;
        try {
            CompletableFuture<WebSocket> result =
                    new ClientOpening(shared.completionPort(), shared, options, listener, null).start(endpoint);
            begun = true;
            return result;
        } finally {
            if (!begun) {
                shared.close();
            }
        }
    }

    /** Waits for the outcome; what is thrown shows who waited. */
    static WebSocket await(CompletableFuture<WebSocket> opening) throws IOException {
        try {
            return opening.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            if (!opening.cancel(true)) {
                opening.thenAccept(WebSocket::abort);
            }
            throw new IoException(IoError.OPERATION_ABORTED, "connect", null, null, e);
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case HandshakeException known -> new HandshakeException(known);
                case IoException io ->
                        new IoException(io.error(), io.operation(), io.local(), io.remote(), io.getCause());
                default -> new IOException(e.getCause());
            };
        }
    }

    private CompletableFuture<WebSocket> start(WebSocketUri endpoint) {
        limit = port.deadline(options.connectTimeout(), this::timedOut);
        try {
            connect(endpoint);
        } catch (IOException noSocket) {
            failed(noSocket);
            giveBackPort();
        } catch (RuntimeException misuse) {
            limit.cancel(false);
            throw misuse;
        }
        return result;
    }

    /**
     * Opens a connection to this endpoint, the first or one that a redirect leads to; not if the opening was cancelled.
     */
    private synchronized boolean connect(WebSocketUri endpoint) throws IOException {
        if (settled) {
            return false;
        }
        byte[] nonce = new byte[ClientHandshake.NONCE_BYTES];
        random.nextBytes(nonce);
        ClientHandshake handshake = new ClientHandshake(endpoint, headers, options.subprotocols(),
                options.deflate(), nonce);
        // its callbacks wait for this lock where they need to know of it
        ClientConnection next = new ClientConnection(this, endpoint, handshake);
        if (joined != null) {
            tcp = TcpPair.open(port, options.plain(), joined, next).right();
        } else if (options.proxy() == null) {
            TcpOptions tcpOptions = endpoint.secure() ? options.secure() : options.plain();
            tcp = TcpClient.connect(port, tcpOptions, endpoint.hostName(), endpoint.port(), next);
        } else {
            tcp = TcpClient.connect(port, options.plain(), options.proxy(), next);
        }
        connection = next;
        if (late) {
            tellOfTheTime();
        }
        return true;
    }

    private synchronized void timedOut() {
        late = true;
        if (!settled && tcp != null) {
            tellOfTheTime();
        }
    }

    private void tellOfTheTime() {
        TcpConnection current = tcp;
        ClientConnection client = connection;
        current.execute(() -> client.timedOut(current));
    }

    // ------------------------------------------------------------------ from the connection, as its callbacks

    ClientOptions options() {
        return options;
    }

    WebSocketListener listener() {
        return listener;
    }

    /**
     * Goes on at another place.
     *
     * @return false if the opening was cancelled meanwhile; then the old connection has to end it
     * @throws IOException if it leads nowhere, or too far
     */
    boolean redirect(WebSocketUri from, HttpResponseHead response) throws IOException {
        redirects++;
        if (redirects > options.maxRedirects()) {
            throw new HandshakeException("more than " + options.maxRedirects() + " redirects", response);
        }
        List<String> locations = response.headers().all("Location");
        if (locations.size() != 1) {
            throw new HandshakeException("a redirect without a Location, or with several", response);
        }
        WebSocketUri to = from.redirect(locations.getFirst(), response);
        if (!from.isSameOrigin(to)) {
            headers = headers.without(CREDENTIALS);
        }
        return connect(to);
    }

    /** Decides the outcome: true for the first that asks. */
    synchronized boolean settle() {
        boolean first = !settled;
        settled = true;
        limit.cancel(false);
        return first;
    }

    /** The WebSocket is open, and its listener knows. */
    void opened(WebSocket webSocket) {
        if (!result.complete(webSocket)) {
            // the application completed the result first, by a time limit of its own for example: it has no use for it
            webSocket.abort();
        }
    }

    /** There is no WebSocket, and its listener knows. */
    void failed(IOException why) {
        settle();
        result.completeExceptionally(why);
    }

    /** The last connection is over. */
    void ended(TcpConnection last) {
        last.closed().thenRun(this::giveBackPort);
    }

    private void giveBackPort() {
        if (shared != null) {
            shared.close();
        }
    }

    private synchronized void cancel() {
        if (tcp != null) {
            tcp.abort();
        }
    }

    /**
     * The future that the application waits for. Cancelling it gives up the opening, but takes back no WebSocket that
     * is open.
     */
    private final class Result extends CompletableFuture<WebSocket> {
        @Override
        public boolean cancel(boolean mayInterrupt) {
            if (!settle()) {
                return isCancelled();
            }
            super.cancel(mayInterrupt);
            ClientOpening.this.cancel();
            return true;
        }
    }
}
