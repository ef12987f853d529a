package io.iocp4j.relay.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.core.Shows;
import io.iocp4j.websocket.JsonTree;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.http.HttpException;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpHeaders;
import io.iocp4j.websocket.http.HttpResponse;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Webhooks")
@Timeout(60)
class WebhooksTest {
    private static final int SECONDS = 10;
    private static final String SECRET = "a secret of the test";

    /** A request that the service received. */
    private record Received(HttpHeaders headers, String body) {
    }

    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<Integer> answers = new LinkedBlockingQueue<>();
    private final CountDownLatch mayAnswer = new CountDownLatch(1);
    private final Observer observer = new Observer(Clock.systemUTC(), "1", "selector", 0);
    private CompletionPort port;
    private WebSocketServer service;

    @BeforeEach
    void start() throws Exception {
        port = CompletionPort.open();
        service = WebSocketServer.listen(port, ServerOptions.defaults().loopback(0), exchange -> {
            throw new HttpException(404, "no WebSocket");
        }, HttpHandler.blocking(exchange -> {
            String body = new String(exchange.bodyStream().readAllBytes(), StandardCharsets.UTF_8);
            received.add(new Received(exchange.request().headers(), body));
            mayAnswer.await();
            Integer status = answers.poll();
            exchange.respond(HttpResponse.of(status == null ? 204 : status));
        }));
    }

    @AfterEach
    void stop() {
        mayAnswer.countDown();
        observer.close();
        service.close(Duration.ofSeconds(1));
        port.close();
    }

    private void hook(String secret) {
        URI target = URI.create("http://127.0.0.1:" + service.address().getPort() + "/hook?token=abcdefgh");
        observer.webhook(target, secret, Duration.ofMillis(1));
    }

    private Received next() throws InterruptedException {
        Received next = received.poll(SECONDS, TimeUnit.SECONDS);
        assertNotNull(next, "no webhook in time");
        return next;
    }

    private long count(String result) {
        return observer.metrics().webhooks.of(result).sum();
    }

    @Test
    @Shows("E4")
    @DisplayName("post events in order as JSON, signed with HMAC-SHA256 of the body")
    void signed() throws Exception {
        mayAnswer.countDown();
        hook(SECRET);
        StreamObserver stream = observer.stream("hall/cam1");
        stream.live(1, "192.0.2.1");
        stream.viewer("v1", 0).joined("192.0.2.2", null);
        stream.ended(4410, "the publisher did not come back");
        observer.limitHit("viewers");
        observer.limitHit("viewers");
        Received live = next();
        Map<String, Object> json = JsonTree.readObject(live.body);
        Instant.parse((String) json.remove("time"));
        assertEquals(Map.of("t", "event", "type", "stream.live", "path", "hall/cam1", "epoch", 1.0,
                "peer", "192.0.2.1"), json);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertEquals("sha256=" + HexFormat.of().formatHex(mac.doFinal(live.body.getBytes(StandardCharsets.UTF_8))),
                live.headers.first("X-Relay-Signature"));
        assertEquals("stream.live", live.headers.first("X-Relay-Event"));
        assertEquals("application/json", live.headers.first("Content-Type"));
        Received ended = next();
        assertEquals("stream.ended", JsonTree.readObject(ended.body).get("type"), "viewers are not posted");
        assertNotEquals(live.headers.first("X-Relay-Delivery"), ended.headers.first("X-Relay-Delivery"));
        assertEquals("viewers", JsonTree.readObject(next().body).get("limit"));
        stream.waiting(2);
        assertEquals("stream.waiting", JsonTree.readObject(next().body).get("type"), "a limit is told once in a while");
    }

    @Test
    @Shows("E4")
    @DisplayName("are tried three times, as the same delivery, and then the next event follows")
    void tries() throws Exception {
        mayAnswer.countDown();
        for (int status : new int[] {500, 302, 200, 503, 404, 500, 201}) {
            answers.add(status);
        }
        hook(null);
        StreamObserver stream = observer.stream("cam1");
        stream.live(1, null);
        stream.waiting(1);
        stream.live(2, null);
        String delivery = next().headers.first("X-Relay-Delivery");
        for (int i = 1; i < Webhooks.TRIES; i++) {
            Received again = next();
            assertEquals(delivery, again.headers.first("X-Relay-Delivery"));
            assertEquals(null, again.headers.first("X-Relay-Signature"), "there is no secret");
        }
        for (int i = 0; i < Webhooks.TRIES; i++) {
            assertEquals("stream.waiting", next().headers.first("X-Relay-Event"));
        }
        assertEquals(2.0, JsonTree.readObject(next().body).get("epoch"));
        observer.close();
        assertEquals(2, count("delivered"));
        assertEquals(1, count("failed"));
    }

    @Test
    @Shows("E4")
    @DisplayName("that find no room in the queue are dropped and counted; who tells of them never waits")
    void full() throws Exception {
        hook(null);
        StreamObserver stream = observer.stream("cam1");
        stream.live(1, null);
        next();
        for (int i = 0; i < Webhooks.QUEUE_MAX + 3; i++) {
            stream.waiting(1);
        }
        assertEquals(3, count("dropped"));
        assertTrue(received.isEmpty());
        mayAnswer.countDown();
        for (int i = 0; i < Webhooks.QUEUE_MAX; i++) {
            next();
        }
    }
}
