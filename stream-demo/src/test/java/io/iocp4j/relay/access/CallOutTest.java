package io.iocp4j.relay.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.relay.config.Settings;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpExchange;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpRequest;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The service that decides about logins")
class CallOutTest {
    private static final int DEADLINE_SECONDS = 20;
    private static final InetAddress HERE = InetAddress.ofLiteral("192.0.2.1");
    private static final String SECRET = "0123456789abcdef";

    private final BlockingQueue<String> questions = new LinkedBlockingQueue<>();
    private final AtomicLong nanos = new AtomicLong();
    /** Holds answers back, and is counted down at the end. */
    private final CountDownLatch never = new CountDownLatch(1);
    private volatile Function<String, HttpResponse> answer = question -> HttpResponse.of(204);
    private volatile Map<String, Object> json = Map.of();
    private CompletionPort port;
    private WebSocketServer service;
    private Login login;

    @BeforeEach
    void start() throws IOException {
        port = CompletionPort.open();
        service = WebSocketServer.listen(port, ServerOptions.defaults().loopback(0), UpgradeHandler.none(),
                HttpHandler.blocking(this::serve));
        open(Duration.ofSeconds(2));
    }

    @AfterEach
    void stop() {
        never.countDown();
        login.close();
        service.close();
        port.close();
    }

    private void open(Duration timeout) throws IOException {
        if (login != null) {
            login.close();
        }
        Settings settings = Settings.defaults()
                .with(AccessSettings.AUTH_URL,
                        URI.create("http://127.0.0.1:" + service.address().getPort() + "/auth"))
                .with(AccessSettings.AUTH_TIMEOUT, timeout)
                .with(AccessSettings.TOKEN, List.of(NamedSecret.parse("ops:" + SECRET)))
                .with(AccessSettings.ALLOW, List.of(AllowRule.parse("ops publish /")));
        login = Login.open(settings, true, nanos::get, InstantSource.system(), text -> {
            if (json == null) {
                throw new IllegalArgumentException("not JSON");
            }
            return json;
        }, text -> '"' + text.replace("\"", "\\\"") + '"');
    }

    private void serve(HttpExchange exchange) throws IOException {
        String question = new String(exchange.bodyStream().readAllBytes(), StandardCharsets.UTF_8);
        questions.add(exchange.request().method() + " " + exchange.request().headers().first("Content-Type") + " "
                + question);
        HttpResponse response = answer.apply(question);
        if (response != null) {
            exchange.respond(response);
        }
    }

    private static HttpRequest http(String query, String authorization) {
        HttpHeaders fields = HttpHeaders.builder().add("User-Agent", "lavf \"x\"").build();
        return new HttpRequest("PUT", "/", "/", query, authorization == null ? fields
                : fields.with(HttpHeaders.of("Authorization", authorization)), true);
    }

    private Grant decide(Action action, HttpRequest request) throws HttpException {
        try {
            return login.decide(Request.of(action, "hall/a", HERE, false, request)).toCompletableFuture()
                    .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() instanceof CompletionException wrapped ? wrapped.getCause() : e.getCause();
            if (cause instanceof HttpException refusal) {
                throw refusal;
            }
            throw new AssertionError(cause);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private int status(Action action, HttpRequest request) {
        try {
            decide(action, request);
            return 200;
        } catch (HttpException e) {
            return e.status();
        }
    }

    @Test
    @DisplayName("gets the fields that MediaMTX sends, and allows with any status from 200 to 299")
    void fields() throws Exception {
        Grant grant = decide(Action.VIEW, http("a=b", "Bearer user-token"));
        assertEquals("token", grant.who());
        assertNull(grant.until());
        assertEquals("POST application/json {\"user\":\"\",\"password\":\"\",\"token\":\"user-token\","
                + "\"ip\":\"192.0.2.1\",\"action\":\"read\",\"path\":\"hall/a\",\"protocol\":\"http\","
                + "\"query\":\"a=b\",\"userAgent\":\"lavf \\\"x\\\"\",\"id\":\"r1\"}", questions.remove());
        assertEquals("bob", decide(Action.PUBLISH, http(null, "Basic Ym9iOnB3")).who());
        String question = questions.remove();
        assertTrue(question.contains("\"user\":\"bob\",\"password\":\"pw\",\"token\":\"\""), question);
        assertTrue(question.contains("\"action\":\"publish\"") && question.contains("\"id\":\"r2\""), question);
        assertEquals(AllowRule.ANYONE, decide(Action.VIEW, http(null, null)).who());
    }

    @Test
    @DisplayName("is not asked about what the rules allow, and its refusal is 401 or 403")
    void refusals() {
        answer = question -> HttpResponse.of(302);
        assertEquals(200, status(Action.PUBLISH, http(null, "Bearer " + SECRET)));
        assertEquals(0, questions.size());
        assertEquals(403, status(Action.VIEW, http(null, "Bearer " + SECRET)), "known, but not allowed");
        assertEquals(401, status(Action.VIEW, http(null, "Bearer wrong")));
        assertEquals(401, status(Action.VIEW, http(null, null)));
        assertEquals(3, questions.size());
        for (int i = 0; i < 4; i++) {
            assertEquals(401, status(Action.VIEW, http(null, "Bearer wrong" + i)));
        }
        assertEquals(429, status(Action.VIEW, http(null, "Bearer wrong")));
        assertEquals(7, questions.size(), "a slowed address reaches the service");
    }

    @Test
    @DisplayName("may limit the time and the number of viewers; an answer that cannot be read is a refusal")
    void limits() throws Exception {
        json = Map.of("maxViewers", 7.0, "until", 1_800_000_000.0);
        answer = question -> HttpResponse.json(200, "{}");
        Grant grant = decide(Action.VIEW, http(null, "Bearer t"));
        assertEquals(7, grant.maxViewers());
        assertEquals(Instant.ofEpochSecond(1_800_000_000), grant.until());
        json = null;
        assertEquals(503, status(Action.VIEW, http(null, "Bearer u")));
        answer = question -> HttpResponse.text(200, "x".repeat(CallOut.ANSWER_BYTES_MAX + 1));
        assertEquals(503, status(Action.VIEW, http(null, "Bearer v")), "a long answer");
    }

    @Test
    @DisplayName("is asked again only after the time that its answer holds, at most a minute")
    void remembered() {
        answer = question -> HttpResponse.of(204).withHeader("Cache-Control", "private, max-age=3600");
        HttpRequest request = http(null, "Bearer t");
        assertEquals(200, status(Action.VIEW, request));
        assertEquals(200, status(Action.VIEW, request));
        assertEquals(1, questions.size());
        assertEquals(200, status(Action.PUBLISH, request), "another question");
        assertEquals(2, questions.size());
        nanos.addAndGet(CallOut.REMEMBERED_MAX.toNanos());
        answer = question -> HttpResponse.of(403);
        assertEquals(401, status(Action.VIEW, request));
        assertEquals(401, status(Action.VIEW, request));
        assertEquals(4, questions.size(), "an answer without Cache-Control is remembered");
    }

    @Test
    @DisplayName("that does not answer in time, or is not there, is a refusal with 503")
    void unreachable() throws Exception {
        open(Duration.ofMillis(100));
        answer = question -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return null;
        };
        assertEquals(503, status(Action.VIEW, http(null, "Bearer t")));
        never.countDown();
        service.close();
        HttpException refusal = assertThrows(HttpException.class, () -> decide(Action.VIEW, http(null, "Bearer t")));
        assertEquals(503, refusal.status());
        assertEquals(200, status(Action.PUBLISH, http(null, "Bearer " + SECRET)), "the rules still hold");
    }
}
