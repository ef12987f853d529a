package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.TestKeys;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A handler of requests that blocks")
class BlockingHandlerTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(HttpHandler.class);

    private static final long SEED = 20261130;
    private static final int BIG = 8 << 20;

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    private static String post(int length) {
        return get("/upload", "Content-Length: " + length).replace("GET", "POST");
    }

    private static TestServer blocking(HttpHandler handler) throws IOException {
        return TestServer.pages(HttpHandler.blocking(handler));
    }

    @Test
    @DisplayName("runs on a virtual thread, sees both addresses, and answers requests of one connection in their order")
    void runs() throws Exception {
        try (TestServer server = blocking(exchange -> exchange.respond(HttpResponse.text(200, Thread.currentThread()
                .isVirtual() + " "
                + exchange.remote().getPort() + " " + exchange.local().getPort() + " " + exchange.tlsSession())));
                RawClient client = server.connect()) {
            client.send(get("/1") + get("/2"));
            String expected = "true " + client.socket().getLocalPort() + " " + server.server.address().getPort()
                    + " null";
            assertEquals(expected, client.response().body());
            assertEquals(expected, client.response().body());
        }
    }

    @Test
    @DisplayName("sees the TLS session, as the JDK's client negotiates it")
    void tls() throws Exception {
        try (TestServer server = TestServer.with(b -> b.tls(TestKeys.LOCALHOST.context()), UpgradeHandler.none(),
                HttpHandler.blocking(exchange ->
                exchange.respond(HttpResponse.text(200, exchange.tlsSession().getProtocol()))));
                HttpClient http = HttpClient.newBuilder().sslContext(TestKeys.trusting()).build()) {
            URI uri = URI.create("https://localhost:" + server.server.address().getPort() + "/");
            assertEquals("TLSv1.3", http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body());
        }
    }

    @Test
    @DisplayName("that throws is answered with the status of an HttpException, which goes on, or with 500")
    void exceptions() throws Exception {
        try (TestServer server = blocking(exchange -> {
            if (exchange.request().path().equals("/teapot")) {
                throw new HttpException(418, "on purpose");
            }
            throw new java.util.concurrent.TimeoutException("secret");
        }); RawClient client = server.connect()) {
            client.send(get("/teapot") + get("/"));
            assertEquals(418, client.response().status());
            RawClient.Response response = client.response();
            assertEquals(500, response.status());
            assertFalse(response.body().contains("secret"));
        }
    }

    @Test
    @DisplayName("that throws is logged with method and path, without the query, also where it has answered")
    void logged() throws Exception {
        Logger logger = Logger.getLogger(HttpHandler.class.getName());
        Level level = logger.getLevel();
        Filter filter = entry -> !told.add(entry.getLevel() + " " + entry.getMessage());
        logger.setLevel(Level.WARNING);
        logger.setFilter(filter);
        try (TestServer server = blocking(exchange -> {
            exchange.respond(HttpResponse.of(204));
            throw new IllegalStateException("on purpose");
        }); RawClient client = server.connect()) {
            client.send(get("/page?token=secret"));
            assertEquals(204, client.response().status());
            String line = TestServer.take(told);
            assertTrue(line.startsWith("WARNING the handler of HttpRequest[GET /page] of /127.0.0.1:"), line);
        } finally {
            logger.setFilter(null);
            logger.setLevel(level);
        }
    }

    @ParameterizedTest
    @DisplayName("reads a body of 8 MB from a stream as the JDK's client sends it, by length and in chunks")
    @ValueSource(booleans = {false, true})
    void body(boolean chunked) throws Exception {
        byte[] content = new byte[BIG];
        new SplittableRandom(SEED).nextBytes(content);
        CompletableFuture<byte[]> read = new CompletableFuture<>();
        try (TestServer server = blocking(exchange -> {
            read.complete(exchange.bodyStream().readAllBytes());
            exchange.respond(HttpResponse.text(200, "thanks"));
        }); HttpClient http = HttpClient.newHttpClient()) {
            URI uri = URI.create("http" + server.uri().toString().substring(2));
            HttpRequest request = HttpRequest.newBuilder(uri).POST(chunked
                    ? BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(content))
                    : BodyPublishers.ofByteArray(content))
                    .expectContinue(true).build();
            assertEquals("thanks", http.send(request, BodyHandlers.ofString()).body());
            assertArrayEquals(content, read.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("that reads slowly slows down its client, and little is kept meanwhile")
    void backPressure() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(1);
        try (TestServer server = blocking(exchange -> {
            InputStream body = exchange.bodyStream();
            told.add("" + body.read());
            begun.countDown();
            assertTrue(read.await(20, TimeUnit.SECONDS));
            told.add("" + body.readAllBytes().length);
            exchange.respond(HttpResponse.of(204));
        }); RawClient client = server.connect()) {
            client.send(post(BIG * 4));
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    client.send(new byte[BIG * 4]);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            assertFalse(sender.join(Duration.ofMillis(300)), "32 MB fit nowhere on the way");
            assertTrue(server.port.buffers().usedBytes() < 1 << 20);
            read.countDown();
            assertEquals("0", TestServer.take(told));
            assertEquals("" + (BIG * 4 - 1), TestServer.take(told));
            assertEquals(204, client.response().status());
            sender.join();
        }
    }

    @Test
    @DisplayName("that reads nothing for the response timeout is answered for with 503, and its read throws")
    void neverReads() throws Exception {
        try (TestServer server = TestServer.with(b -> b.requestTimeout(Duration.ofMillis(20))
                .responseTimeout(Duration.ofMillis(100)), UpgradeHandler.none(), HttpHandler.blocking(exchange -> {
                    InputStream body = exchange.bodyStream();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        told.add("interrupted");
                        told.add(assertThrows(IOException.class, body::readAllBytes).getMessage());
                    }
                })); RawClient client = server.connect()) {
            client.send(post(1 << 20));
            client.send(new byte[256 << 10]);
            assertEquals(503, client.response().status());
            assertEquals("interrupted", TestServer.take(told));
            assertEquals("the body has no end: there was no answer in time", TestServer.take(told));
        }
    }

    @Test
    @DisplayName("that answers before the end of the body does not wait for the rest, which never comes")
    void readsBehindAnswer() throws Exception {
        try (TestServer server = blocking(exchange -> {
            InputStream body = exchange.bodyStream();
            told.add("" + body.read());
            exchange.respond(HttpResponse.text(200, "enough"));
            told.add(assertThrows(IOException.class, body::readAllBytes).getMessage());
        }); RawClient client = server.connect()) {
            client.send(post(3) + "a");
            assertEquals("97", TestServer.take(told));
            assertEquals("enough", client.response().body());
            assertEquals("the request was answered", TestServer.take(told));
        }
    }

    @Test
    @DisplayName("hears of a client that goes in the middle of a body")
    void clientGone() throws Exception {
        try (TestServer server = blocking(exchange -> {
            InputStream body = exchange.bodyStream();
            told.add("" + body.read());
            try {
                body.readAllBytes();
            } catch (IOException e) {
                told.add(e instanceof IoException io && io.error() == IoError.OPERATION_ABORTED
                        ? "interrupted" : "no end");
            }
        }); RawClient client = server.connect()) {
            client.send(post(3) + "a");
            assertEquals("97", TestServer.take(told));
            client.reset();
            assertTrue(java.util.Set.of("interrupted", "no end").contains(TestServer.take(told)));
        }
    }

    @Test
    @DisplayName("closes a body that it does not want, and the connection goes on")
    void closesBody() throws Exception {
        try (TestServer server = blocking(exchange -> {
            CompletableFuture<Void> end = new CompletableFuture<>();
            try (InputStream body = exchange.bodyStream()) {
                assertEquals('a', body.read());
            }
            exchange.onCancel(() -> end.complete(null));
            exchange.respond(HttpResponse.text(200, "enough"));
        }); RawClient client = server.connect()) {
            client.send(post(3) + "abc");
            assertEquals("enough", client.response().body());
        }
    }

    @Test
    @DisplayName("asks for a body that came before it did, and what stands behind it is the next request")
    void late() throws Exception {
        try (TestServer server = blocking(exchange -> {
            String text = exchange.request().path();
            if (text.equals("/upload")) {
                text = new String(exchange.bodyStream().readAllBytes(), StandardCharsets.UTF_8);
            }
            exchange.respond(HttpResponse.text(200, text));
        }); RawClient client = server.connect()) {
            client.send(post(5) + "early" + get("/next") + post(0) + get("/last"));
            assertEquals("early", client.response().body());
            assertEquals("/next", client.response().body());
            assertEquals("", client.response().body());
            assertEquals("/last", client.response().body());
        }
    }

    @Test
    @DisplayName("must not read on a worker what has not come yet")
    void worker() throws Exception {
        try (TestServer server = TestServer.pages(exchange -> {
            InputStream body = exchange.bodyStream();
            assertThrows(IllegalStateException.class, body::read);
            exchange.respond(HttpResponse.of(204));
        }); RawClient client = server.connect()) {
            client.send(post(3));
            assertEquals(204, client.response().status());
        }
    }

    /** Keeps a body, pauses it at each piece, and answers with its length. */
    private final class Pausing implements BodyListener {
        private final HttpExchange exchange;
        private int length;

        Pausing(HttpExchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void onBody(ByteBuffer data) {
            length += data.remaining();
            told.add("" + data.remaining());
            exchange.pauseBody();
        }

        @Override
        public void onBodyEnd() {
            exchange.respond(HttpResponse.text(200, "" + length));
        }

        @Override
        public void onBodyAborted(String why) {
            told.add(why);
        }
    }

    @Test
    @DisplayName("a listener that pauses gets the next piece when it resumes, from any thread")
    void pauses() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.pages(exchange -> {
            asked.add(exchange);
            exchange.body(new Pausing(exchange));
        }); RawClient client = server.connect()) {
            client.send(get("/", "Transfer-Encoding: chunked").replace("GET", "POST")
                    + "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n");
            HttpExchange exchange = TestServer.take(asked);
            client.socket().setSoTimeout(100);
            for (int i = 1; i <= 3; i++) {
                assertEquals("" + i, TestServer.take(told));
                assertThrows(SocketTimeoutException.class, client.in()::read);
                assertNull(told.peek());
                exchange.resumeBody();
            }
            client.socket().setSoTimeout(RawClient.DEADLINE_MILLIS);
            assertEquals("6", client.response().body());
        }
    }
}
