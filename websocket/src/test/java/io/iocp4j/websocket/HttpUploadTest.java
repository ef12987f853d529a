package io.iocp4j.websocket;

import static io.iocp4j.websocket.frame.WireBytes.join;
import static io.iocp4j.websocket.frame.WireBytes.utf8;
import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.RawClient.Response;
import io.iocp4j.websocket.frame.WireBytes;
import io.iocp4j.websocket.http.BodyListener;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpUploadTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(HttpHandler.class, UpgradeHandler.class);

    private static final long SEED = 20260101;
    private static final Duration SHORT = Duration.ofMillis(200);

    /** Keeps a body, answers at its end with its length, and writes down how it ended. */
    private static class Upload implements BodyListener, HttpHandler {
        final ByteArrayOutputStream body = new ByteArrayOutputStream();
        final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        HttpExchange exchange;

        @Override
        public void onRequest(HttpExchange asked) throws IOException {
            exchange = asked;
            asked.body(this);
        }

        @Override
        public void onBody(ByteBuffer data) throws IOException {
            assertTrue(data.hasRemaining());
            body.writeBytes(WireBytes.remaining(data));
        }

        @Override
        public void onBodyEnd() throws IOException {
            ends.add("end");
            exchange.respond(HttpResponse.text(200, Integer.toString(body.size())));
            body.reset();
        }

        @Override
        public void onBodyAborted(String why) {
            ends.add("aborted");
        }
    }

    private static String post(String... lines) {
        return get("/upload", lines).replace("GET", "POST");
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(SEED).nextBytes(bytes);
        return bytes;
    }

    private static byte[] chunked(byte[] content, int chunk) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int from = 0; from < content.length; from += chunk) {
            byte[] piece = Arrays.copyOfRange(content, from, Math.min(content.length, from + chunk));
            out.writeBytes(utf8(Integer.toHexString(piece.length) + ";extension=1\r\n"));
            out.writeBytes(piece);
            out.writeBytes(utf8("\r\n"));
        }
        out.writeBytes(utf8("0\r\nTrailer: t\r\n\r\n"));
        return out.toByteArray();
    }

    @ParameterizedTest
    @Shows("B25")
    @DisplayName("a body of 5 MB arrives byte by byte as it was sent, by length and in chunks, and the "
            + "connection goes on")
    @ValueSource(booleans = {false, true})
    void byteExact(boolean chunked) throws Exception {
        byte[] content = random(5_000_000);
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        Upload upload = new Upload() {
            @Override
            public void onBodyEnd() throws IOException {
                received.complete(body.toByteArray());
                super.onBodyEnd();
            }
        };
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(chunked ? join(utf8(post("Transfer-Encoding: chunked")), chunked(content, 70_001))
                    : join(utf8(post("Content-Length: " + content.length)), content));
            assertEquals("5000000", client.response().body());
            assertArrayEquals(content, received.get());
            client.send(post("Content-Length: 3") + "abc");
            assertEquals("3", client.response().body());
        }
    }

    @Test
    @DisplayName("bodies and requests in one packet are told apart")
    void pipelinedBodies() throws Exception {
        try (TestServer server = TestServer.pages(new Upload()); RawClient client = server.connect()) {
            client.send(post("Content-Length: 4") + "GET " + post("Transfer-Encoding: chunked") + "2\r\nxy\r\n0\r\n\r\n"
                    + post("Content-Length: 0") + post());
            for (String length : new String[] {"4", "2", "0", "0"}) {
                Response response = client.response();
                assertEquals(length, response.body());
                assertEquals("keep-alive", response.fields().get("connection"));
            }
        }
    }

    @Test
    @DisplayName("a client that waits for 100-continue is told to go on when the body is asked for, and not before")
    void continues() throws Exception {
        try (TestServer server = TestServer.pages(new Upload()); RawClient client = server.connect()) {
            client.send(post("Content-Length: 2", "Expect: 100-continue"));
            assertEquals(100, client.response().status());
            client.send("ok");
            assertEquals("2", client.response().body());
        }
    }

    @Test
    @DisplayName("a body that nobody asks for: the final answer without 100, then FIN, and the body is no request")
    void unasked() throws Exception {
        HttpHandler refuse = exchange -> exchange.respond(HttpResponse.text(403, "no"));
        try (TestServer server = TestServer.pages(refuse); RawClient client = server.connect()) {
            String smuggled = get("/smuggled");
            client.send(post("Content-Length: " + smuggled.length(), "Expect: 100-continue") + smuggled);
            Response response = client.response();
            assertEquals(403, response.status());
            assertEquals("close", response.fields().get("connection"));
            client.assertEnd();
        }
    }

    @ParameterizedTest
    @DisplayName("an answer in the middle of a body can be read by a peer that is still writing; the body ends "
            + "without a word")
    @ValueSource(booleans = {false, true})
    void earlyAnswer(boolean thrown) throws Exception {
        Upload upload = new Upload() {
            @Override
            public void onBody(ByteBuffer data) throws IOException {
                if (thrown) {
                    throw new HttpException(409, "there is a publisher already");
                }
                exchange.respond(HttpResponse.text(409, "there is a publisher already"));
            }
        };
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(post("Transfer-Encoding: chunked"));
            client.send(chunked(random(2_000_000), 10_000));
            Response response = client.response();
            assertEquals(409, response.status());
            assertEquals("close", response.fields().get("connection"));
            client.assertEnd();
            client.end();
        }
        assertEquals(thrown ? "[aborted]" : "[]", upload.ends.toString());
    }

    @Test
    @DisplayName("a reset in the middle of a body: onBodyAborted once")
    void resetInBody() throws Exception {
        Upload upload = new Upload();
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(post("Content-Length: 10", "Expect: 100-continue"));
            assertEquals(100, client.response().status());
            client.reset();
            assertEquals("aborted", TestServer.take(upload.ends));
        }
        assertTrue(upload.ends.isEmpty());
    }

    @ParameterizedTest
    @Shows("Slowloris")
    @DisplayName("Slowloris: a body below minBodyRate, also one that drips, is 408 and onBodyAborted once, "
            + "after its time")
    @ValueSource(ints = {0, 10})
    void slowBody(int bytesAtATime) throws Exception {
        Upload upload = new Upload();
        try (TestServer server = TestServer.with(o -> o.requestTimeout(SHORT).minBodyRate(100_000),
                UpgradeHandler.none(), upload);
                RawClient client = server.connect()) {
            client.socket().setSoTimeout(10);
            long before = System.nanoTime();
            client.send(post("Content-Length: 1000000"));
            int status = 0;
            while (status == 0 && System.nanoTime() - before < TestServer.DEADLINE.toNanos()) {
                // reading with a deadline of 10 ms is the pause between two drops
                try {
                    status = client.response().status();
                } catch (SocketTimeoutException nothingYet) {
                    client.send("x".repeat(bytesAtATime));
                }
            }
            assertEquals(408, status);
            assertTrue(System.nanoTime() - before >= SHORT.toNanos() / 2, "not before its time");
            assertEquals("aborted", TestServer.take(upload.ends));
        }
        assertTrue(upload.ends.isEmpty());
    }

    @ParameterizedTest
    @DisplayName("minBodyRate: a body that is as fast is not disturbed, and with 0 neither is one that says nothing")
    @CsvSource({"1, 1", "0, 0"})
    void fastEnough(int rate, int bytesAtATime) throws Exception {
        Upload upload = new Upload();
        try (TestServer server = TestServer.with(o -> o.requestTimeout(SHORT).minBodyRate(rate), UpgradeHandler.none(),
                upload);
                RawClient client = server.connect()) {
            client.send(post("Content-Length: 1000000"));
            client.socket().setSoTimeout(10);
            long before = System.nanoTime();
            long last = before;
            int sent = 0;
            while (last - before < 3 * SHORT.toNanos()) {
                boolean silent = isSilent(client);
                if (System.nanoTime() - last > SHORT.toNanos() / 2) {
                    Assumptions.abort("the machine was too slow for this test to mean anything");
                }
                assertTrue(silent);
                client.send("x".repeat(bytesAtATime));
                sent += bytesAtATime;
                last = System.nanoTime();
            }
            client.socket().setSoTimeout(RawClient.DEADLINE_MILLIS);
            client.send("x".repeat(1_000_000 - sent));
            assertEquals("1000000", client.response().body());
            assertEquals("end", TestServer.take(upload.ends));
        }
        assertThrows(IllegalArgumentException.class, () -> ServerOptions.defaults().minBodyRate(-1));
    }

    private static boolean isSilent(RawClient client) throws IOException {
        try {
            client.response();
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        }
    }

    @Test
    @DisplayName("FIN in the middle of a body: onBodyAborted once, then our FIN")
    void finInBody() throws Exception {
        Upload upload = new Upload();
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(post("Content-Length: 10") + "12345");
            client.end();
            assertEquals("aborted", TestServer.take(upload.ends));
            client.assertEnd();
        }
        assertTrue(upload.ends.isEmpty());
    }

    @ParameterizedTest
    @DisplayName("hostile chunks: 400, FIN, onBodyAborted once, and nothing of what follows is taken")
    @ValueSource(strings = {"-1\r\n", "g\r\n", "\r\n", "ffffffffffffffff1\r\n", "8000000000000000\r\n", "1\r\nab",
        "1 \r\na\r\n", "1\na\r\n", "1;\u0000\r\n", "0x1\r\n"})
    void hostileChunk(String chunk) throws Exception {
        Upload upload = new Upload();
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(post("Transfer-Encoding: chunked") + "3\r\nabc\r\n" + chunk + "0\r\n\r\n" + get("/smuggled"));
            assertEquals(400, client.response().status());
            client.assertEnd();
            assertEquals("aborted", TestServer.take(upload.ends));
            assertEquals("abc", upload.body.toString().substring(0, 3));
        }
        assertTrue(upload.ends.isEmpty(), upload.ends.toString());
    }

    @Test
    @DisplayName("a body listener that throws is answered with 500 and hears onBodyAborted once")
    void listenerThrows() throws Exception {
        Upload upload = new Upload() {
            @Override
            public void onBody(ByteBuffer data) {
                throw new IllegalStateException("on purpose");
            }
        };
        try (TestServer server = TestServer.pages(upload); RawClient client = server.connect()) {
            client.send(post("Content-Length: 10") + "12345");
            assertEquals(500, client.response().status());
            client.assertEnd();
        }
        assertEquals("[aborted]", upload.ends.toString());
    }

    @Test
    @DisplayName("a listener whose body came too late may throw: the answer goes out, and the next request has one")
    void tooLateListenerThrows() throws Exception {
        BodyListener throwing = new BodyListener() {
            @Override
            public void onBody(ByteBuffer data) {
            }

            @Override
            public void onBodyEnd() {
            }

            @Override
            public void onBodyAborted(String why) {
                throw new IllegalStateException("on purpose");
            }
        };
        HttpHandler handler = exchange -> {
            if (exchange.request().path().equals("/upload")) {
                // from another thread, so both are tasks that wait until this handler has returned
                Thread other = Thread.ofVirtual().start(() -> {
                    exchange.body(throwing);
                    exchange.respond(HttpResponse.text(200, "early"));
                });
                other.join();
            } else {
                exchange.respond(HttpResponse.text(200, "next"));
            }
        };
        try (TestServer server = TestServer.pages(handler); RawClient client = server.connect()) {
            client.send(post("Content-Length: 0") + get("/"));
            assertEquals("early", client.response().body());
            assertEquals("next", client.response().body());
        }
    }

    @Test
    @DisplayName("the body is asked for once, while the request is handled or later, and not behind the answer")
    void askedAtTheWrongTime() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        CompletableFuture<Boolean> atTheEnd = new CompletableFuture<>();
        Upload upload = new Upload() {
            @Override
            public void onBodyEnd() throws IOException {
                assertThrows(IllegalStateException.class, () -> exchange.body(this));
                atTheEnd.complete(true);
                super.onBodyEnd();
            }
        };
        HttpHandler handler = exchange -> {
            if (exchange.request().path().equals("/later")) {
                asked.add(exchange);
            } else {
                upload.onRequest(exchange);
                assertThrows(IllegalStateException.class, () -> exchange.body(upload));
            }
        };
        try (TestServer server = TestServer.pages(handler); RawClient client = server.connect()) {
            String request = post("Content-Length: 3") + "abc";
            client.send(request + request.replace("/upload", "/later"));
            assertEquals("3", client.response().body());
            assertTrue(atTheEnd.get(5, TimeUnit.SECONDS));
            HttpExchange later = TestServer.take(asked);
            assertTrue(later.respond(HttpResponse.text(200, "without its body")));
            assertThrows(IllegalStateException.class, () -> later.body(upload));
            assertEquals("without its body", client.response().body());
            client.assertEnd();
        }
        assertFalse(upload.ends.contains("aborted"));
    }
}
