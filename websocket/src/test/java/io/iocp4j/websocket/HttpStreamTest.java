package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.MemoryBudget.Kind;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.websocket.http.EventStream;
import io.iocp4j.websocket.http.HttpContent;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Content that is made while it is sent")
class HttpStreamTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(HttpHandler.class, UpgradeHandler.class);

    private static final long SEED = 20261130;
    /** Long enough for a request to arrive on a busy machine. */
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final String TYPE = "application/octet-stream";

    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(SEED).nextBytes(bytes);
        return bytes;
    }

    private static URI uri(TestServer server) {
        return URI.create("http" + server.uri().toString().substring(2));
    }

    private static HttpHandler stream(HttpContent content) {
        return exchange -> exchange.respond(HttpResponse.stream(200, TYPE, content));
    }

    private static byte[] rest(RawClient client) throws IOException {
        return client.in().readAllBytes();
    }

    /** A stream that tells when it is closed. */
    private InputStream closing(byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public void close() {
                told.add("closed");
            }
        };
    }

    @Test
    @DisplayName("of unknown length goes in chunks, the connection goes on, and each flush is a chunk")
    void chunks() throws Exception {
        try (TestServer server = TestServer.pages(stream(out -> {
            out.write("one".getBytes(StandardCharsets.US_ASCII));
            out.flush();
            out.flush();
            out.write('2');
        })); RawClient client = server.connect()) {
            for (int i = 0; i < 2; i++) {
                client.send(get("/"));
                RawClient.Response head = client.response(true);
                assertEquals("chunked", head.fields().get("transfer-encoding"));
                assertNull(head.fields().get("content-length"));
                assertEquals("keep-alive", head.fields().get("connection"));
                assertEquals("3\r\none\r\n1\r\n2\r\n0\r\n\r\n",
                        new String(client.in().readNBytes(19), StandardCharsets.US_ASCII));
            }
        }
    }

    @ParameterizedTest
    @DisplayName("of 8 MB arrives as it was written, in chunks and by length, at the JDK's client")
    @ValueSource(booleans = {true, false})
    void big(boolean chunked) throws Exception {
        byte[] content = random(8 << 20);
        HttpContent sent = chunked ? HttpContent.of(closing(content)) : HttpContent.of(
                Channels.newChannel(closing(content)), content.length);
        try (TestServer server = TestServer.pages(stream(sent)); HttpClient http = HttpClient.newHttpClient()) {
            var response = http.send(HttpRequest.newBuilder(uri(server)).build(), BodyHandlers.ofByteArray());
            assertArrayEquals(content, response.body());
            assertEquals(chunked ? "" : "8388608", response.headers().firstValue("content-length").orElse(""));
            assertEquals("closed", TestServer.take(told));
        }
    }

    @Test
    @DisplayName("written in pieces of every size arrives as it was written, also byte by byte")
    void sizes() throws Exception {
        byte[] content = random(300_000);
        try (TestServer server = TestServer.pages(stream(out -> {
            int from = 0;
            for (int size = 1; from < content.length; size = size * 3 % 20_011 + 1) {
                int length = Math.min(size, content.length - from);
                if (length == 1) {
                    out.write(content[from]);
                } else {
                    out.write(content, from, length);
                }
                from += length;
            }
        })); HttpClient http = HttpClient.newHttpClient()) {
            assertArrayEquals(content,
                    http.send(HttpRequest.newBuilder(uri(server)).build(), BodyHandlers.ofByteArray()).body());
        }
    }

    @Test
    @DisplayName("goes to a client of HTTP/1.0 without chunks, up to the end of the connection, even if it "
            + "asks to keep it")
    void http10() throws Exception {
        try (TestServer server =
                TestServer.pages(stream(out -> out.write("content".getBytes(StandardCharsets.US_ASCII))));
                RawClient client = server.connect()) {
            client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            RawClient.Response head = client.response(true);
            assertNull(head.fields().get("transfer-encoding"));
            assertNull(head.fields().get("content-length"));
            assertEquals("close", head.fields().get("connection"));
            assertEquals("content", new String(rest(client), StandardCharsets.US_ASCII));
        }
    }

    @Test
    @DisplayName("is not made to answer HEAD, and closes what it holds")
    void head() throws Exception {
        try (TestServer server = TestServer.pages(stream(HttpContent.of(closing(new byte[7]), 7)));
                RawClient client = server.connect()) {
            client.send(get("/").replace("GET", "HEAD"));
            assertEquals("7", client.response(true).fields().get("content-length"));
            assertEquals("closed", TestServer.take(told));
            client.send(get("/").replace("GET", "HEAD"));
            assertEquals(200, client.response(true).status());
        }
    }

    @Test
    @DisplayName("closes what it holds where an answer was given before, and where the client has gone")
    void notSent() throws Exception {
        BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.pages(asked::add)) {
            try (RawClient client = server.connect()) {
                client.send(get("/"));
                HttpExchange exchange = TestServer.take(asked);
                assertTrue(exchange.respond(HttpResponse.of(204)));
                assertFalse(exchange.respond(HttpResponse.stream(200, TYPE, HttpContent.of(closing(new byte[1])))));
                assertEquals("closed", TestServer.take(told));
                client.send(get("/"));
                CountDownLatch gone = new CountDownLatch(1);
                HttpExchange lost = TestServer.take(asked);
                lost.onCancel(gone::countDown);
                client.reset();
                assertTrue(gone.await(20, TimeUnit.SECONDS));
                assertFalse(lost.respond(HttpResponse.stream(200, TYPE, HttpContent.of(closing(new byte[1])))));
                assertEquals("closed", TestServer.take(told));
            }
        }
    }

    @ParameterizedTest
    @DisplayName("that throws, is too long or too short ends the connection, and the client cannot take it for "
            + "the whole")
    @ValueSource(strings = {"throws", "long", "short", "chunks"})
    void fails(String how) throws Exception {
        HttpContent content = new HttpContent() {
            @Override
            public void writeTo(OutputStream out) throws Exception {
                out.write(new byte[how.equals("long") ? 11 : how.equals("short") ? 9 : 5]);
                if (how.equals("throws") || how.equals("chunks")) {
                    throw new IllegalStateException("on purpose");
                }
            }

            @Override
            public long length() {
                return how.equals("chunks") ? UNKNOWN : 10;
            }
        };
        try (TestServer server = TestServer.pages(stream(content)); HttpClient http = HttpClient.newHttpClient()) {
            assertThrows(IOException.class,
                    () -> http.send(HttpRequest.newBuilder(uri(server)).build(), BodyHandlers.ofByteArray()));
        }
    }

    @Test
    @DisplayName("waits while its client does not read, keeps little meanwhile, and goes on when it reads")
    void backPressure() throws Exception {
        byte[] piece = random(10_000);
        int count = 4_000;
        CountDownLatch made = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(stream(out -> {
            for (int i = 0; i < count; i++) {
                out.write(piece);
            }
            made.countDown();
        })); RawClient client = server.connect()) {
            client.send("GET / HTTP/1.0\r\n\r\n");
            assertFalse(made.await(300, TimeUnit.MILLISECONDS), "40 MB fit nowhere on the way");
            assertTrue(server.port.buffers().usedBytes() < 1 << 20);
            assertEquals(200, client.response(true).status());
            assertEquals((long) count * piece.length, rest(client).length);
            assertTrue(made.await(20, TimeUnit.SECONDS));
        }
    }

    @Test
    @DisplayName("ends with a connection whose client goes: its thread is interrupted, whatever it waits for")
    void clientGone() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(stream(out -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                told.add("interrupted");
            }
        })); RawClient client = server.connect()) {
            client.send(get("/"));
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            client.reset();
            assertEquals("interrupted", TestServer.take(told));
        }
    }

    @ParameterizedTest
    @DisplayName("ends with a connection whose client goes, also where bytes came that nobody takes: a body, "
            + "or a request")
    @ValueSource(strings = {"Content-Length: 100000", "X-Nothing: 0"})
    void clientGoneBehindBytes(String field) throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(exchange -> exchange.respond(HttpResponse.events(events -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                told.add("interrupted");
            }
        }))); RawClient client = server.connect()) {
            client.send(get("/", field) + "x".repeat(100_000));
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            client.send("x");
            client.end();
            assertEquals("interrupted", TestServer.take(told));
        }
    }

    @Test
    @DisplayName("goes on for a client that has ended its own side, and then the connection ends")
    void halfClosed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(stream(out -> {
            begun.countDown();
            assertTrue(go.await(20, TimeUnit.SECONDS));
            out.write('x');
        })); RawClient client = server.connect()) {
            client.send(get("/"));
            client.end();
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            go.countDown();
            assertEquals(200, client.response(true).status());
            assertEquals("1\r\nx\r\n0\r\n\r\n", new String(rest(client), StandardCharsets.US_ASCII));
        }
    }

    @Test
    @DisplayName("is finished for a client while the server stops")
    void serverStops() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(stream(out -> {
            begun.countDown();
            assertTrue(go.await(20, TimeUnit.SECONDS));
            out.write('x');
        })); RawClient client = server.connect()) {
            client.send(get("/") + get("/never"));
            assertTrue(begun.await(20, TimeUnit.SECONDS));
            Thread stop = Thread.ofVirtual().start(() -> server.server.close(TestServer.DEADLINE));
            assertFalse(stop.join(Duration.ofMillis(50)));
            go.countDown();
            assertEquals(200, client.response(true).status());
            assertEquals("1\r\nx\r\n0\r\n\r\n", new String(rest(client), StandardCharsets.US_ASCII));
            client.end();
            assertTrue(stop.join(TestServer.DEADLINE));
        }
    }

    @Test
    @DisplayName("is cut where its client takes it too slowly, and where it takes nothing")
    void tooSlow() throws Exception {
        for (boolean nothing : new boolean[] {false, true}) {
            TcpOptions options = TestServer.LOOPBACK.writeTimeout(nothing ? Duration.ofMillis(200) : Duration.ZERO);
            try (TestServer server = new TestServer(options, b -> b.requestTimeout(Duration.ofMillis(100))
                    .minAnswerRate(nothing ? 0 : 1 << 30), UpgradeHandler.none(), stream(out -> {
                        try {
                            for (;;) {
                                out.write(new byte[1 << 16]);
                            }
                        } catch (IOException e) {
                            told.add("cut");
                            throw e;
                        }
                    })); RawClient client = server.connect()) {
                client.send(get("/"));
                assertEquals(200, client.response(true).status());
                assertEquals("cut", TestServer.take(told));
            }
        }
    }

    @Test
    @DisplayName("is not cut where it is the application that is slow")
    void slowApplication() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (TestServer server = TestServer.with(b -> b.requestTimeout(SHORT).responseTimeout(SHORT)
                .minAnswerRate(1 << 30), UpgradeHandler.none(), stream(out -> {
                    out.write('a');
                    out.flush();
                    assertTrue(go.await(20, TimeUnit.SECONDS));
                    out.write('b');
                })); RawClient client = server.connect()) {
            client.send("GET / HTTP/1.0\r\n\r\n");
            assertEquals(200, client.response(true).status());
            assertEquals('a', client.in().read());
            client.socket().setSoTimeout(2 * (int) SHORT.toMillis());
            assertThrows(java.net.SocketTimeoutException.class, client.in()::read);
            client.socket().setSoTimeout(RawClient.DEADLINE_MILLIS);
            go.countDown();
            assertEquals("b", new String(rest(client), StandardCharsets.US_ASCII));
        }
    }

    @Test
    @DisplayName("is charged for the memory that it keeps while it is sent, as a file is for the piece at hand")
    void charged() throws Exception {
        int kept = 100_000;
        try (TestServer server = TestServer.pages(exchange -> exchange.respond(
                HttpResponse.stream(200, TYPE, new HttpContent() {
                    @Override
                    public void writeTo(OutputStream out) {
                        told.add("" + (exchange.memory().charged(Kind.HEAP) >= kept));
                    }

                    @Override
                    public int keptBytes() {
                        return kept;
                    }
                }))); RawClient client = server.connect()) {
            client.send(get("/"));
            assertEquals("true", TestServer.take(told));
        }
    }

    @Test
    @DisplayName("is let go of when it was sent, and not only when the interval is over in which the client is "
            + "looked at")
    void letGo() throws Exception {
        ReferenceQueue<HttpContent> letGo = new ReferenceQueue<>();
        List<Reference<HttpContent>> first = new ArrayList<>();
        try (TestServer server = TestServer.with(b -> b.requestTimeout(Duration.ofHours(1)), UpgradeHandler.none(),
                exchange -> {
                    HttpContent content = HttpContent.of(new ByteArrayInputStream(new byte[5]), 5);
                    if (first.isEmpty()) {
                        first.add(new WeakReference<>(content, letGo));
                    }
                    exchange.respond(HttpResponse.stream(200, TYPE, content));
                }); RawClient client = server.connect()) {
            for (int i = 0; i < 2; i++) {
                client.send(get("/"));
                assertEquals("\0\0\0\0\0", client.response().body());
            }
            System.gc();
            assertEquals(first.getFirst(), letGo.remove(TestServer.DEADLINE.toMillis()));
        }
    }

    @Test
    @DisplayName("cannot be encoded as a whole, nor be the content of a status that has none")
    void misuse() {
        HttpResponse response = HttpResponse.stream(200, TYPE, out -> { });
        assertThrows(IllegalStateException.class, () -> response.encode(false, true));
        assertThrows(IllegalArgumentException.class, () -> HttpResponse.stream(204, TYPE, out -> { }));
        assertThrows(IllegalArgumentException.class, () -> HttpContent.of(InputStream.nullInputStream(), -2));
        assertNull(HttpResponse.of(200).stream());
    }

    // ------------------------------------------------------------------ server-sent events

    @Test
    @DisplayName("events have ids, types and lines; the client sees each at once, and tells the last id when "
            + "it comes back")
    void events() throws Exception {
        CountDownLatch more = new CountDownLatch(1);
        try (TestServer server = TestServer.pages(exchange -> {
            String last = exchange.request().lastEventId();
            exchange.respond(HttpResponse.events(events -> {
                events.send("7", "tick", "one\ntwo\r\nthr\u00e9e\r");
                assertTrue(more.await(20, TimeUnit.SECONDS));
                events.retry(Duration.ofSeconds(2));
                events.comment("still here");
                events.send("last was " + last);
                assertThrows(IllegalArgumentException.class, () -> events.send("a\nb", null, ""));
                assertThrows(IllegalArgumentException.class, () -> events.send(null, "a\0", ""));
            }));
        }); HttpClient http = HttpClient.newHttpClient()) {
            var response = http.send(HttpRequest.newBuilder(uri(server)).header("Last-Event-ID", "6").build(),
                    BodyHandlers.ofLines());
            assertEquals("text/event-stream", response.headers().firstValue("content-type").orElseThrow());
            var lines = response.body().iterator();
            for (String line : new String[] {"id: 7", "event: tick", "data: one", "data: two", "data: thr\u00e9e",
                    "data: ", ""}) {
                assertEquals(line, lines.next());
            }
            more.countDown();
            for (String line : new String[] {"retry: 2000", "", ": still here", "", "data: last was 6", ""}) {
                assertEquals(line, lines.next());
            }
            assertFalse(lines.hasNext());
        }
    }

    @Test
    @DisplayName("events of another thread do not get behind the end, where the next answer would be")
    void eventsBehindTheEnd() throws Exception {
        BlockingQueue<EventStream> streams = new LinkedBlockingQueue<>();
        HttpContent content = HttpResponse.events(streams::add).stream();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        content.writeTo(out);
        assertThrows(IOException.class, () -> TestServer.take(streams).send("late"));
        assertEquals(0, out.size());
    }

    @Test
    @DisplayName("events end when the client ends its side, and when the server stops")
    void eventsEnd() throws Exception {
        for (boolean stop : new boolean[] {false, true}) {
            CountDownLatch begun = new CountDownLatch(1);
            try (TestServer server = TestServer.pages(exchange -> exchange.respond(HttpResponse.events(events -> {
                events.send("hello");
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    told.add("interrupted");
                }
            }))); RawClient client = server.connect()) {
                client.send(get("/"));
                assertTrue(begun.await(20, TimeUnit.SECONDS));
                if (stop) {
                    Thread.ofVirtual().start(() -> server.server.close(TestServer.DEADLINE));
                } else {
                    client.end();
                }
                assertEquals("interrupted", TestServer.take(told));
            }
        }
    }
}
