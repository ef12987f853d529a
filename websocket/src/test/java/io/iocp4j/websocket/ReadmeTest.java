package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.core.TcpOptions;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The WebSockets that README shows")
class ReadmeTest {
    @Test
    @DisplayName("talk to each other")
    void echo() throws IOException {
        WebSocketServer server = WebSocketServer.builder().webSockets(request -> new WebSocketListener() {
            @Override public void onText(WebSocket socket, String text) { socket.trySend(text); }
        }).listen(TcpOptions.defaults().port(0));
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.address().getPort() + "/chat")) {
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
        }
        server.close(TestServer.DEADLINE);
        server.awaitClosed();
    }

    @Test
    @DisplayName("talk to each other, with a virtual thread per WebSocket")
    void blockingEcho() throws IOException {
        WebSocketServer server = WebSocketServer.listen(0, socket -> {
            for (Message message : socket) socket.send(message);
        });
        try (WebSocket socket = WebSocketClient.connect("ws://localhost:" + server.address().getPort() + "/")) {
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
        }
        server.close(TestServer.DEADLINE);
    }
}
