package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CloseInfo;
import io.iocp4j.core.CloseInfo.Initiator;
import io.iocp4j.core.IoError;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.RawClient.Response;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpConnectionTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(HttpHandler.class, UpgradeHandler.class);

    private static final HttpHandler PATH = exchange ->
            exchange.respond(HttpResponse.text(200, exchange.request().path()));

    @Test
    @DisplayName("the end of a connection that never opened, as by a TLS handshake that fails, is told like any other")
    void neverOpened() {
        List<HttpConnection> gone = new ArrayList<>();
        HttpConnection connection =
                new HttpConnection(ServerOptions.defaults(), UpgradeHandler.none(), HttpHandler.none(),
                new ServedConnection.Owner() {
            @Override
            public void removed(HttpConnection ended) {
                gone.add(ended);
            }
        });
        connection.onClose(null, new CloseInfo(IoError.TLS_FAILURE, Initiator.REMOTE, null, 0));
        assertEquals(List.of(connection), gone);
    }

    @Test
    @DisplayName("requests on a kept connection are answered one after the other")
    void keptConnection() throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            for (int i = 0; i < 20; i++) {
                client.send(get("/" + i));
                Response response = client.response();
                assertEquals(200, response.status());
                assertEquals("/" + i, response.body());
                assertEquals("keep-alive", response.fields().get("connection"));
            }
            assertEquals(1, server.server.tcp().accepted());
        }
    }

    @Test
    @DisplayName("500 requests in one write are answered in their order")
    void pipelined() throws Exception {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            all.append(get("/" + i));
        }
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(all.toString());
            for (int i = 0; i < 500; i++) {
                assertEquals("/" + i, client.response().body());
            }
        }
    }

    @Test
    @DisplayName("answers may come later and from other threads; pipelined requests wait for theirs in order")
    void answeredLater() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.pages(asked::add); RawClient client = server.connect()) {
            client.send(get("/1") + get("/2") + get("/3") + "GET /4 HT");
            for (int i = 1; i <= 3; i++) {
                HttpExchange exchange = TestServer.take(asked);
                assertEquals("/" + i, exchange.request().path());
                assertTrue(asked.isEmpty(), "the next request was handled before the answer to this one");
                assertTrue(exchange.respond(HttpResponse.text(200, "answer " + i)));
                assertFalse(exchange.respond(HttpResponse.text(200, "again")), "the first answer counts");
                assertEquals("answer " + i, client.response().body());
            }
            client.send("TP/1.1\r\nHost: example.com\r\n\r\n");
            assertEquals("/4", TestServer.take(asked).request().path());
        }
    }

    @Test
    @DisplayName("an answer after the peer has gone is dropped without harm, and the application hears so")
    void answeredTooLate() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.pages(asked::add)) {
            RawClient gone = server.connect();
            gone.send(get("/"));
            HttpExchange exchange = TestServer.take(asked);
            gone.reset();
            server.server.close();
            server.server.closed().get(5, TimeUnit.SECONDS);
            assertTrue(exchange.isCancelled());
            assertFalse(exchange.respond(HttpResponse.text(200, "nobody")));
            assertEquals(gone.socket().getLocalPort(), exchange.remote().getPort());
        }
    }

    @Test
    @DisplayName("HEAD gets the fields of GET without the content, and the connection goes on")
    void head() throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(get("/abc").replace("GET", "HEAD") + get("/next"));
            Response response = client.response(true);
            assertEquals(200, response.status());
            assertEquals("4", response.fields().get("content-length"));
            assertEquals("/next", client.response().body());
        }
    }

    @Test
    @Shows("C54")
    @DisplayName("request, then FIN: the answer still comes, then FIN, also when it comes late")
    void requestThenFin() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.pages(asked::add); RawClient client = server.connect()) {
            client.send(get("/") + get("/second"));
            client.end();
            TestServer.take(asked).respond(HttpResponse.text(200, "one"));
            assertEquals("one", client.response().body());
            TestServer.take(asked).respond(HttpResponse.text(200, "two"));
            assertEquals("two", client.response().body());
            client.assertEnd();
        }
    }

    @ParameterizedTest
    @DisplayName("a client that asks to close, or speaks HTTP/1.0, gets its answer and FIN")
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"})
    void notKept(String request) throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(request);
            Response response = client.response();
            assertEquals("/", response.body());
            assertEquals("close", response.fields().get("connection"));
            client.assertEnd();
        }
    }

    @Test
    @DisplayName("a handler that throws is answered with 500, an HttpException with its status; each closes its "
            + "connection only")
    void handlerThrows() throws Exception {
        HttpHandler handler = exchange -> {
            switch (exchange.request().path()) {
                case "/runtime" -> throw new IllegalStateException("secret");
                case "/error" -> throw new StackOverflowError("secret");
                case "/io" -> throw new IOException("secret");
                case "/http" -> throw new HttpException(429, "slow down");
                case "/both" -> {
                    exchange.respond(HttpResponse.text(200, "never seen"));
                    throw new IllegalStateException("secret");
                }
                default -> PATH.onRequest(exchange);
            }
        };
        try (TestServer server = TestServer.pages(handler); RawClient other = server.connect()) {
            for (String path : new String[] {"/runtime", "/error", "/io", "/both", "/http"}) {
                try (RawClient client = server.connect()) {
                    client.send(get(path));
                    Response response = client.response();
                    assertEquals(path.equals("/http") ? 429 : 500, response.status(), path);
                    assertFalse(response.body().contains("secret"), "what went wrong inside is nobody's business");
                    client.assertEnd();
                }
            }
            other.send(get("/fine"));
            assertEquals("/fine", other.response().body());
        }
    }

    @Test
    @DisplayName("a server without handlers refuses everything with 404")
    void nothingConfigured() throws Exception {
        try (TestServer server = TestServer.with(UpgradeHandler.none())) {
            for (String request : new String[] {get("/"), RawClient.upgradeHead("/")}) {
                try (RawClient client = server.connect()) {
                    client.send(request);
                    assertEquals(404, client.response().status());
                    client.assertEnd();
                }
            }
        }
    }

    @Test
    @DisplayName("the keep-alive timeout ends a silent connection without a word")
    void keepAliveTimeout() throws Exception {
        try (TestServer server = TestServer.with(o -> o.keepAliveTimeout(Duration.ofMillis(100)), UpgradeHandler.none(),
                PATH);
                RawClient client = server.connect()) {
            client.send(get("/"));
            assertEquals("/", client.response().body());
            client.assertEnd();
        }
    }

    @Test
    @DisplayName("the keep-alive timeout does not run while a request waits for its answer")
    void keepAliveTimeoutDuringAnswer() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.with(o -> o.keepAliveTimeout(Duration.ofMillis(50))
                        .requestTimeout(Duration.ofMillis(50)), UpgradeHandler.none(), asked::add);
                RawClient client = server.connect()) {
            client.send(get("/"));
            HttpExchange exchange = TestServer.take(asked);
            server.port.schedule(Duration.ofMillis(200), () -> exchange.respond(HttpResponse.text(200, "late")));
            assertEquals("late", client.response().body());
        }
    }

    @Test
    @DisplayName("a request that nobody answers is 503 after the response timeout, and its connection ends; an "
            + "answer that comes then is "
            + "none any more")
    void neverAnswered() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.with(o -> o.responseTimeout(Duration.ofMillis(100)), UpgradeHandler.none(),
                asked::add);
                RawClient client = server.connect()) {
            client.send(get("/1") + get("/2"));
            HttpExchange first = TestServer.take(asked);
            Response response = client.response();
            assertEquals(503, response.status());
            assertEquals("close", response.fields().get("connection"));
            client.assertEnd();
            assertFalse(first.respond(HttpResponse.text(200, "too late")));
            assertTrue(asked.isEmpty(), "the request behind it was handled");
        }
    }

    @Test
    @DisplayName("the response timeout begins where the body ends, for a body that was asked for")
    void neverAnsweredBody() throws Exception {
        CompletableFuture<Boolean> bodyEnded = new CompletableFuture<>();
        HttpHandler handler = exchange -> exchange.body(new BodyListener() {
            @Override
            public void onBody(ByteBuffer data) {
            }

            @Override
            public void onBodyEnd() {
                bodyEnded.complete(true);
            }

            @Override
            public void onBodyAborted(String why) {
                bodyEnded.complete(false);
            }
        });
        for (String body : new String[] {"", "abc"}) {
            try (TestServer server = TestServer.with(o -> o.responseTimeout(Duration.ofMillis(100)),
                    UpgradeHandler.none(), handler);
                    RawClient client = server.connect()) {
                client.send(get("/", "Content-Length: " + body.length()) + body);
                assertEquals(503, client.response().status());
                assertTrue(bodyEnded.get(5, TimeUnit.SECONDS));
                client.assertEnd();
            }
        }
    }

    @Test
    @DisplayName("with a response timeout of zero an answer has all the time of the world; a negative one is refused")
    void noResponseTimeout() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.with(o -> o.responseTimeout(Duration.ZERO), UpgradeHandler.none(),
                asked::add);
                RawClient client = server.connect()) {
            client.send(get("/"));
            TestServer.take(asked).respond(HttpResponse.text(200, "answer"));
            assertEquals("answer", client.response().body());
        }
        assertEquals(Duration.ofSeconds(30), ServerOptions.defaults().responseTimeout());
        assertThrows(IllegalArgumentException.class,
                () -> ServerOptions.defaults().responseTimeout(Duration.ofNanos(-1)));
    }

    @Test
    @DisplayName("what is logged of a handler that threw, or never answered, names method and path, without "
            + "the query and in ASCII")
    void logNamesTheRequest() throws Exception {
        List<Logger> loggers = Stream.of(HttpHandler.class, UpgradeHandler.class)
                .map(source -> Logger.getLogger(source.getName())).toList();
        BlockingQueue<String> logged = new LinkedBlockingQueue<>();
        Filter filter = line -> !logged.add(line.getMessage());
        List<Level> levels = loggers.stream().map(Logger::getLevel).toList();
        HttpHandler handler = exchange -> {
            if (exchange.request().path().startsWith("/throws")) {
                throw new IllegalStateException("on purpose");
            } else if (exchange.request().method().equals("PUT")) {
                exchange.body(new BodyListener() {
                    @Override
                    public void onBody(ByteBuffer data) {
                        throw new IllegalStateException("on purpose");
                    }

                    @Override
                    public void onBodyEnd() {
                    }

                    @Override
                    public void onBodyAborted(String why) {
                    }
                });
            }
        };
        loggers.forEach(logger -> logger.setLevel(Level.WARNING));
        loggers.forEach(logger -> logger.setFilter(filter));
        try (TestServer server = TestServer.with(o -> o.responseTimeout(Duration.ofMillis(50)), request -> {
                    throw new IllegalStateException("on purpose");
                }, handler)) {
            assertLogged(server, get("/throws%C2%9B?token=secret"), "GET /throws%C2%9B", logged);
            assertLogged(server, "PUT /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "PUT /body", logged);
            assertLogged(server, get("/never?token=secret"), "GET /never", logged);
            assertLogged(server, RawClient.upgradeHead("/ws?token=secret"), "GET /ws", logged);
            assertLogged(server, get("/throws" + "x".repeat(2000)), "GET /throws" + "x".repeat(50), logged);
        } finally {
            for (int i = 0; i < loggers.size(); i++) {
                loggers.get(i).setFilter(null);
                loggers.get(i).setLevel(levels.get(i));
            }
        }
    }

    private static void assertLogged(TestServer server, String request, String named, BlockingQueue<String> logged)
            throws Exception {
        try (RawClient client = server.connect()) {
            client.send(request);
            assertEquals(5, client.response().status() / 100);
            String line = TestServer.take(logged);
            assertTrue(line.contains(named), line);
            assertFalse(line.contains("secret") || line.length() > 500, line);
        }
    }

    @Test
    @Shows("C47")
    @DisplayName("a connection above the limit is ended at once, and its place is free again after a close")
    void maxConnections() throws Exception {
        try (TestServer server = new TestServer(TestServer.LOOPBACK.maxConnections(2), o -> o, UpgradeHandler.none(),
                PATH);
                RawClient first = server.connect();
                RawClient second = server.connect()) {
            first.send(get("/1"));
            assertEquals("/1", first.response().body());
            second.send(get("/2").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            assertEquals("/2", second.response().body());
            second.assertEnd();
            assertEquals(2, server.server.tcp().connections());
            try (RawClient third = server.connect()) {
                third.assertEnd();
            }
            assertEquals(1, server.server.tcp().dropped());
        }
    }

    @Test
    @DisplayName("a peer that asks and does not read gets no further: answers do not pile up behind it")
    void answersDoNotPileUp() throws Exception {
        byte[] page = new byte[1 << 20];
        BlockingQueue<String> handled = new LinkedBlockingQueue<>();
        HttpHandler large = exchange -> {
            handled.add(exchange.request().path());
            exchange.respond(HttpResponse.bytes(200, "application/octet-stream", page));
        };
        try (TestServer server = TestServer.pages(large); RawClient client = server.connect()) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                all.append(get("/" + i));
            }
            client.send(all.toString());
            for (int i = 0; i < 50; i++) {
                assertEquals(page.length, client.response().body().length());
                assertTrue(server.port.buffers().usedBytes() < 4L * page.length,
                        "used: " + server.port.buffers().usedBytes());
            }
            assertEquals(50, handled.size());
        }
    }

    @Test
    @DisplayName("a peer that asks and never reads is cut: the keep-alive timeout ends it, the linger timeout "
            + "lets it go")
    void neverReads() throws Exception {
        HttpHandler large = exchange -> exchange.respond(HttpResponse.bytes(200, "a/b", new byte[12 << 20]));
        try (TestServer server = new TestServer(TestServer.LOOPBACK.lingerTimeout(Duration.ofMillis(100)),
                o -> o.keepAliveTimeout(Duration.ofMillis(100)), UpgradeHandler.none(), large);
                RawClient client = server.connect()) {
            client.send(get("/1") + get("/2"));
            assertEquals('H', client.in().read());
            server.server.close();
            server.server.closed().get(5, TimeUnit.SECONDS);
            assertEquals(1, server.server.tcp().accepted());
        }
    }
}
