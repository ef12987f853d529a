package io.iocp4j.websocket;

import io.iocp4j.core.CompletionPort;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Both ends of a WebSocket, joined in memory without a network: for tests of what uses WebSockets. The opening handshake, the frames and
 * the end are the real ones, only TCP is not there (see {@link io.iocp4j.core.TcpPair#open}); redirects and proxies of the client's
 * settings mean nothing.
 *
 * @param server the server's end
 * @param client the client's end
 */
public record WebSocketPair(WebSocket server, WebSocket client) implements AutoCloseable {
    /**
     * Opens a pair without waiting.
     *
     * @param port whose workers run the callbacks; stays open
     * @param server decides about the handshake and gives the listener of its end, as for requests of the path /
     * @param client how the client's end is opened
     * @param listener of the client's end
     * @return completes on a worker of the port when both are open; exceptionally as
     *     {@link WebSocketClient.Builder#connectAsync(CompletionPort, java.net.URI, WebSocketListener)}
     * @throws IllegalStateException if the port is closing or closed
     */
    public static CompletableFuture<WebSocketPair> openAsync(CompletionPort port, WebSocketServer.Builder server,
            WebSocketClient.Builder client, WebSocketListener listener) {
        CompletableFuture<WebSocket> upgraded = new CompletableFuture<>();
        HttpConnection connection = new HttpConnection(server.copy(), new HttpConnection.Owner() {
            @Override
            public void upgraded(WebSocketConnection webSocket) {
                upgraded.complete(webSocket);
            }
        });
        // a client is open only behind the server's answer
        return ClientOpening.inMemory(port, client.settings(), connection, listener)
                .thenApply(opened -> new WebSocketPair(upgraded.join(), opened));
    }

    /**
     * Opens a pair with the face of calls that wait at both ends, and waits for it.
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
        WebSocketServer.Builder server = WebSocketServer.builder().webSockets(request -> new BlockingReceiver(null));
        CompletableFuture<WebSocketPair> opening = openAsync(port, server, WebSocketClient.builder(), new BlockingReceiver(null));
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
