package io.iocp4j.websocket;

import static io.iocp4j.websocket.http.HttpFixture.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.Shows;
import io.iocp4j.websocket.TestServer.Echo;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.http.HttpHandler;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReloadStormTest {
    private static final int LIVES = 1000;
    private static final int RELOADS = 300;
    private static final int STREAMED = 3000;

    /** One life of a connection, heard by one listener: it must hear its own events only, and exactly one end. */
    private static final class Life extends Echo {
        private final AtomicInteger opens;
        private final Semaphore closes;
        private final AtomicInteger wrong;
        private WebSocket mine;
        private boolean closed;

        Life(AtomicInteger opens, Semaphore closes, AtomicInteger wrong) {
            this.opens = opens;
            this.closes = closes;
            this.wrong = wrong;
        }

        private void check(boolean right) {
            if (!right) {
                wrong.incrementAndGet();
            }
        }

        @Override
        public void onOpen(WebSocket socket) {
            check(mine == null);
            mine = socket;
            opens.incrementAndGet();
        }

        @Override
        public void onText(WebSocket socket, String text) {
            check(mine == socket && !closed && text.equals(socket.handshake().request().path()));
            socket.trySend(text);
        }

        @Override
        public void onClose(WebSocket socket, CloseStatus why) {
            check(mine == socket && !closed && socket.state() != WebSocket.State.OPEN);
            closed = true;
            closes.release();
        }
    }

    /** A visit that ends in one of many ways, politely or not. */
    private static void visit(TestServer server, int life) throws Exception {
        try (RawClient client = server.connect()) {
            String path = "/" + life;
            int manner = life % 8;
            client.send(manner == 0 ? "GET / HT" : RawClient.upgradeHead(path));
            if (manner >= 2) {
                assertEquals(101, client.response().status());
            }
            if (manner >= 3) {
                client.text(path);
            }
            if (manner >= 4) {
                assertEquals(path, client.text());
            }
            switch (manner) {
                case 5 -> client.close(1001);
                case 6 -> {
                    client.close(1000);
                    client.assertClose(1000);
                }
                case 7 -> client.end();
                default -> client.reset();
            }
        }
    }

    @Test
    @Shows({"B27", "A17"})
    @DisplayName("1,000 visits cut at every stage: each life hears its own events and one end, and "
            + "nothing is left")
    void manyLives() throws Exception {
        AtomicInteger opens = new AtomicInteger();
        AtomicInteger wrong = new AtomicInteger();
        Semaphore closes = new Semaphore(0);
        try (TestServer server = TestServer.with(request -> new Life(opens, closes, wrong))) {
            for (int life = 0; life < LIVES; life++) {
                visit(server, life);
            }
            server.server.close();
            server.server.closed().get(5, TimeUnit.SECONDS);
            assertEquals(0, server.server.tcp().connections());
            assertEquals(0, server.server.webSockets());
            assertEquals(0, server.port.buffers().usedBytes());
            assertEquals(0, wrong.get());
            // visits of the first two manners may end before their handshake was read
            assertTrue(opens.get() >= LIVES * 6 / 8 && opens.get() <= LIVES * 7 / 8, "opened: " + opens);
            assertEquals(opens.get(), closes.availablePermits());
        }
    }

    @Test
    @Shows("B27")
    @DisplayName("300 rapid reloads do not delay or cut the stream of another client")
    void reloads() throws Exception {
        Recorder viewer = new Recorder();
        HttpHandler page = exchange -> exchange.respond(HttpResponse.text(200, "x".repeat(100_000)));
        try (TestServer server =
                TestServer.with(o -> o, exchange -> exchange.request().path().equals("/") ? viewer : new Echo(),
                page);
                RawClient client = server.upgraded()) {
            WebSocket stream = viewer.socket();
            CompletableFuture<Void> reading = CompletableFuture.runAsync(() -> {
                try {
                    for (int n = 0; n < STREAMED; n++) {
                        assertEquals("frame " + n, client.text());
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            for (int n = 0; n < RELOADS; n++) {
                try (RawClient reload = server.connect()) {
                    reload.send(get("/page") + RawClient.upgradeHead("/other"));
                    if (n % 2 == 0) {
                        assertEquals(200, reload.response().status());
                    }
                    reload.reset();
                }
                for (int i = 0; i < STREAMED / RELOADS; i++) {
                    stream.trySend("frame " + (n * STREAMED / RELOADS + i));
                }
            }
            reading.get(Duration.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS);
            assertEquals(WebSocket.State.OPEN, stream.state());
            client.close(1000);
            client.assertClose(1000);
        }
    }
}
