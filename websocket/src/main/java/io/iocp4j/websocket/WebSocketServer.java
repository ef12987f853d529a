package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.ExitHook;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpHandler;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TcpServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A server for WebSockets, and for pages and uploads on the same TCP port. */
public final class WebSocketServer implements AutoCloseable {
    private final TcpServer tcp;
    private final Set<ServedConnection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger webSockets = new AtomicInteger();
    private final ConcurrentHashMap<String, Set<TopicMember>> topics = new ConcurrentHashMap<>();
    private volatile boolean stopping;
    private final ExitHook exitHook = new ExitHook();

    private WebSocketServer(CompletionPort port, ServerOptions options, UpgradeHandler upgrades, HttpHandler requests)
            throws IOException {
        Objects.requireNonNull(upgrades);
        Objects.requireNonNull(requests);
        ModuleClasses.load();
        Connections owner = new Connections();
        TcpOptions listening = options.listening();
        Function<TcpConnection, TcpHandler> handlers = tcp -> new HttpConnection(options, upgrades, requests, owner);
        this.tcp = port == null ? TcpServer.listen(listening, handlers) : TcpServer.listen(port, listening, handlers);
    }

    /**
     * Listens on every address, on a completion port of its own, with one virtual thread for each WebSocket. Accepts
     * every path, and handshakes from pages of the same host only.
     *
     * @param tcpPort 0 lets the system choose
     * @param session the task of each thread
     * @return listening
     * @throws IOException if the address is taken
     */
    public static WebSocketServer listen(int tcpPort, WebSocketSession session) throws IOException {
        return listenBlocking(ServerOptions.defaults().tcpPort(tcpPort), session);
    }

    /**
     * Listens on a completion port of its own, with one virtual thread for each WebSocket. Accepts every path.
     *
     * @param options address, options and limits
     * @param session the task of each thread
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listenBlocking(ServerOptions options, WebSocketSession session) throws IOException {
        return listen(options, UpgradeHandler.all(session));
    }

    /**
     * Listens on a given completion port, with one virtual thread for each WebSocket. Accepts every path.
     *
     * @param port stays open when the server is closed
     * @param options address, options and limits
     * @param session the task of each thread
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listenBlocking(CompletionPort port, ServerOptions options, WebSocketSession session)
            throws IOException {
        return listen(port, options, UpgradeHandler.all(session));
    }

    /**
     * Listens on a completion port of its own. Ordinary requests are answered with 404.
     *
     * @param options address, options and limits
     * @param upgrades decides about each handshake
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listen(ServerOptions options, UpgradeHandler upgrades) throws IOException {
        return listen(options, upgrades, HttpHandler.none());
    }

    /**
     * Listens on a completion port of its own, for WebSockets and for ordinary requests.
     *
     * @param options address, options and limits
     * @param upgrades decides about each handshake; {@link UpgradeHandler#none()} for a server of pages
     * @param requests answers each ordinary request
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listen(ServerOptions options, UpgradeHandler upgrades,
            HttpHandler requests) throws IOException {
        return new WebSocketServer(null, options, upgrades, requests);
    }

    /**
     * Listens on a given completion port. Ordinary requests are answered with 404.
     *
     * @param port stays open when the server is closed
     * @param options address, options and limits
     * @param upgrades decides about each handshake
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listen(CompletionPort port, ServerOptions options,
            UpgradeHandler upgrades) throws IOException {
        return listen(port, options, upgrades, HttpHandler.none());
    }

    /**
     * Listens on a given completion port, for WebSockets and for ordinary requests.
     *
     * @param port stays open when the server is closed
     * @param options address, options and limits
     * @param upgrades decides about each handshake; {@link UpgradeHandler#none()} for a server of pages
     * @param requests answers each ordinary request
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if there is TLS with a context that has no key
     */
    public static WebSocketServer listen(CompletionPort port, ServerOptions options, UpgradeHandler upgrades,
            HttpHandler requests)
            throws IOException {
        return new WebSocketServer(Objects.requireNonNull(port), options, upgrades, requests);
    }

    /**
     * The address it listens on.
     *
     * @return with the actual port number if 0 was requested
     */
    public InetSocketAddress address() {
        return tcp.address();
    }

    /**
     * The TCP port that it listens on.
     *
     * @return the number that the system chose if 0 was requested, else the number of the options
     */
    public int tcpPort() {
        return tcp.tcpPort();
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
     * The current connections, with and without a WebSocket.
     *
     * @return their number
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
     * The new connections that were closed at once, see {@link io.iocp4j.core.ConnectionFilter.DropReason}.
     *
     * @return how many since the start
     */
    public long dropped() {
        return tcp.dropped();
    }

    /** Not for applications, because its {@code close} skips the closing handshake. */
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
     * @return the topic, which may be empty
     */
    public Topic topic(String name) {
        return new Topic(topics, Objects.requireNonNull(name));
    }

    /** Stops accepting, and waits as {@link TcpServer#close()} does. Open connections stay. */
    @Override
    public void close() {
        tcp.close();
    }

    /**
     * Stops accepting, closes every WebSocket with {@link CloseCode#GOING_AWAY}, and ends every other connection after
     * its queued bytes. Waits until all connections have ended, and aborts the rest at the deadline.
     *
     * @param deadline from now, zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void close(Duration deadline) {
        // check before the server stops
        if (tcp.completionPort().isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for the end of its server");
        }
        tcp.close();
        stopping = true;
        connections.forEach(ServedConnection::stop);
        tcp.awaitClosed(deadline);
    }

    /**
     * Closes the server, as {@link #close(Duration)} does, when the process is asked to end by SIGINT, SIGTERM or
     * {@code System.exit}. Every WebSocket gets a Close frame before the process ends. A second call changes the
     * deadline.
     *
     * @param deadline zero or more; the operating system may kill the process earlier
     * @throws IllegalStateException if the process is ending already
     */
    public void closeOnExit(Duration deadline) {
        Objects.requireNonNull(deadline);
        exitHook.set(tcp.closed(), () -> close(deadline));
    }

    /** For tests: null if there is none. */
    Thread exitHook() {
        return exitHook.thread();
    }

    /**
     * Completes when the server was closed and its last connection has ended.
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
     * Waits as {@link #awaitClosed()} does, and aborts the remaining connections at the deadline. Another call must
     * close the server, before or after this one.
     *
     * @param deadline zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void awaitClosed(Duration deadline) {
        tcp.awaitClosed(deadline);
    }

    private final class Connections implements ServedConnection.Owner {
        @Override
        public void added(HttpConnection connection) {
            add(connection);
        }

        @Override
        public void upgraded(HttpConnection connection, WebSocketConnection webSocket) {
            webSockets.incrementAndGet();
            add(webSocket);
            connections.remove(connection);
        }

        private void add(ServedConnection connection) {
            connections.add(connection);
            // check after the add: either close() finds the connection in the set, or this thread sees that close() has
            // begun
            if (stopping) {
                connection.stop();
            }
        }

        @Override
        public void removed(HttpConnection connection) {
            connections.remove(connection);
        }

        @Override
        public void removed(WebSocketConnection webSocket) {
            connections.remove(webSocket);
            webSockets.decrementAndGet();
        }
    }
}
