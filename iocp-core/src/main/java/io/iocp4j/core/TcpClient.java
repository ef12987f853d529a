package io.iocp4j.core;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Connects to TCP servers. The forms with a {@link TcpHandler} return at once and use callbacks; the forms without one
 * block until the connection is open, and give it the blocking API.
 *
 * <p>Every address of the host is tried until one answers (Happy Eyeballs, RFC 8305). If none does, the failure is that
 * of the last address, with the failures before it as suppressed exceptions. Any thread may call these methods. A
 * blocking form must not run on a worker of the port. If its thread is interrupted, it gives the connect up and throws
 * an {@link IoException} with {@link IoError#OPERATION_ABORTED}; the interrupt status stays set.
 */
public final class TcpClient {
    private TcpClient() {
    }

    /**
     * Connects to a host, with callbacks. Returns at once; {@code onOpen} or {@code onClose} follows. Data sent before
     * {@code onOpen} is queued.
     *
     * @param port the completion port whose workers run the callbacks
     * @param options limits and options of the connection
     * @param host a name, or an address as text
     * @param tcpPort 0 to 65535
     * @param handler of this connection alone
     * @return the connection, still {@link TcpConnection.State#CONNECTING}
     * @throws IOException if there is no descriptor left
     * @throws IllegalStateException if the port is closing or closed
     */
    public static TcpConnection connect(CompletionPort port, TcpOptions options, String host, int tcpPort,
            TcpHandler handler) throws IOException {
        return connect(port, options, InetSocketAddress.createUnresolved(host, tcpPort), handler);
    }

    /**
     * Connects to one address, with callbacks. Returns at once; {@code onOpen} or {@code onClose} follows. Data sent
     * before {@code onOpen} is queued.
     *
     * @param port the completion port whose workers run the callbacks
     * @param options limits and options of the connection
     * @param remote the peer; an unresolved name is looked up
     * @param handler of this connection alone
     * @return the connection, still {@link TcpConnection.State#CONNECTING}
     * @throws IOException if there is no descriptor left
     * @throws IllegalStateException if the port is closing or closed
     */
    public static TcpConnection connect(CompletionPort port, TcpOptions options, InetSocketAddress remote,
            TcpHandler handler) throws IOException {
        return connect(port, options, remote, handler, freed -> { });
    }

    /**
     * Connects to a host and blocks until the connection is open. The connection has the blocking API.
     *
     * @param port the completion port whose workers carry the bytes
     * @param options limits and options of the connection
     * @param host a name, or an address as text
     * @param tcpPort 0 to 65535
     * @return an open connection
     * @throws IOException if the connect fails
     * @throws IllegalStateException on a worker of the port, or if the port is closing or closed
     */
    public static TcpConnection connect(CompletionPort port, TcpOptions options, String host, int tcpPort)
            throws IOException {
        return connect(port, options, InetSocketAddress.createUnresolved(host, tcpPort));
    }

    /**
     * Connects to one address and blocks until the connection is open. The connection has the blocking API.
     *
     * @param port the completion port whose workers carry the bytes
     * @param options limits and options of the connection
     * @param remote the peer; an unresolved name is looked up
     * @return an open connection
     * @throws IOException if the connect fails
     * @throws IllegalStateException on a worker of the port, or if the port is closing or closed
     */
    public static TcpConnection connect(CompletionPort port, TcpOptions options, InetSocketAddress remote)
            throws IOException {
        return connect(port, options, remote, freed -> { });
    }

    /**
     * Connects to a host and blocks until the connection is open, on the {@link SharedPort}. The connection has the
     * blocking API.
     *
     * @param options limits and options of the connection
     * @param host a name, or an address as text
     * @param tcpPort 0 to 65535
     * @return an open connection
     * @throws IOException if the connect fails
     * @throws IllegalStateException in a callback of a client that shares the port
     */
    public static TcpConnection connect(TcpOptions options, String host, int tcpPort) throws IOException {
        InetSocketAddress remote = InetSocketAddress.createUnresolved(host, tcpPort);
        SharedPort shared = SharedPort.use();
        boolean connected = false;
        try {
            TcpConnection connection = connect(shared.completionPort(), options, remote, freed -> shared.close());
            connected = true;
            return connection;
        } finally {
            if (!connected) {
                shared.close();
            }
        }
    }

    /**
     * Connects to a host with the default options and blocks until the connection is open, on the {@link SharedPort}.
     * The connection has the blocking API.
     *
     * @param host a name, or an address as text
     * @param tcpPort 0 to 65535
     * @return an open connection
     * @throws IOException if the connect fails
     * @throws IllegalStateException in a callback of a client that shares the port
     */
    public static TcpConnection connect(String host, int tcpPort) throws IOException {
        return connect(TcpOptions.defaults(), host, tcpPort);
    }

    /**
     * Connects to a host within a time limit, with otherwise default options, and blocks until the connection is open,
     * on the {@link SharedPort}. The connection has the blocking API.
     *
     * @param host a name, or an address as text
     * @param tcpPort 0 to 65535
     * @param limit above 0, for the lookup and all attempts together, see {@link TcpOptions#connectTimeout(Duration)}
     * @return an open connection
     * @throws IOException if the connect fails, with {@link IoError#TIMED_OUT} if it takes too long
     * @throws IllegalStateException in a callback of a client that shares the port
     */
    public static TcpConnection connect(String host, int tcpPort, Duration limit) throws IOException {
        return connect(TcpOptions.defaults().connectTimeout(Limits.aboveZero(limit, "a limit")), host, tcpPort);
    }

    private static TcpConnection connect(CompletionPort port, TcpOptions options, InetSocketAddress remote,
            Consumer<TcpConnection> onFreed) throws IOException {
        Worker.requireNotWorker(port);
        TcpBlockingReader reader = new TcpBlockingReader(port, options.maxRead());
        TcpChannel connection = connect(port, options, remote, reader, onFreed);
        reader.awaitOpen(connection, remote);
        return connection;
    }

    private static TcpChannel connect(CompletionPort port, TcpOptions options, InetSocketAddress remote,
            TcpHandler handler, Consumer<TcpConnection> onFreed) throws IOException {
        Objects.requireNonNull(remote);
        Objects.requireNonNull(handler);
        TcpChannel connection = new TcpChannel(port, null, options, TcpConnection.State.CONNECTING, onFreed);
        connection.firstHandler(handler);
        connection.connect(remote);
        return connection;
    }
}
