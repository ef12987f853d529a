package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.Message;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.http.HttpException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The example of a reconnecting client")
class ReconnectingClientTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    @Test
    @DisplayName("comes back after a refusal, a lost connection and a close, and no more after its own close")
    void comesBack() throws Exception {
        AtomicInteger handshakes = new AtomicInteger();
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        CompletableFuture<CloseStatus> lastEnd = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().loopback(0), exchange -> {
            int number = handshakes.incrementAndGet();
            if (number <= 2) {
                throw new HttpException(503, "not yet");
            }
            return WebSocketListener.session(socket -> {
                heard.add(number + " " + socket.receive(DEADLINE).text());
                if (number == 3) {
                    socket.abort();
                } else if (number == 5) {
                    assertNull(socket.receive(DEADLINE));
                    lastEnd.complete(socket.closeStatus());
                }
            });
        })) {
            URI uri = URI.create("ws://localhost:" + server.tcpPort());
            Duration cap = Duration.ofMillis(20);
            ReconnectingClient client = new ReconnectingClient(uri, Duration.ofMillis(1), cap, socket -> {
                socket.send("hello");
                for (Message message : socket) {
                    heard.add(message.text());
                }
            });
            for (int number = 3; number <= 5; number++) {
                assertEquals(number + " hello", heard.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS));
            }
            client.close();
            assertEquals(1000, lastEnd.get(DEADLINE.toSeconds(), TimeUnit.SECONDS).code());
            server.close(DEADLINE);
            assertEquals(5, handshakes.get());
        }
    }

    @Test
    @DisplayName("leaves at once when it is closed while it waits, and when its session closes it")
    void closedWhileItWaits() throws Exception {
        CompletableFuture<ReconnectingClient> inside = new CompletableFuture<>();
        CompletableFuture<Void> left = new CompletableFuture<>();
        ServerOptions loopback = ServerOptions.defaults().loopback(0);
        try (WebSocketServer server = WebSocketServer.listenBlocking(loopback, socket -> { })) {
            URI uri = URI.create("ws://localhost:" + server.tcpPort());
            Duration hour = Duration.ofHours(1);
            CompletableFuture<Void> ended = new CompletableFuture<>();
            ReconnectingClient waiting = new ReconnectingClient(uri, hour, hour, socket -> {
                assertNull(socket.receive(DEADLINE));
                ended.complete(null);
            });
            ended.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            waiting.close();
            inside.complete(new ReconnectingClient(uri, hour, hour, socket -> {
                inside.get(DEADLINE.toSeconds(), TimeUnit.SECONDS).close();
                left.complete(null);
            }));
            left.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            inside.join().close();
            server.close(DEADLINE);
            assertEquals(2, server.accepted());
        }
    }
}
