package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import io.iocp4j.websocket.WebSocketServer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The example of chat rooms")
class ChatRoomsTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    @Test
    @DisplayName("tells everybody in a room what one of them says, and nobody in another room")
    void rooms() throws IOException {
        try (WebSocketServer server = ChatRooms.listen(ServerOptions.defaults().loopback(0))) {
            String authority = "ws://localhost:" + server.tcpPort();
            try (WebSocket ann = WebSocketClient.connect(URI.create(authority + "/kitchen"))) {
                assertEquals("somebody came", ann.receive(DEADLINE).text());
                try (WebSocket ben = WebSocketClient.connect(URI.create(authority + "/kitchen"));
                        WebSocket cat = WebSocketClient.connect(URI.create(authority + "/garden"))) {
                    assertEquals("somebody came", ben.receive(DEADLINE).text());
                    assertEquals("somebody came", cat.receive(DEADLINE).text());
                    ben.send("tea?");
                    assertEquals("tea?", ben.receive(DEADLINE).text());
                    cat.send("rain");
                    assertEquals("rain", cat.receive(DEADLINE).text());
                }
                assertEquals("somebody came", ann.receive(DEADLINE).text());
                assertEquals("tea?", ann.receive(DEADLINE).text());
                assertEquals("somebody left", ann.receive(DEADLINE).text());
            }
            server.close(DEADLINE);
        }
    }
}
