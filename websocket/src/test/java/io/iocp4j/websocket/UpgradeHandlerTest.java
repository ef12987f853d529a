package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.TestKeys;
import io.iocp4j.websocket.RawClient.Response;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.http.HttpException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A handler of handshakes")
class UpgradeHandlerTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(UpgradeHandler.class);

    private static final String PROTOCOLS = "Sec-WebSocket-Protocol: v1, v2";

    private final CompletableFuture<WebSocketListener> later = new CompletableFuture<>();
    private final BlockingQueue<UpgradeExchange> asked = new LinkedBlockingQueue<>();

    private UpgradeAnswer later(UpgradeExchange exchange) {
        asked.add(exchange);
        return UpgradeAnswer.later(later);
    }

    private TestServer waiting() throws Exception {
        return TestServer.with(this::later);
    }

    @Test
    @DisplayName("sees the request, both addresses, the account of memory and the offered subprotocols; there "
            + "is no TLS session")
    void sees() throws Exception {
        try (TestServer server = TestServer.with(b -> b.subprotocols("v2"), this::later);
                RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/chat?room=1", PROTOCOLS));
            UpgradeExchange exchange = TestServer.take(asked);
            assertEquals("1", exchange.request().parameter("room"));
            assertEquals(client.socket().getLocalSocketAddress(), exchange.remote());
            assertEquals(client.socket().getRemoteSocketAddress(), exchange.local());
            assertNotNull(exchange.memory());
            assertEquals(List.of("v1", "v2"), exchange.offeredSubprotocols());
            assertEquals("v2", exchange.subprotocol());
            assertNull(exchange.tlsSession());
        }
    }

    @Test
    @DisplayName("sees the TLS session")
    void tls() throws Exception {
        try (TestServer server = TestServer.with(b -> b.tls(TestKeys.LOCALHOST.context()), this::later);
                WebSocket socket = connect(server)) {
            assertEquals("TLSv1.3", TestServer.take(asked).tlsSession().getProtocol());
            assertEquals(WebSocket.State.OPEN, socket.state());
        }
    }

    private WebSocket connect(TestServer server) throws Exception {
        CompletableFuture<WebSocket> opening = WebSocketClient.connectAsync(server.port,
                ClientOptions.defaults().tls(TestKeys.trusting()),
                        java.net.URI.create("wss" + server.uri().toString().substring(2)),
                        new Echo());
        later.complete(new Echo());
        return opening.get(20, TimeUnit.SECONDS);
    }

    @Test
    @DisplayName("chooses the subprotocol and adds fields to the 101, and not when the answer is there")
    void chooses() throws Exception {
        try (TestServer server = TestServer.with(b -> b.subprotocols("v2"), exchange -> {
            asked.add(exchange);
            exchange.subprotocol("v1").header("Set-Cookie", "a=1").header("X-Node", "7");
            return new Echo();
        }); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/", PROTOCOLS));
            Response response = client.response();
            assertEquals(101, response.status());
            assertEquals("v1", response.fields().get("sec-websocket-protocol"));
            assertEquals("a=1", response.fields().get("set-cookie"));
            assertEquals("7", response.fields().get("x-node"));
            UpgradeExchange exchange = TestServer.take(asked);
            assertThrows(IllegalStateException.class, () -> exchange.header("X", "y"));
            assertThrows(IllegalStateException.class, () -> exchange.subprotocol(null));
        }
    }

    @ParameterizedTest
    @DisplayName("may not add fields that belong to the handshake or frame content, nor a subprotocol that is "
            + "not offered")
    @ValueSource(strings = {"Sec-WebSocket-Accept", "sec-websocket-extensions", "Upgrade", "CONNECTION",
            "Content-Length",
        "Transfer-Encoding", "a b"})
    void reserved(String name) throws Exception {
        try (TestServer server = waiting(); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/", PROTOCOLS));
            UpgradeExchange exchange = TestServer.take(asked);
            assertThrows(IllegalArgumentException.class, () -> exchange.header(name, "x"));
            assertThrows(IllegalArgumentException.class, () -> exchange.header("X", "a\r\nb"));
            assertThrows(IllegalArgumentException.class, () -> exchange.subprotocol("v3"));
            exchange.subprotocol(null);
            later.complete(new Echo());
            Response response = client.response();
            assertEquals(101, response.status());
            assertNull(response.fields().get("sec-websocket-protocol"));
        }
    }

    @Test
    @DisplayName("may answer later: frames that the client has sent meanwhile come first to its listener")
    void early() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = waiting(); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            client.text("one");
            UpgradeExchange exchange = TestServer.take(asked);
            client.text("two");
            assertFalse(exchange.isCancelled());
            later.complete(recorder);
            assertEquals(101, client.response().status());
            client.text("three");
            assertEquals("one", TestServer.take(recorder.events));
            assertEquals("two", TestServer.take(recorder.events));
            assertEquals("three", TestServer.take(recorder.events));
        }
    }

    @Test
    @DisplayName("keeps no more than the limit of what a client sends meanwhile, and loses nothing of it")
    void bounded() throws Exception {
        Recorder recorder = new Recorder();
        try (TestServer server = waiting(); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            String text = "x".repeat(1000);
            int count = 20_000;
            UpgradeExchange exchange = TestServer.take(asked);
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < count; i++) {
                        client.text(text + i);
                    }
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            // 20 MB fit nowhere on the way
            assertFalse(sender.join(Duration.ofMillis(200)));
            assertTrue(server.port.buffers().usedBytes() < 1 << 20);
            assertFalse(exchange.isCancelled());
            later.complete(recorder);
            assertEquals(101, client.response().status());
            for (int i = 0; i < count; i++) {
                assertEquals(text + i, TestServer.take(recorder.events));
            }
            sender.join();
        }
    }

    @Test
    @DisplayName("refuses later with the exception of the stage, and answers 500 to any other and to null")
    void refusesLater() throws Exception {
        assertEquals("401 text/plain; charset=utf-8", refused(new HttpException(401, "who?")));
        assertEquals("500 text/plain; charset=utf-8", refused(new IllegalStateException("on purpose")));
        assertEquals("500 text/plain; charset=utf-8", refused(null));
    }

    private static String refused(Throwable thrown) throws Exception {
        CompletableFuture<WebSocketListener> answer = new CompletableFuture<>();
        try (TestServer server = TestServer.with(e -> UpgradeAnswer.later(answer.thenApply(x -> x)));
                RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            if (thrown == null) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(thrown);
            }
            Response response = client.response();
            client.assertEnd();
            assertEquals(0, server.server.webSockets());
            return response.status() + " " + response.fields().get("content-type");
        }
    }

    @Test
    @DisplayName("redirects a handshake, and our client follows")
    void redirect() throws Exception {
        try (TestServer server = TestServer.with(exchange -> {
            if (exchange.request().path().equals("/")) {
                throw HttpException.redirect(307, "/there");
            }
            return new Echo();
        }); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            Response response = client.response();
            assertEquals(307, response.status());
            assertEquals("/there", response.fields().get("location"));
            client.assertEnd();
            try (WebSocket socket = WebSocketClient.connectAsync(server.port, ClientOptions.defaults().maxRedirects(1),
                    server.uri(), new Echo())
                    .get(20, TimeUnit.SECONDS)) {
                assertEquals("/there", socket.handshake().request().path());
            }
        }
    }

    @Test
    @DisplayName("that blocks runs on a virtual thread, and its client meets the JDK's client in order")
    void blocking() throws Exception {
        BlockingQueue<Boolean> virtual = new LinkedBlockingQueue<>();
        Recorder recorder = new TestServer.EchoRecorder();
        CountDownLatch lookedUp = new CountDownLatch(1);
        try (TestServer server = TestServer.with(UpgradeHandler.blocking(exchange -> {
            virtual.add(Thread.currentThread().isVirtual());
            assertTrue(lookedUp.await(20, TimeUnit.SECONDS));
            exchange.subprotocol("v2");
            return recorder;
        })); HttpClient http = HttpClient.newHttpClient()) {
            CompletableFuture<java.net.http.WebSocket> opening = http.newWebSocketBuilder().subprotocols("v1", "v2")
                    .buildAsync(server.uri(), new java.net.http.WebSocket.Listener() { });
            assertTrue(TestServer.take(virtual));
            assertFalse(opening.isDone());
            lookedUp.countDown();
            java.net.http.WebSocket socket = opening.get(20, TimeUnit.SECONDS);
            assertEquals("v2", socket.getSubprotocol());
            assertEquals("v2", recorder.socket().handshake().subprotocol());
            socket.sendText("hello", true).join();
            socket.sendClose(1000, "").join();
            assertEquals(1000, recorder.end().code());
        }
    }

    @Test
    @DisplayName("that blocks refuses by throwing, also where it returns a promise itself")
    void blockingRefuses() throws Exception {
        try (TestServer server = TestServer.with(UpgradeHandler.blocking(exchange -> {
            if (exchange.request().path().equals("/throws")) {
                throw new java.util.concurrent.TimeoutException("on purpose");
            }
            return UpgradeAnswer.later(CompletableFuture.failedFuture(new HttpException(403, "no")));
        }))) {
            for (String path : List.of("/throws", "/")) {
                try (RawClient client = server.connect()) {
                    client.send(RawClient.upgradeHead(path));
                    assertEquals(path.equals("/") ? 403 : 500, client.response().status());
                    client.assertEnd();
                }
            }
        }
    }

    @Test
    @DisplayName("has the response timeout: 503, its thread is interrupted, and what it answers later is dropped")
    void tooLate() throws Exception {
        BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        Recorder recorder = new Recorder();
        try (TestServer server = TestServer.with(b -> b.responseTimeout(Duration.ofMillis(100)),
                UpgradeHandler.blocking(exchange -> {
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        ends.add("interrupted " + exchange.isCancelled());
                    }
                    return recorder;
                })); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            assertEquals(503, client.response().status());
            assertEquals("interrupted true", TestServer.take(ends));
            client.assertEnd();
            assertEquals(0, server.server.webSockets());
            assertTrue(recorder.opened.isEmpty());
        }
    }

    @ParameterizedTest
    @DisplayName("is cancelled when the client goes, also behind early frames, by a reset or an end")
    @ValueSource(booleans = {true, false})
    void clientGone(boolean reset) throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (TestServer server = waiting()) {
            RawClient client = server.connect();
            client.send(RawClient.upgradeHead("/"));
            client.text("early");
            UpgradeExchange exchange = TestServer.take(asked);
            exchange.onCancel(cancelled::countDown);
            if (reset) {
                client.reset();
            } else {
                client.close();
            }
            assertTrue(cancelled.await(20, TimeUnit.SECONDS));
            assertTrue(exchange.isCancelled());
            assertThrows(CancellationException.class, () -> later.get(20, TimeUnit.SECONDS));
            CountDownLatch again = new CountDownLatch(1);
            exchange.onCancel(again::countDown);
            assertEquals(0, again.getCount());
        }
    }

    @Test
    @DisplayName("is cancelled when the server stops")
    void serverStops() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (TestServer server = waiting(); RawClient client = server.connect()) {
            client.send(RawClient.upgradeHead("/"));
            TestServer.take(asked).onCancel(cancelled::countDown);
            server.server.close(TestServer.DEADLINE);
            assertTrue(cancelled.await(20, TimeUnit.SECONDS));
        }
    }
}
