package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** Both ends of a WebSocket over loopback: our server and our client, on the server's port. */
final class Duplex implements AutoCloseable {
    final TestServer server;
    final WebSocket atServer;
    final WebSocket atClient;

    /** The listener of the client's end may be an {@link BlockingReceiver}, then the end has the blocking API. */
    Duplex(UnaryOperator<ServerOptions> serverOptions, WebSocketListener serverListener,
            UnaryOperator<ClientOptions> clientOptions, WebSocketListener clientListener) throws Exception {
        LinkedBlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        server = TestServer.with(o -> serverOptions.apply(o.closeTimeout(ClientFixture.TCP.lingerTimeout())),
                request -> serverListener);
        ClientOptions client = clientOptions.apply(ClientOptions.defaults().tcp(ClientFixture.TCP)
                .closeTimeout(ClientFixture.TCP.lingerTimeout()));
        atClient = WebSocketClient.connectAsync(server.port, client, server.uri(), clientListener)
                .get(TestServer.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        atServer = serverEnd(serverListener);
    }

    static Duplex of(WebSocketListener serverListener, WebSocketListener clientListener) throws Exception {
        return new Duplex(o -> o, serverListener, o -> o, clientListener);
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
