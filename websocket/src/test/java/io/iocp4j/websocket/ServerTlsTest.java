package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.core.TcpConnection;
import io.iocp4j.core.TcpOptions;
import io.iocp4j.core.TestKeys;
import io.iocp4j.websocket.TestServer.Recorder;
import io.iocp4j.websocket.frame.CloseCode;
import io.iocp4j.websocket.http.HttpResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("A server that was told tls()")
class ServerTlsTest {
    @RegisterExtension
    static final Quiet QUIET = new Quiet(TcpConnection.class);

    private final Recorder recorder = new TestServer.EchoRecorder();

    private TestServer server(TestKeys keys) throws IOException {
        return TestServer.with(o -> o.tls(keys.context()), request -> recorder,
                exchange -> exchange.respond(HttpResponse.text(200, "page " + exchange.request().path())));
    }

    private static URI uri(String scheme, TestServer server) {
        return URI.create(scheme + "://localhost:" + server.server.address().getPort() + "/p");
    }

    private static ClientOptions client() {
        return ClientOptions.defaults().tls(TestKeys.trusting());
    }

    /** The JDK's client, as another implementation. */
    private static final class JdkClient implements AutoCloseable {
        private final HttpClient http = HttpClient.newBuilder().sslContext(TestKeys.trusting())
                .connectTimeout(Duration.ofSeconds(10)).build();

        CompletableFuture<java.net.http.WebSocket> connect(URI uri, java.net.http.WebSocket.Listener listener) {
            return http.newWebSocketBuilder().buildAsync(uri, listener);
        }

        @Override
        public void close() {
            http.shutdownNow();
            http.close();
        }
    }

    @Test
    @DisplayName("speaks wss with our client, and both ends are clean")
    void ourClient() throws Exception {
        try (TestServer server = server(TestKeys.LOCALHOST)) {
            WebSocket socket = WebSocketClient.connect(client(), uri("wss", server));
            socket.send("hello");
            assertEquals("hello", socket.receive().text());
            assertEquals("/p", recorder.socket().handshake().request().path());
            socket.close();
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
            assertEquals(CloseCode.NORMAL, recorder.end().code());
        }
    }

    @Test
    @DisplayName("speaks https and wss with the JDK's client, on the same port")
    void jdkClient() throws Exception {
        try (TestServer server = server(TestKeys.LOCALHOST); JdkClient jdk = new JdkClient()) {
            assertEquals("page /p",
                    jdk.http.send(HttpRequest.newBuilder(uri("https", server)).build(), BodyHandlers.ofString())
                    .body());
            CompletableFuture<String> text = new CompletableFuture<>();
            CompletableFuture<Integer> closed = new CompletableFuture<>();
            java.net.http.WebSocket socket = jdk.connect(uri("wss", server), new java.net.http.WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(java.net.http.WebSocket from, CharSequence data, boolean last) {
                    text.complete(data.toString());
                    from.request(1);
                    return null;
                }

                @Override
                public CompletionStage<?> onClose(java.net.http.WebSocket from, int code, String reason) {
                    closed.complete(code);
                    return null;
                }
            }).get(10, TimeUnit.SECONDS);
            socket.sendText("hello", true).get(5, TimeUnit.SECONDS);
            assertEquals("hello", text.get(5, TimeUnit.SECONDS));
            recorder.socket().close(4000, "over");
            assertEquals(4000, closed.get(5, TimeUnit.SECONDS));
            assertEquals(4000, recorder.end().code());
        }
    }

    @Test
    @Shows("CVE-2020-11050")
    @DisplayName("with the certificate of another host is refused by our client and by the JDK's")
    void wrongHost() throws Exception {
        try (TestServer server = server(TestKeys.OTHER_HOST); JdkClient jdk = new JdkClient()) {
            IoException refused = assertThrows(IoException.class,
                    () -> WebSocketClient.connect(client(), uri("wss", server)));
            assertEquals(IoError.TLS_FAILURE, refused.error());
            assertInstanceOf(SSLException.class, refused.getCause());
            CompletionException byJdk = assertThrows(CompletionException.class,
                    () -> jdk.connect(uri("wss", server), new java.net.http.WebSocket.Listener() { }).join());
            assertInstanceOf(SSLException.class, byJdk.getCause());
        }
        assertTrue(recorder.opened.isEmpty(), "no WebSocket was there");
    }

    @Test
    @DisplayName("goes by that context, not by one in the options of TCP, and answers nobody in the open")
    void context() throws Exception {
        try (TestServer server = new TestServer(TestServer.LOOPBACK.tls(TestKeys.OTHER_HOST.context()),
                o -> o.tls(TestKeys.LOCALHOST.context()), request -> recorder)) {
            try (WebSocket socket = WebSocketClient.connect(client(), uri("wss", server))) {
                socket.send("hello");
                assertEquals("hello", socket.receive().text());
            }
            assertThrows(IOException.class, () -> WebSocketClient.connect(ClientOptions.defaults(), uri("ws", server)));
        }
    }

    @Test
    @DisplayName("keeps the parameters of the options when it brings another context, and adds its own")
    void parameters() throws Exception {
        TcpOptions needing = TestServer.LOOPBACK.tls(TestKeys.OTHER_HOST.context(), p -> p.setNeedClientAuth(true));
        TcpOptions asking = TestServer.LOOPBACK.tls(TestKeys.OTHER_HOST.context(),
                p -> p.setProtocols(new String[] {"TLSv1.2"}));
        try (TestServer kept = new TestServer(needing, o -> o.tls(TestKeys.LOCALHOST.context()), request -> recorder);
                TestServer added = new TestServer(asking, o -> o
                        .tls(TestKeys.LOCALHOST.context(), p -> p.setNeedClientAuth(true)), request -> recorder)) {
            for (TestServer server : List.of(kept, added)) {
                assertThrows(IOException.class, () -> WebSocketClient.connect(client(), uri("wss", server)).receive());
                try (WebSocket socket = WebSocketClient.connect(client().tls(TestKeys.CLIENT.context()),
                        uri("wss", server))) {
                    socket.send("hello");
                    assertEquals("hello", socket.receive().text());
                }
            }
            assertThrows(IOException.class, () -> WebSocketClient.connect(client()
                    .tls(TestKeys.CLIENT.context(), p -> p.setProtocols(new String[] {"TLSv1.3"})), uri("wss", added)));
            TcpOptions newer = TcpOptions.defaults()
                    .tls(TestKeys.trusting(), p -> p.setProtocols(new String[] {"TLSv1.3"}));
            assertThrows(IOException.class, () ->
                    WebSocketClient.connect(client().tcp(newer).tls(TestKeys.CLIENT.context()), uri("wss", added)));
        }
    }

    @Test
    @DisplayName("does not listen without a key")
    void noKey() {
        assertThrows(IllegalArgumentException.class, () -> WebSocketServer.listen(
                ServerOptions.defaults().tls(TestKeys.trusting()).tcp(TestServer.LOOPBACK), UpgradeHandler.none()));
    }
}
