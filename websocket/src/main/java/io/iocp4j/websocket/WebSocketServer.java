package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.EarlyClasses;
import io.iocp4j.core.GuardedLog;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.Origins;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpLimits;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** A server for WebSockets, and for pages and uploads on the same port. */
public final class WebSocketServer implements AutoCloseable {
    private static final System.Logger LOG = new GuardedLog(WebSocketServer.class);

    private final TcpServer tcp;
    private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger webSockets = new AtomicInteger();
    private final ConcurrentHashMap<String, Set<TopicMember>> topics = new ConcurrentHashMap<>();
    private volatile boolean stopping;
    /** Guarded by this. Null unless {@link #closeOnExit} was called. */
    private Thread exitHook;

    private WebSocketServer(Builder settings, CompletionPort port, TcpOptions asked) throws IOException {
        EarlyClasses.loadPackageOf(WebSocketServer.class);
        Connections owner = new Connections();
        // a client may end its side behind its request and wait for the answer
        TcpOptions halfOpen = asked.allowHalfOpen(true);
        TcpOptions options = settings.tls == null ? halfOpen
                : halfOpen.tls(settings.tls, asked.tlsParameters().andThen(settings.tlsParameters));
        this.tcp = port == null ? TcpServer.listen(options, connection -> new HttpConnection(settings, owner))
                : TcpServer.listen(port, options, connection -> new HttpConnection(settings, owner));
    }

    /**
     * A server with the default limits that refuses every handshake and every request until it is told otherwise.
     *
     * @return to be completed
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Listens on every address, on a completion port of its own, with one virtual thread for each WebSocket; every path is taken, from
     * pages of the same host.
     *
     * @param tcpPort 0 lets the system choose
     * @param session what a thread does with its WebSocket
     * @return listening
     * @throws IOException if the address is taken
     */
    public static WebSocketServer listen(int tcpPort, WebSocketSession session) throws IOException {
        return builder().sessions(session).listen(TcpOptions.defaults().tcpPort(tcpPort));
    }

    /**
     * The address it listens on.
     *
     * @return with the real port number where 0 was asked
     */
    public InetSocketAddress address() {
        return tcp.address();
    }

    /**
     * The port whose workers accept and run the callbacks.
     *
     * @return the one given, or the server's own
     */
    public CompletionPort completionPort() {
        return tcp.completionPort();
    }

    /**
     * The connections that are not gone yet, whatever they carry.
     *
     * @return how many
     */
    public int connections() {
        return tcp.connections();
    }

    /**
     * The connections that were accepted, including those dropped.
     *
     * @return how many since the start
     */
    public long accepted() {
        return tcp.accepted();
    }

    /**
     * The newcomers that were closed at once, see {@link io.iocp4j.core.ConnectionFilter.DropReason}.
     *
     * @return how many since the start
     */
    public long dropped() {
        return tcp.dropped();
    }

    /** Not for applications: what closes connections there knows nothing of the closing handshake. */
    TcpServer tcp() {
        return tcp;
    }

    /**
     * The WebSockets that are open now.
     *
     * @return how many
     */
    public int webSockets() {
        return webSockets.get();
    }

    /**
     * A group of WebSockets that get the same messages.
     *
     * @param name the same name is the same group
     * @return the way to it, whether anybody is in or not
     */
    public Topic topic(String name) {
        return new Topic(topics, Objects.requireNonNull(name));
    }

    /** Stops accepting. What is open lives on. Does not wait. */
    @Override
    public void close() {
        tcp.close();
    }

    /**
     * Stops accepting, closes every WebSocket with {@link CloseCode#GOING_AWAY}, ends every other connection after what is queued,
     * aborts what is left at the deadline, and waits until all are gone.
     *
     * @param deadline for the peers to answer
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void close(Duration deadline) {
        // before anything has begun
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for the end of its server");
        }
        tcp.close();
        stopping = true;
        connections.forEach(HttpConnection::stop);
        tcp.awaitClosed(deadline);
    }

    /**
     * Ends the process gracefully when it is asked to end, by SIGINT, SIGTERM or {@code System.exit}: as {@link #close(Duration)}, so that
     * every WebSocket is told, and only then the process goes. A second call changes the deadline.
     *
     * @param deadline for the peers to answer, zero or more; the operating system may have less patience
     * @throws IllegalStateException if the process is ending already
     */
    public void closeOnExit(Duration deadline) {
        Objects.requireNonNull(deadline);
        Thread hook = new Thread(() -> close(deadline), "iocp4j-exit");
        synchronized (this) {
            if (tcp.closed().isDone()) {
                return;
            }
            Runtime.getRuntime().addShutdownHook(hook);
            removeExitHook();
            exitHook = hook;
        }
        tcp.closed().thenRun(this::removeExitHook);
    }

    /** For tests: null if there is none. */
    synchronized Thread exitHook() {
        return exitHook;
    }

    private synchronized void removeExitHook() {
        if (exitHook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(exitHook);
            } catch (IllegalStateException e) {
                LOG.log(Level.DEBUG, "the process is ending, perhaps by this very hook", e);
            }
            exitHook = null;
        }
    }

    /**
     * Completes when the server was closed and its last connection is gone.
     *
     * @return completes normally, always
     */
    public CompletableFuture<Void> closed() {
        return tcp.closed();
    }

    /** Waits for {@link #closed()}, and for the end of the workers if the port is the server's own. */
    public void awaitClosed() {
        tcp.awaitClosed();
    }

    /**
     * Waits like {@link #awaitClosed()}, and aborts the connections that are still there at the deadline. The server has to be closed,
     * now or later.
     *
     * @param deadline zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void awaitClosed(Duration deadline) {
        tcp.awaitClosed(deadline);
    }

    private final class Connections implements HttpConnection.Owner {
        @Override
        public void added(HttpConnection connection) {
            connections.add(connection);
            // after the add: either close() finds the connection in the set, or this sees that close() has begun
            if (stopping) {
                connection.stop();
            }
        }

        @Override
        public void upgraded(WebSocketConnection webSocket) {
            webSockets.incrementAndGet();
        }

        @Override
        public void removed(HttpConnection connection, boolean wasWebSocket) {
            connections.remove(connection);
            if (wasWebSocket) {
                webSockets.decrementAndGet();
            }
        }
    }

    /** The settings of a server. Not thread-safe; a server keeps a copy. */
    public static final class Builder extends WebSocketBuilder<Builder> implements Cloneable {
        HttpLimits httpLimits = HttpLimits.defaults();
        Origins origins = Origins.sameHost();
        List<String> subprotocols = List.of();
        Duration requestTimeout = Duration.ofSeconds(5);
        Duration keepAliveTimeout = Duration.ofSeconds(30);
        Duration responseTimeout = Duration.ofSeconds(30);
        int minBodyRate = 100;
        private SSLContext tls;
        private Consumer<SSLParameters> tlsParameters = parameters -> { };
        UpgradeHandler upgrades = request -> {
            throw new HttpException(404, "there is no WebSocket here");
        };
        HttpHandler pages = exchange -> {
            throw new HttpException(404, "there is nothing here");
        };

        private Builder() {
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Who takes WebSockets.
         *
         * @param handler decides about each handshake
         * @return this
         */
        public Builder webSockets(UpgradeHandler handler) {
            upgrades = Objects.requireNonNull(handler);
            return this;
        }

        /**
         * Takes every WebSocket, with a virtual thread for each.
         *
         * @param session what a thread does with its WebSocket
         * @return this
         */
        public Builder sessions(WebSocketSession session) {
            Objects.requireNonNull(session);
            return webSockets(request -> session.listener());
        }

        /**
         * Who answers ordinary requests.
         *
         * @param handler answers each
         * @return this
         */
        public Builder pages(HttpHandler handler) {
            pages = Objects.requireNonNull(handler);
            return this;
        }

        /**
         * Speaks TLS: wss and https instead of ws and http.
         *
         * @param context has the certificate; goes before the one of {@link TcpOptions#tls(SSLContext)}, whose parameters are kept
         * @return this
         */
        public Builder tls(SSLContext context) {
            tls = Objects.requireNonNull(context);
            return this;
        }

        /**
         * Speaks TLS, with parameters.
         *
         * @param context as {@link #tls(SSLContext)}
         * @param parameters changes what is negotiated for each connection, such as whether a client needs a certificate; called
         *        after what {@link TcpOptions#tls(SSLContext, Consumer)} has set
         * @return this
         */
        public Builder tls(SSLContext context, Consumer<SSLParameters> parameters) {
            tlsParameters = Objects.requireNonNull(parameters);
            return tls(context);
        }

        /**
         * Limits of request heads.
         *
         * @param values {@link HttpLimits#defaults()} unless set
         * @return this
         */
        public Builder httpLimits(HttpLimits values) {
            httpLimits = Objects.requireNonNull(values);
            return this;
        }

        /**
         * Which pages may open a WebSocket here.
         *
         * @param rule {@link Origins#sameHost()} unless set
         * @return this
         */
        public Builder origins(Origins rule) {
            origins = Objects.requireNonNull(rule);
            return this;
        }

        /**
         * The subprotocols of the server, the preferred one first.
         *
         * @param names none unless set
         * @return this
         */
        public Builder subprotocols(String... names) {
            subprotocols = List.of(names);
            return this;
        }

        /**
         * How long a head may take from the opening of the connection, or from its first byte on a kept connection; not refreshed by
         * further bytes. A request that was begun is then answered with 408; a connection on which none was begun ends without a word.
         *
         * @param limit above 0, 5 s unless set
         * @return this
         */
        public Builder requestTimeout(Duration limit) {
            requestTimeout = positive(limit, "requestTimeout");
            return this;
        }

        /**
         * How long a connection may wait for its next request.
         *
         * @param limit above 0, 30 s unless set
         * @return this
         */
        public Builder keepAliveTimeout(Duration limit) {
            keepAliveTimeout = positive(limit, "keepAliveTimeout");
            return this;
        }

        /**
         * How long a request may wait for its answer when its handler has returned, or from the end of its body if the handler asked for
         * that. Then it is answered with 503 and its connection is closed, so that an answer that was forgotten holds none for ever.
         *
         * @param limit 30 s unless set; zero for never
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder responseTimeout(Duration limit) {
            responseTimeout = notNegative(limit, "responseTimeout");
            return this;
        }

        /**
         * How fast a body has to come, on the average of each {@link #requestTimeout}: one that drips or stops is answered with 408 and
         * aborted, so that it holds no connection for ever. A head needs no such rate, since its time is limited as a whole.
         *
         * @param bytesPerSecond with the framing of chunks; 100 unless set; 0 leaves the time to the application, which knows how long
         *        its clients may be silent
         * @return this
         * @throws IllegalArgumentException if it is negative
         */
        public Builder minBodyRate(int bytesPerSecond) {
            if (bytesPerSecond < 0) {
                throw new IllegalArgumentException("minBodyRate must not be negative: " + bytesPerSecond);
            }
            minBodyRate = bytesPerSecond;
            return this;
        }

        /**
         * Starts the server on a completion port of its own.
         *
         * @param options address, options and limits of TCP
         * @return listening
         * @throws IOException if the address is taken
         * @throws IllegalArgumentException if there is TLS with a context that has no key
         */
        public WebSocketServer listen(TcpOptions options) throws IOException {
            return new WebSocketServer(copy(), null, options);
        }

        /**
         * Starts the server on a given completion port.
         *
         * @param port stays open when the server is closed
         * @param options address, options and limits of TCP
         * @return listening
         * @throws IOException if the address is taken
         * @throws IllegalArgumentException if there is TLS with a context that has no key
         */
        public WebSocketServer listen(CompletionPort port, TcpOptions options) throws IOException {
            return new WebSocketServer(copy(), Objects.requireNonNull(port), options);
        }

        Builder copy() {
            try {
                return (Builder) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError("this class is Cloneable", e);
            }
        }
    }
}
