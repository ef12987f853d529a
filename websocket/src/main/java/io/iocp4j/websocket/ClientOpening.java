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
 * One opening of a WebSocket by a client, with exactly one outcome. Each redirect takes another connection. One time
 * limit covers all of them.
 */
final class ClientOpening {
    /** Fields that must not be sent to another origin (CVE-2026-42498). */
    private static final List<String> CREDENTIALS = List.of("Authorization", "Cookie", "Proxy-Authorization");

    private final CompletionPort port;
    /** The use of the shared port; null if the application passed a port. */
    private final SharedPort shared;
    private final ClientOptions options;
    private final WebSocketListener listener;
    private final SecureRandom random = new SecureRandom();
    private final Result result = new Result();

    // guarded by this
    /** The outcome is decided: the first one counts. */
    private boolean settled;
    /** The time limit, which fires once, is over. Connections begun later end at once. */
    private boolean late;
    private ClientConnection connection;
    private TcpConnection tcp;

    /** Set before the first connection is begun. */
    private Future<?> limit;

    // used by callbacks of the current connection only
    private HttpHeaders headers;
    private int redirects;

    /** The other end of a connection in memory; null for a network connection. */
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

    /** Opens in memory, with the handler of the server's end. */
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

    /** Opens a WebSocket, and waits. */
    static WebSocket connectOnSharedPort(ClientOptions options, URI uri, WebSocketListener listener)
            throws IOException {
        WebSocketUri endpoint = WebSocketUri.of(uri);
        Objects.requireNonNull(listener);
        SharedPort shared = SharedPort.use();
        if (shared.completionPort().isWorker()) {
            shared.close();
            throw new IllegalStateException("a callback of a client must not wait for the port that clients share");
        }
        return await(onShared(shared, options, endpoint, listener));
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

    /** Waits for the outcome. Exceptions get the stack trace of the waiting thread. */
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
                case IoException io -> io.here();
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
     * Opens a connection to an endpoint: the first one, or the target of a redirect. Returns false if the opening was
     * cancelled.
     */
    private synchronized boolean connect(WebSocketUri endpoint) throws IOException {
        if (settled) {
            return false;
        }
        byte[] nonce = new byte[ClientHandshake.NONCE_BYTES];
        random.nextBytes(nonce);
        ClientHandshake handshake = new ClientHandshake(endpoint, headers, options.subprotocols(),
                options.deflate(), nonce);
        // its callbacks wait for this lock before they read the field
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
     * Follows a redirect.
     *
     * @return false if the opening was cancelled meanwhile; then the old connection must end it
     * @throws IOException if its target is not valid, or there were too many
     */
    boolean redirect(WebSocketUri from, HttpResponseHead response) throws IOException {
        redirects++;
        if (redirects > options.maxRedirects()) {
            throw new HandshakeException(
                    "more than " + options.maxRedirects() + " redirects, the last one by " + from, response);
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

    /** Claims the outcome. Returns true for the first call. */
    synchronized boolean settle() {
        boolean first = !settled;
        settled = true;
        limit.cancel(false);
        return first;
    }

    /** Completes the result: the WebSocket is open, and its listener was told. */
    void opened(WebSocket webSocket) {
        if (!result.complete(webSocket)) {
            // the application has completed the result itself, after a time limit for example
            webSocket.abort();
        }
    }

    /** Completes the result: the opening has failed, and its listener was told. */
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
     * The future of the application. Cancelling it cancels the opening, but does not close a WebSocket that is open.
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
