package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.SharedPort;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/**
 * Opens WebSockets (RFC 6455 section 4.1), with the blocking API or with callbacks. {@code connect} waits until the
 * WebSocket is open; {@code connectAsync} returns a future. A WebSocket with a listener has the callback API, one
 * without has the blocking API.
 *
 * <p>An opening has one outcome. Either {@code onOpen} runs and the result is a WebSocket; or {@code onClose} runs,
 * without an {@code onOpen}, with {@link CloseCode#ABNORMAL}, and the result is an exception with the same message. The
 * client retries no failed opening, and reopens no WebSocket that has ended. Only the application knows whether its
 * messages may be sent twice, and when to reconnect ({@code Retry-After}, {@link CloseCode#TRY_AGAIN_LATER}).
 *
 * <p>The exception is a {@link HandshakeException} if a server or proxy answered with something else than a WebSocket,
 * and an {@link io.iocp4j.core.IoException} if there was no complete answer: an unknown name, a failure of TCP or TLS,
 * or the time limit.
 */
public final class WebSocketClient {
    private WebSocketClient() {
    }

    /**
     * Opens a WebSocket with the default options and waits, see {@link #connect(ClientOptions, URI)}.
     *
     * @param uri begins with ws:// or wss://
     * @return open, to be closed
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static WebSocket connect(String uri) throws IOException {
        return connect(URI.create(uri));
    }

    /**
     * Opens a WebSocket with the default options and waits, see {@link #connect(ClientOptions, URI)}.
     *
     * @param uri begins with ws:// or wss://
     * @return open, to be closed
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static WebSocket connect(URI uri) throws IOException {
        return connect(ClientOptions.defaults(), uri);
    }

    /**
     * Opens a WebSocket on the completion port that all clients without their own port share, and waits. See
     * {@link #connect(CompletionPort, ClientOptions, URI)} and {@link SharedPort}.
     *
     * @param options and limits
     * @param uri begins with ws:// or wss://
     * @return open, to be closed
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     * @throws IllegalStateException in a callback of a client that shares the port
     */
    public static WebSocket connect(ClientOptions options, URI uri) throws IOException {
        return ClientOpening.connectOnSharedPort(options, uri, new BlockingReceiver(null));
    }

    /**
     * Opens a WebSocket for the blocking API, and waits for it; for virtual threads.
     *
     * @param port whose workers carry the bytes; stays open
     * @param options and limits
     * @param uri begins with ws:// or wss://; has no fragment and no user information
     * @return open, to be closed
     * @throws IOException if it cannot be opened, or the thread is interrupted
     * @throws IllegalArgumentException if it is no WebSocket URI
     * @throws IllegalStateException on a worker of the port, which must not wait for the port, or if the port is closed
     */
    public static WebSocket connect(CompletionPort port, ClientOptions options, URI uri) throws IOException {
        return connect(port, options, uri, new BlockingReceiver(null));
    }

    /**
     * Opens a WebSocket with callbacks and the default options, and waits, see
     * {@link #connect(ClientOptions, URI, WebSocketListener)}.
     *
     * @param uri begins with ws:// or wss://
     * @param listener of this WebSocket alone
     * @return open
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static WebSocket connect(URI uri, WebSocketListener listener) throws IOException {
        return connect(ClientOptions.defaults(), uri, listener);
    }

    /**
     * Opens a WebSocket with callbacks, on the completion port that all clients without their own port share, and
     * waits. See {@link #connect(CompletionPort, ClientOptions, URI, WebSocketListener)} and {@link SharedPort}.
     *
     * @param options and limits
     * @param uri begins with ws:// or wss://
     * @param listener of this WebSocket alone
     * @return open
     * @throws IOException if it cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     * @throws IllegalStateException in a callback of a client that shares the port
     */
    public static WebSocket connect(ClientOptions options, URI uri, WebSocketListener listener) throws IOException {
        return ClientOpening.connectOnSharedPort(options, uri, listener);
    }

    /**
     * Opens a WebSocket with callbacks, as {@link #connectAsync(CompletionPort, ClientOptions, URI, WebSocketListener)}
     * does, and waits for it. It waits only for the opening: {@code onOpen} has run before this returns, and messages
     * may have arrived.
     *
     * @param port whose workers run the callbacks; stays open
     * @param options and limits
     * @param uri begins with ws:// or wss://; has no fragment and no user information
     * @param listener of this WebSocket alone
     * @return open, unless the peer or the listener has closed it meanwhile
     * @throws IOException if it cannot be opened, or the thread is interrupted; the opening is then cancelled
     * @throws IllegalArgumentException if it is no WebSocket URI
     * @throws IllegalStateException on a worker of the port, which must not wait for the port, or if the port is closed
     */
    public static WebSocket connect(CompletionPort port, ClientOptions options, URI uri, WebSocketListener listener)
            throws IOException {
        if (port.isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for the port");
        }
        return ClientOpening.await(connectAsync(port, options, uri, listener));
    }

    /**
     * Begins to open a WebSocket with the default options, see
     * {@link #connectAsync(ClientOptions, URI, WebSocketListener)}.
     *
     * @param uri begins with ws:// or wss://
     * @param listener of this WebSocket alone
     * @return completes when it is open, or cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static CompletableFuture<WebSocket> connectAsync(URI uri, WebSocketListener listener) {
        return connectAsync(ClientOptions.defaults(), uri, listener);
    }

    /**
     * Begins to open a WebSocket on the completion port that all clients without their own port share. That port does
     * not keep the process running. See {@link #connectAsync(CompletionPort, ClientOptions, URI, WebSocketListener)}
     * and {@link SharedPort}.
     *
     * @param options and limits
     * @param uri begins with ws:// or wss://
     * @param listener of this WebSocket alone
     * @return completes when it is open, or cannot be opened
     * @throws IllegalArgumentException if it is no WebSocket URI
     */
    public static CompletableFuture<WebSocket> connectAsync(ClientOptions options, URI uri,
            WebSocketListener listener) {
        return ClientOpening.onSharedPort(options, uri, listener);
    }

    /**
     * Begins to open a WebSocket with callbacks. Does not wait. {@code onOpen} runs before the result completes; if the
     * opening fails, {@code onClose} runs in its place. If the system has no socket left, no callback runs. To cancel
     * the opening, cancel the result.
     *
     * @param port whose workers run the callbacks; stays open
     * @param options and limits
     * @param uri begins with ws:// or wss://; has no fragment and no user information
     * @param listener of this WebSocket alone
     * @return completes on a worker of the port, so dependent stages must not wait. Fails with an {@link IOException}
     * @throws IllegalArgumentException if it is no WebSocket URI
     * @throws IllegalStateException if the port is closing or closed
     */
    public static CompletableFuture<WebSocket> connectAsync(CompletionPort port, ClientOptions options, URI uri,
            WebSocketListener listener) {
        return ClientOpening.on(port, options, uri, listener);
    }
}
