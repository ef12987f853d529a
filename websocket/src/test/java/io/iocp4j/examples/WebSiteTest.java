package io.iocp4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.websocket.ClientOptions;
import io.iocp4j.websocket.ServerOptions;
import io.iocp4j.websocket.WebSocket;
import io.iocp4j.websocket.WebSocketClient;
import io.iocp4j.websocket.WebSocketServer;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The example of a web site")
class WebSiteTest {
    @TempDir
    Path directory;

    @Test
    @DisplayName("has files, uploads, events, and WebSockets for those who have logged in")
    void works() throws Exception {
        Files.writeString(directory.resolve("index.html"), "home");
        try (WebSocketServer server = WebSite.listen(ServerOptions.defaults().loopback(0), directory);
                HttpClient http = HttpClient.newHttpClient()) {
            String authority = "localhost:" + server.tcpPort();
            URI home = URI.create("http://" + authority + "/");
            assertEquals("home", get(http, home));
            HttpRequest upload = HttpRequest.newBuilder(home).POST(BodyPublishers.ofString("content")).build();
            String name = http.send(upload, BodyHandlers.ofString()).body();
            assertEquals("content", get(http, home.resolve("/" + name)));
            String clock = get(http, home.resolve("/clock"));
            assertTrue(clock.startsWith("data: ") && clock.endsWith("Z\n\n"), clock);
            assertEquals("<p>welcome", get(http, home.resolve("/login")));
            URI chat = URI.create("ws://" + authority + "/chat");
            assertEquals(401, assertThrows(HandshakeException.class, () -> WebSocketClient.connect(chat)).status());
            try (WebSocket socket =
                    WebSocketClient.connect(ClientOptions.defaults().header("Cookie", "user=ann"), chat)) {
                assertEquals("hello ann", socket.receive().text());
            }
            server.close(Duration.ofSeconds(5));
        }
    }

    private static String get(HttpClient http, URI uri) throws Exception {
        return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    }
}
