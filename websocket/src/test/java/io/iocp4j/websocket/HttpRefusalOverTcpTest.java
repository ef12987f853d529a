package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.RawClient.Response;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRefusalOverTcpTest {
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final HttpHandler PATH = exchange ->
            exchange.respond(HttpResponse.text(200, exchange.request().path()));

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of("TLS", 400, "\u0016\u0003\u0001\u0002\u0000\u0001\u0000"),
                Arguments.of("noise", 400, "\u00ff\u00fe\u0000\u0001"),
                Arguments.of("SSH", 400, "SSH-2.0-OpenSSH_9.6\r\n\r\n"),
                Arguments.of("frame without a handshake", 400, "\u0081\u0080\u0000\u0000\u0000\u0000"),
                Arguments.of("only empty lines", 400, "\r\n".repeat(10)),
                Arguments.of("HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\n"),
                Arguments.of("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
                Arguments.of("two Hosts", 400, get("/", "Host: other")),
                Arguments.of("length and chunks", 400, get("/", "Content-Length: 3", "Transfer-Encoding: chunked")),
                Arguments.of("two lengths", 400, get("/", "Content-Length: 3", "Content-Length: 4")),
                Arguments.of("path out of the root", 400, get("/../etc/passwd\u0001")),
                Arguments.of("unknown coding", 501, get("/", "Transfer-Encoding: gzip")),
                Arguments.of("65 fields", 431, get("/",
                        Stream.generate(() -> "A: b").limit(64).toArray(String[]::new))));
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @DisplayName("what is no request is answered with its status, then FIN; what follows it is not looked at")
    @MethodSource("refusals")
    void refused(String what, int status, String bytes) throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(bytes + get("/smuggled"));
            Response response = client.response();
            assertEquals(status, response.status(), what);
            assertEquals("close", response.fields().get("connection"));
            client.assertEnd();
        }
    }

    @ParameterizedTest
    @DisplayName("a head of megabytes is refused at the limit, and a peer that is still writing can read the answer")
    @ValueSource(ints = {414, 431})
    void endlessHead(int status) throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(status == 414 ? "GET /" : "GET / HTTP/1.1\r\nHost: x\r\nA: ");
            Future<?> writing = flood(client, 4 << 20);
            Response response = client.response();
            assertEquals(status, response.status());
            client.assertEnd();
            writing.get(5, TimeUnit.SECONDS);
            assertTrue(server.port.buffers().usedBytes() < 1 << 20);
        }
    }

    private static Future<?> flood(RawClient client, int bytes) throws IOException {
        OutputStream out = client.socket().getOutputStream();
        return CompletableFuture.runAsync(() -> {
            try {
                out.write("x".repeat(bytes).getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @DisplayName("a connection without a request ends after the request timeout, without an answer: a client that "
            + "pools connections would take it for the answer to its next request")
    @ValueSource(strings = {"", "\r\n", "\r\n\r"})
    void silence(String bytes) throws Exception {
        try (TestServer server = TestServer.with(o -> o.requestTimeout(SHORT), UpgradeHandler.none(), PATH);
                RawClient client = server.connect()) {
            client.send(bytes);
            client.assertEnd();
        }
    }

    @Test
    @DisplayName("a request of which a byte came and no more is answered with 408 after the request timeout")
    void oneByte() throws Exception {
        try (TestServer server = TestServer.with(o -> o.requestTimeout(SHORT), UpgradeHandler.none(), PATH);
                RawClient client = server.connect()) {
            client.send("G");
            assertEquals(408, client.response().status());
            client.assertEnd();
        }
    }

    @ParameterizedTest
    @Shows("Slowloris")
    @DisplayName("Slowloris: a head that drips in does not extend its time, neither the first one "
            + "nor one on a kept connection")
    @ValueSource(booleans = {false, true})
    void drip(boolean kept) throws Exception {
        try (TestServer server = TestServer.with(o -> o.requestTimeout(SHORT), UpgradeHandler.none(), PATH);
                RawClient client = server.connect()) {
            if (kept) {
                client.send(get("/first"));
                assertEquals("/first", client.response().body());
            }
            long before = System.nanoTime();
            client.socket().setSoTimeout(10);
            client.send("GET / HTTP/1.1\r\nHost: x\r\nDrip: ");
            int status = 0;
            while (status == 0 && System.nanoTime() - before < TestServer.DEADLINE.toNanos()) {
                // reading with a deadline of 10 ms is the pause between two drops
                try {
                    status = client.response().status();
                } catch (SocketTimeoutException nothingYet) {
                    client.send("x");
                }
            }
            assertEquals(408, status);
            assertTrue(System.nanoTime() - before >= SHORT.toNanos() / 2, "not before its time");
        }
    }

    @ParameterizedTest
    @DisplayName("half a request, then FIN: 400, then FIN")
    @ValueSource(strings = {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r"})
    void halfRequest(String half) throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(half);
            client.end();
            assertEquals(400, client.response().status());
            client.assertEnd();
        }
    }

    @Test
    @DisplayName("FIN without a request, and FIN between requests, are answered with FIN only")
    void nothingThenFin() throws Exception {
        try (TestServer server = TestServer.pages(PATH);
                RawClient silent = server.connect();
                RawClient polite = server.connect()) {
            silent.end();
            silent.assertEnd();
            polite.send(get("/") + "\r\n");
            assertEquals("/", polite.response().body());
            polite.end();
            polite.assertEnd();
        }
    }

    @Test
    @DisplayName("a good request in front of a bad one is answered first")
    void goodThenBad() throws Exception {
        try (TestServer server = TestServer.pages(PATH); RawClient client = server.connect()) {
            client.send(get("/good") + "\u0000bad");
            assertEquals("/good", client.response().body());
            assertEquals(400, client.response().status());
            client.assertEnd();
        }
    }
}
