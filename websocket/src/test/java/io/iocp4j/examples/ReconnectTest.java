package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.CompletionPort;
import io.iocp4j.websocket.CloseStatus;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.UpgradeHandler;
import io.iocp4j.websocket.WebSocketListener;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The example of a client that connects again")
class ReconnectTest {
    @Test
    @DisplayName("does so after a refusal and after a loss, and not after an end with 1000")
    void again() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        UpgradeHandler handler = exchange -> {
            int attempt = attempts.incrementAndGet();
            if (attempt == 1) {
                throw new HttpException(503, "not yet");
            }
            return WebSocketListener.session(socket -> {
                socket.send("hello " + attempt);
                socket.flush();
                if (attempt == 2) {
                    socket.close(CloseCode.INTERNAL_ERROR, "a failure of the server");
                }
            });
        };
        Queue<String> received = new ConcurrentLinkedQueue<>();
        try (WebSocketServer server = WebSocketServer.listen(ServerOptions.defaults().loopback(0), handler);
                CompletionPort port = CompletionPort.open()) {
            URI uri = URI.create("ws://localhost:" + server.address().getPort() + "/");
            CloseStatus end = Reconnect.run(port, uri, received::add).get(20, TimeUnit.SECONDS);
            assertEquals(CloseCode.NORMAL, end.code());
            assertEquals(List.of("hello 2", "hello 3"), List.copyOf(received));
            assertEquals(3, attempts.get());
            server.close(Duration.ofSeconds(5));
        }
    }
}
