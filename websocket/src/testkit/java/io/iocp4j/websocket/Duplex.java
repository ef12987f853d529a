package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Both ends of a WebSocket over loopback: our server and our client, on the server's port. */
final class Duplex implements AutoCloseable {
    final TestServer server;
    final WebSocket atServer;
    final WebSocket atClient;

    /** The listener of the client's end may be an {@link BlockingReceiver}, then it is the face of calls that wait. */
    Duplex(Consumer<WebSocketServer.Builder> serverSettings, WebSocketListener serverListener,
            Consumer<WebSocketClient.Builder> clientSettings, WebSocketListener clientListener) throws Exception {
        LinkedBlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        server = TestServer.with(b -> {
            b.closeTimeout(ClientFixture.TCP.lingerTimeout());
            serverSettings.accept(b);
            b.webSockets(request -> serverListener);
        });
        WebSocketClient.Builder client = WebSocketClient.builder().tcp(ClientFixture.TCP)
                .closeTimeout(ClientFixture.TCP.lingerTimeout());
        clientSettings.accept(client);
        atClient = client.connectAsync(server.port, server.uri(), clientListener)
                .get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        atServer = serverEnd(serverListener);
    }

    static Duplex of(WebSocketListener serverListener, WebSocketListener clientListener) throws Exception {
        return new Duplex(b -> { }, serverListener, b -> { }, clientListener);
    }

    private static WebSocket serverEnd(WebSocketListener listener) throws InterruptedException {
        return listener instanceof TestServer.Recorder recorder ? recorder.socket() : null;
    }

    @Override
    public void close() {
        atClient.abort();
        atClient.closed().orTimeout(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS).join();
        server.close();
        assertEquals(0, server.port.counters().handlerFailures());
    }
}
