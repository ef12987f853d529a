package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Accepts TCP connections. With the blocking API each connection has a virtual thread, which runs a {@link TcpSession};
 * with callbacks each has a {@link TcpHandler}, whose methods the workers of a completion port call:
 * <table>
 * <caption>How to listen</caption>
 * <tr><th></th><th>blocking</th><th>callbacks</th></tr>
 * <tr><td>short</td><td>{@link #listen(int, TcpSession)}</td><td></td></tr>
 * <tr><td>with options</td><td>{@link #listenBlocking(TcpOptions, TcpSession)}</td>
 *     <td>{@link #listen(TcpOptions, Function)}</td></tr>
 * <tr><td>on a given port</td><td>{@link #listenBlocking(CompletionPort, TcpOptions, TcpSession)}</td>
 *     <td>{@link #listen(CompletionPort, TcpOptions, Function)}</td></tr>
 * </table>
 *
 * <p>{@link #close()} only stops accepting; the connections live on. {@link #closed()} completes when the last
 * connection is gone.
 */
public final class TcpServer implements AutoCloseable {
    private final CompletionPort port;
    private final boolean ownsPort;
    private final ServerConnections connections;
    private final AcceptLoop loop;
    private final ExitHook exitHook = new ExitHook();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private TcpServer(CompletionPort port, boolean ownsPort, TcpOptions options,
            Function<? super TcpConnection, ? extends TcpHandler> handlers) throws IOException {
        this.port = port;
        this.ownsPort = ownsPort;
        Objects.requireNonNull(handlers);
        if (options.tls() != null) {
            // parameters that TLS refuses make this call throw, instead of failing each connection
            TlsRecords.ofServer(options, PortInternals.of(port).buffers());
            TlsRecords.requireAnswer(options);
        }
        requireUserTimeout(port, options);
        this.connections = new ServerConnections(port, options, handlers, this::freed, this::finish);
        this.loop = new AcceptLoop(port, options, connections::admit, this::acceptorEnded);
    }

    /** Throws if the engine cannot set the user timeout; otherwise the server would drop every connection. */
    private static void requireUserTimeout(CompletionPort port, TcpOptions options) throws IoException {
        if (!options.userTimeout().isZero()) {
            PortSocket probe = port.socket(CompletionKey.NONE);
            try {
                SocketSetup.apply(options, probe);
            } finally {
                probe.close();
            }
        }
    }

    /**
     * Listens on every address of the machine, so that other machines reach it too, with the default options and the
     * blocking API, on a completion port of its own. For other options use {@link #listenBlocking(TcpOptions,
     * TcpSession)}; {@link TcpOptions#loopback(int)} limits the server to this machine.
     *
     * @param tcpPort 0 lets the system choose
     * @param session what a thread does with its connection
     * @return listening
     * @throws IOException if the address is taken
     */
    public static TcpServer listen(int tcpPort, TcpSession session) throws IOException {
        return listenBlocking(TcpOptions.defaults().tcpPort(tcpPort), session);
    }

    /**
     * Listens with the blocking API, on a completion port of its own.
     *
     * @param options address, options and limits; every address of the machine unless they say otherwise
     * @param session what a thread does with its connection
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     */
    public static TcpServer listenBlocking(TcpOptions options, TcpSession session) throws IOException {
        Objects.requireNonNull(session);
        CompletionPort port = CompletionPort.open();
        return listen(port, true, options, connection -> new SessionHandler(port, options.maxRead(), session));
    }

    /**
     * Listens with the blocking API, on a given completion port.
     *
     * @param port stays open when the server is closed; when it is closed, so is the server with all its connections
     * @param options address, options and limits; every address of the machine unless they say otherwise
     * @param session what a thread does with its connection
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     * @throws IllegalStateException if the port is closing or closed
     */
    public static TcpServer listenBlocking(CompletionPort port, TcpOptions options, TcpSession session)
            throws IOException {
        Objects.requireNonNull(session);
        return listen(port, false, options, connection -> new SessionHandler(port, options.maxRead(), session));
    }

    /**
     * Listens with callbacks, on a completion port of its own.
     *
     * @param options address, options and limits; every address of the machine unless they say otherwise
     * @param handlers makes the handler of a connection before its {@code onOpen}
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     */
    public static TcpServer listen(TcpOptions options, Function<? super TcpConnection, ? extends TcpHandler> handlers)
            throws IOException {
        return listen(CompletionPort.open(), true, options, handlers);
    }

    /**
     * Listens with callbacks, on a given completion port.
     *
     * @param port stays open when the server is closed; when it is closed, so is the server with all its connections
     * @param options address, options and limits; every address of the machine unless they say otherwise
     * @param handlers makes the handler of a connection before its {@code onOpen}
     * @return listening
     * @throws IOException if the address is taken
     * @throws IllegalArgumentException if the options ask for TLS with a context that has no key
     * @throws IllegalStateException if the port is closing or closed
     */
    public static TcpServer listen(CompletionPort port, TcpOptions options,
            Function<? super TcpConnection, ? extends TcpHandler> handlers) throws IOException {
        return listen(port, false, options, handlers);
    }

    private static TcpServer listen(CompletionPort port, boolean ownsPort, TcpOptions options,
            Function<? super TcpConnection, ? extends TcpHandler> handlers) throws IOException {
        try {
            TcpServer server = new TcpServer(port, ownsPort, options, handlers);
            boolean accepts = false;
            try {
                server.loop.accept();
                accepts = true;
            } finally {
                if (!accepts) {
                    server.close();
                }
            }
            return server;
        } catch (IOException | RuntimeException | Error e) {
            if (ownsPort) {
                port.close();
            }
            throw e;
        }
    }

    /**
     * The address it listens on.
     *
     * @return with the real port number where 0 was asked
     */
    public InetSocketAddress address() {
        return loop.local();
    }

    /**
     * The TCP port that it listens on.
     *
     * @return the number that the system chose where 0 was asked, else the one of the options
     */
    public int tcpPort() {
        return address().getPort();
    }

    /**
     * The completion port whose workers accept and run the callbacks.
     *
     * @return the one given, or the server's own
     */
    public CompletionPort completionPort() {
        return port;
    }

    /**
     * The connections that are not gone yet.
     *
     * @return how many
     */
    public int connections() {
        return connections.open();
    }

    /**
     * The connections that were accepted, including those dropped.
     *
     * @return how many since the start
     */
    public long accepted() {
        return connections.accepted();
    }

    /**
     * The newcomers that were closed at once, for one of the reasons in {@link ConnectionFilter.DropReason}.
     *
     * @return how many since the start
     */
    public long dropped() {
        return connections.dropped();
    }

    /** Stops accepting, and waits as {@link PortAcceptor#close} does. Open connections live on. */
    @Override
    public void close() {
        loop.close();
        connections.close();
    }

    /**
     * Stops accepting and closes every connection gracefully. Aborts the connections that are still there at the
     * deadline. Waits until all are gone.
     *
     * @param deadline for the connections to flush, zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void close(Duration deadline) {
        Worker.requireNotWorker(port);
        close();
        connections.endAll(StopMode.CLOSE);
        awaitClosed(deadline);
    }

    /**
     * Closes the server gracefully when SIGINT, SIGTERM or {@code System.exit} ends the process. The server stops
     * accepting, and the process ends when all connections have ended or at the deadline. A second call changes the
     * deadline.
     *
     * @param deadline for the connections, zero or more; the operating system may have less patience
     * @throws IllegalStateException if the process is ending already
     */
    public void closeOnExit(Duration deadline) {
        Objects.requireNonNull(deadline);
        exitHook.set(closed, () -> {
            close();
            awaitClosed(deadline);
        });
    }

    /** For tests: null if there is none. */
    Thread exitHook() {
        return exitHook.thread();
    }

    /**
     * Completes when the server was closed and its last connection is gone.
     *
     * @return completes normally, always
     */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    /**
     * Waits like {@link #awaitClosed()}, and aborts the connections that are still there at the deadline. This call
     * does not close the server: another call must, before or after it.
     *
     * @param deadline zero or more
     * @throws IllegalStateException on a worker of the port, which would wait for itself
     */
    public void awaitClosed(Duration deadline) {
        Worker.requireNotWorker(port);
        try {
            closed.get(TimeUnit.NANOSECONDS.convert(deadline), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            connections.endAll(StopMode.ABORT);
        } catch (InterruptedException e) {
            connections.endAll(StopMode.ABORT);
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new AssertionError("completes normally, always", e);
        }
        awaitClosed();
    }

    /**
     * Waits for {@link #closed()}, and for the end of the workers if the port is the server's own. If the port has
     * failed, see {@link CompletionPort#failure()}, it waits for the end of the port instead.
     */
    public void awaitClosed() {
        Worker.requireNotWorker(port);
        CompletableFuture<Throwable> failure = port.failure();
        CompletableFuture.anyOf(closed, failure).join();
        if (ownsPort || failure.isDone()) {
            port.close();
        }
    }

    private void acceptorEnded() {
        // null while the constructor is running: then the first accept finds that the port is closed
        if (loop != null) {
            close();
        }
    }

    private void freed() {
        loop.acceptIfDue();
    }

    private void finish() {
        closed.complete(null);
        if (ownsPort) {
            // this only begins the close: the thread that freed the last connection may be a worker; threads in
            // awaitClosed() join the workers
            PortInternals.beginClose(port);
        }
    }
}
