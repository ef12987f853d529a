package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.HttpHandler;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A server on the loopback address and on a port of its own, which must have all its memory back at the end. */
final class TestServer implements AutoCloseable {
    static final Duration DEADLINE = Duration.ofSeconds(20);
    static final TcpOptions LOOPBACK = TcpOptions.defaults().loopback(0).lingerTimeout(Duration.ofSeconds(1));

    final CompletionPort port;
    final WebSocketServer server;

    TestServer(TcpOptions tcp, UnaryOperator<ServerOptions> options, UpgradeHandler upgrades) throws IOException {
        this(tcp, options, upgrades, HttpHandler.none());
    }

    TestServer(TcpOptions tcp, UnaryOperator<ServerOptions> options, UpgradeHandler upgrades,
            HttpHandler requests) throws IOException {
        port = CompletionPort.open();
        server = WebSocketServer.listen(port, options.apply(ServerOptions.defaults().tcp(tcp)), upgrades, requests);
    }

    static TestServer with(UpgradeHandler upgrades) throws IOException {
        return with(o -> o, upgrades);
    }

    static TestServer with(UnaryOperator<ServerOptions> options, UpgradeHandler upgrades) throws IOException {
        return with(options, upgrades, HttpHandler.none());
    }

    static TestServer with(UnaryOperator<ServerOptions> options, UpgradeHandler upgrades,
            HttpHandler requests) throws IOException {
        return new TestServer(LOOPBACK, options, upgrades, requests);
    }

    static TestServer webSockets(Supplier<WebSocketListener> listeners) throws IOException {
        return with(request -> listeners.get());
    }

    static TestServer pages(HttpHandler handler) throws IOException {
        return with(o -> o, UpgradeHandler.none(), handler);
    }

    static TestServer echo() throws IOException {
        return webSockets(Echo::new);
    }

    RawClient connect() throws IOException {
        return new RawClient(server.address());
    }

    RawClient upgraded() throws IOException {
        return connect().upgrade();
    }

    URI uri() {
        return URI.create("ws://localhost:" + server.tcpPort() + "/");
    }

    @Override
    public void close() {
        server.close(DEADLINE);
        port.close();
        assertEquals(0, port.buffers().usedBytes(), "memory of the port is out");
        assertEquals(0, server.webSockets());
    }

    static class Echo implements WebSocketListener {
        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            socket.trySend(text);
        }

        @Override
        public void onBinary(WebSocket socket, ByteBuffer data) throws IOException {
            socket.trySend(data);
        }
    }

    /** Waits for what a callback will put in. */
    static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        assertNotNull(next, "nothing came in time");
        return next;
    }

    /** Echoes, and writes down who came and how it ended. */
    static final class EchoRecorder extends Recorder {
        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            socket.trySend(text);
        }
    }

    /** Writes down what it is told, and is the way to the server's end of a WebSocket. */
    static class Recorder extends Echo {
        final BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();
        final BlockingQueue<CloseStatus> ends = new LinkedBlockingQueue<>();
        final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        @Override
        public void onOpen(WebSocket socket) throws IOException {
            opened.add(socket);
        }

        @Override
        public void onText(WebSocket socket, String text) throws IOException {
            events.add(text);
        }

        @Override
        public void onPong(WebSocket socket, ByteBuffer payload) throws IOException {
            events.add("pong " + new String(WireBytes.remaining(payload), StandardCharsets.UTF_8));
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            ends.add(why);
        }

        WebSocket socket() throws InterruptedException {
            return take(opened);
        }

        CloseStatus end() throws InterruptedException {
            return take(ends);
        }
    }
}
