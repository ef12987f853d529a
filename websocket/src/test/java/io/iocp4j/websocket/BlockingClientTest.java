package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A client that waits")
class BlockingClientTest {
    private static final long SEED = 20_261_122L;

    private static TestServer sessions(WebSocketSession session) throws Exception {
        return TestServer.with(UpgradeHandler.all(session));
    }

    @Test
    @DisplayName("sends and receives on a port of its own, and ends both ends in order")
    void ownPort() throws Exception {
        try (TestServer server = sessions(socket -> {
            for (Message message : socket) {
                socket.send(message);
            }
        })) {
            byte[] content = new byte[100_000];
            new SplittableRandom(SEED).nextBytes(content);
            WebSocket left;
            try (WebSocket socket = WebSocketClient.connect(server.uri().toString())) {
                left = socket;
                socket.send("hello");
                assertEquals("hello", socket.receive().text());
                socket.send(content);
                assertEquals(ByteBuffer.wrap(content), socket.receive().data());
                assertThrows(IoException.class, () -> socket.receive(Duration.ofMillis(20)));
                socket.send("still there");
                assertEquals("still there", socket.receive().text());
            }
            assertTrue(left.closed().get(5, TimeUnit.SECONDS).clean());
        }
    }

    @Test
    @DisplayName("shares a port with others, and receives null when the server has closed")
    void sharedPort() throws Exception {
        try (TestServer server = sessions(socket -> socket.send("bye")); CompletionPort port = CompletionPort.open()) {
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                FutureTask<Void> task = new FutureTask<>(() -> {
                    try (WebSocket socket = WebSocketClient.connect(port, ClientOptions.defaults(), server.uri())) {
                        assertEquals("bye", socket.receive().text());
                        assertNull(socket.receive());
                    }
                    return null;
                });
                tasks.add(task);
                Thread.ofVirtual().start(task);
            }
            for (FutureTask<Void> task : tasks) {
                task.get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    @DisplayName("throws the refusal, with the stack of the thread that waited")
    void refused() throws Exception {
        try (RawServer server = new RawServer(peer ->
                peer.request().send("HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nwait"))) {
            HandshakeException refused = assertThrows(HandshakeException.class, () ->
                    WebSocketClient.connect(server.uri("/").toString()));
            assertEquals(429, refused.status());
            assertEquals("3", refused.headers().first("Retry-After"));
            assertEquals("wait", refused.bodyText());
            assertTrue(Arrays.stream(refused.getStackTrace()).anyMatch(line ->
                    line.getClassName().contains("BlockingClientTest")));
        }
    }

    @Test
    @DisplayName("throws what the connection failed with: no such host, nobody listening, no time")
    void notConnected() throws Exception {
        assertError(IoError.HOST_NOT_FOUND, ClientOptions.defaults(), "ws://does-not-exist.invalid/");
        RawServer gone = new RawServer();
        gone.close();
        assertError(IoError.CONNECTION_REFUSED, ClientOptions.defaults(), gone.uri("/").toString());
        try (RawServer silent = new RawServer(RawServer.Peer::awaitEnd)) {
            ClientOptions hurried = ClientOptions.defaults().connectTimeout(Duration.ofMillis(100));
            assertError(IoError.TIMED_OUT, hurried, silent.uri("/").toString());
        }
        try (RawServer silent = new RawServer(RawServer.Peer::awaitEnd)) {
            ClientOptions hurried = ClientOptions.defaults()
                    .tcp(TcpOptions.defaults().connectTimeout(Duration.ofMillis(100)));
            IoException failed =
                    assertError(IoError.TIMED_OUT, hurried, "wss" + silent.uri("/").toString().substring(2));
            assertTrue(failed.getMessage().contains("within connectTimeout"), failed.getMessage());
        }
    }

    private static IoException assertError(IoError error, ClientOptions client, String uri) {
        IoException failed = assertThrows(IoException.class, () -> WebSocketClient.connect(client, URI.create(uri)));
        assertEquals(error, failed.error(), uri);
        return failed;
    }

    @Test
    @DisplayName("gives up when its thread is interrupted: the connection goes, the thread stays interrupted")
    void interrupted() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (RawServer server = new RawServer(peer -> {
            peer.request();
            asked.countDown();
            peer.awaitEnd();
        })) {
            CompletableFuture<IoError> thrown = new CompletableFuture<>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                IoException e = assertThrows(IoException.class, () ->
                        WebSocketClient.connect(server.uri("/").toString()));
                thrown.complete(Thread.currentThread().isInterrupted() ? e.error() : null);
            });
            assertTrue(asked.await(5, TimeUnit.SECONDS));
            waiting.interrupt();
            assertEquals(IoError.OPERATION_ABORTED, thrown.get(5, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("opens with a listener too: onOpen has run, and the messages are the listener's")
    void withListener() throws Exception {
        try (TestServer server = TestServer.echo(); CompletionPort port = CompletionPort.open()) {
            ClientOptions options = ClientOptions.defaults();
            for (Opener opener : List.<Opener>of(listener -> WebSocketClient.connect(server.uri(), listener),
                    listener -> WebSocketClient.connect(options, server.uri(), listener),
                    listener -> WebSocketClient.connect(port, options, server.uri(), listener))) {
                CompletableFuture<WebSocket> opened = new CompletableFuture<>();
                CompletableFuture<String> echo = new CompletableFuture<>();
                WebSocket socket = opener.open(new WebSocketListener() {
                    @Override
                    public void onOpen(WebSocket open) {
                        opened.complete(open);
                    }

                    @Override
                    public void onText(WebSocket open, String text) {
                        echo.complete(text);
                    }
                });
                assertSame(socket, opened.getNow(null));
                socket.send("hello");
                assertEquals("hello", echo.get(5, TimeUnit.SECONDS));
                assertThrows(IllegalStateException.class, socket::receive);
                socket.close();
                assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
            }
        }
    }

    private interface Opener {
        WebSocket open(WebSocketListener listener) throws IOException;
    }

    @Test
    @DisplayName("with a listener throws the refusal, and its listener has got onClose")
    void refusedListener() throws Exception {
        try (RawServer server = new RawServer(peer ->
                peer.request().send("HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n"))) {
            CompletableFuture<CloseStatus> closed = new CompletableFuture<>();
            HandshakeException refused = assertThrows(HandshakeException.class, () ->
                    WebSocketClient.connect(server.uri("/"), new WebSocketListener() {
                        @Override
                        public void onClose(WebSocket socket, CloseStatus why) {
                            closed.complete(why);
                        }
                    }));
            assertEquals(401, refused.status());
            assertEquals(refused.getMessage(), closed.get(5, TimeUnit.SECONDS).reason());
        }
        assertThrows(NullPointerException.class, () ->
                WebSocketClient.connect(URI.create("ws://localhost:1/"), null));
    }

    @Test
    @DisplayName("must not wait on a worker of its port")
    void onWorker() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        try (TestServer server = TestServer.echo(); CompletionPort port = CompletionPort.open()) {
            WebSocketClient.connectAsync(port, ClientOptions.defaults(), server.uri(), new Recorder() {
                @Override
                public void onOpen(WebSocket socket) {
                    thrown.complete(assertThrows(IllegalStateException.class, () ->
                            WebSocketClient.connect(port, ClientOptions.defaults(), server.uri())));
                    assertThrows(IllegalStateException.class, () ->
                            WebSocketClient.connect(port, ClientOptions.defaults(), server.uri(), new Recorder()));
                    socket.abort();
                }
            });
            assertTrue(thrown.get(5, TimeUnit.SECONDS).getMessage().contains("worker"));
        }
    }
}
