package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.http.HttpHandler;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Both ends of a WebSocket, joined in memory without a network, for tests of applications. The opening handshake, the
 * frames and the end are real; only TCP is replaced (see {@link io.iocp4j.core.TcpPair#open}). Redirects and proxies in
 * the client's options are ignored.
 *
 * @param server the server's end
 * @param client the client's end
 */
public record WebSocketPair(WebSocket server, WebSocket client) implements AutoCloseable {
    /**
     * Opens a pair without waiting.
     *
     * @param port whose workers run the callbacks; stays open
     * @param server options of the server's end; its address is ignored
     * @param upgrades accepts the handshake for the path {@code /}, and returns the listener of the server's end
     * @param client options of the client's end
     * @param listener of the client's end
     * @return completes on a worker of the port when both are open; exceptionally as
     *     {@link WebSocketClient#connectAsync(CompletionPort, ClientOptions, java.net.URI, WebSocketListener)}
     * @throws IllegalStateException if the port is closing or closed
     */
    public static CompletableFuture<WebSocketPair> openAsync(CompletionPort port, ServerOptions server,
            UpgradeHandler upgrades,
            ClientOptions client, WebSocketListener listener) {
        CompletableFuture<WebSocket> upgraded = new CompletableFuture<>();
        HttpConnection connection = new HttpConnection(server, Objects.requireNonNull(upgrades), HttpHandler.none(),
                new ServedConnection.Owner() {
            @Override
            public void upgraded(HttpConnection connection, WebSocketConnection webSocket) {
                upgraded.complete(webSocket);
            }
        });
        // the client opens after the server has answered
        return ClientOpening.inMemory(port, client, connection, listener)
                .thenApply(opened -> new WebSocketPair(upgraded.join(), opened));
    }

    /**
     * Opens a pair with the blocking API at both ends, and waits for it.
     *
     * @param port whose workers carry the bytes; stays open
     * @return both ends, open
     * @throws IOException if the port was closed meanwhile
     * @throws IllegalStateException if the port is closing or closed, or on a worker of it
     */
    public static WebSocketPair open(CompletionPort port) throws IOException {
        if (port.isWorker()) {
            throw new IllegalStateException("a worker of the port must not wait for it");
        }
        CompletableFuture<WebSocketPair> opening =
                openAsync(port, ServerOptions.defaults(), request -> new BlockingReceiver(null),
                ClientOptions.defaults(), new BlockingReceiver(null));
        ClientOpening.await(opening.thenApply(WebSocketPair::client));
        return opening.join();
    }

    /** Closes both ends, the client's first. */
    @Override
    public void close() {
        client.close();
        server.close();
    }
}
