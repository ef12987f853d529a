package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.core.Shows;
import io.iocp4j.core.TestKeys;
import io.iocp4j.websocket.frame.WireBytes;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Over TLS")
class ClientTlsTest extends ClientFixture {
    private static TestServer secure(TestKeys keys) throws Exception {
        return new TestServer(TestServer.LOOPBACK.tls(keys.context()), o -> o, request -> new TestServer.Echo());
    }

    private static URI wss(TestServer server) {
        return URI.create("wss://localhost:" + server.server.address().getPort() + "/");
    }

    private void echoes(WebSocket socket) throws Exception {
        socket.trySend("hello");
        assertEquals("hello", TestServer.take(recorder.events));
        socket.close();
        assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
    }

    @Test
    @DisplayName("our client talks to our server")
    void ourServer() throws Exception {
        client = client.tls(TestKeys.trusting());
        try (TestServer server = secure(TestKeys.LOCALHOST)) {
            echoes(open(wss(server)));
        }
    }

    @Test
    @DisplayName("a context in the options of TCP is used for wss, and not for ws")
    void contextInOptions() throws Exception {
        client = client.tcp(TCP.tls(TestKeys.trusting()));
        try (TestServer secure = secure(TestKeys.LOCALHOST)) {
            echoes(open(wss(secure)));
        }
        recorder.end();
        try (TestServer plain = TestServer.echo()) {
            echoes(open(plain.uri()));
        }
    }

    @ParameterizedTest
    @Shows("CVE-2020-11050")
    @DisplayName("a certificate of another host, of a stranger or of the past is refused, always")
    @EnumSource(value = TestKeys.class, names = {"OTHER_HOST", "STRANGER", "EXPIRED"})
    void refusedCertificates(TestKeys keys) throws Exception {
        client = client.tls(TestKeys.trusting());
        try (TestServer server = secure(keys)) {
            IoException failed = refused(IoException.class, wss(server));
            assertEquals(IoError.TLS_FAILURE, failed.error());
            assertInstanceOf(SSLException.class, failed.getCause());
        }
    }

    @Test
    @DisplayName("the default context of the JDK trusts no authority of a test")
    void defaultContext() throws Exception {
        try (TestServer server = secure(TestKeys.LOCALHOST)) {
            assertEquals(IoError.TLS_FAILURE, refused(IoException.class, wss(server)).error());
        }
    }

    @Test
    @DisplayName("a server that speaks no TLS fails the opening, and so does one that is silent")
    void noTls() throws Exception {
        client = client.tls(TestKeys.trusting());
        try (RawServer server = new RawServer(peer -> peer.send("HTTP/1.1 400 No\r\n\r\n"))) {
            URI uri = URI.create("wss://localhost:" + server.address().getPort() + "/");
            assertEquals(IoError.TLS_FAILURE, refused(IoException.class, uri).error());
        }
        client = client.connectTimeout(Duration.ofMillis(200));
        try (RawServer server = new RawServer(RawServer.Peer::awaitEnd)) {
            URI uri = URI.create("wss://localhost:" + server.address().getPort() + "/");
            assertEquals(IoError.TIMED_OUT, refused(IoException.class, uri).error());
        }
    }

    @Test
    @DisplayName("through a proxy TLS begins behind CONNECT, and its certificate is that of the server")
    void throughProxy() throws Exception {
        client = client.tls(TestKeys.trusting());
        for (TestKeys keys : new TestKeys[] {TestKeys.LOCALHOST, TestKeys.OTHER_HOST}) {
            // made here: the first one of a run takes seconds, for which no opening should have to wait
            SSLContext context = keys.context();
            try (RawServer proxy = new RawServer(peer -> {
                assertTrue(peer.request().head.startsWith("CONNECT localhost:4433 HTTP/1.1\r\n"));
                peer.send("HTTP/1.1 200 OK\r\n\r\n");
                InputStream nothing = InputStream.nullInputStream();
                try (SSLSocket inner = (SSLSocket) context.getSocketFactory()
                        .createSocket(peer.socket, nothing, true)) {
                    new RawServer.Peer(inner).request().accept().close();
                } catch (SSLException refusedByClient) {
                    assertEquals(TestKeys.OTHER_HOST, keys, refusedByClient.toString());
                }
            })) {
                client = client.proxy(proxy.address());
                URI behind = URI.create("wss://localhost:4433/chat");
                if (keys == TestKeys.LOCALHOST) {
                    WebSocket socket = open(behind);
                    socket.close();
                    assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
                    recorder.end();
                } else {
                    assertEquals(IoError.TLS_FAILURE, refused(IoException.class, behind).error());
                }
            }
        }
    }

    @Test
    @DisplayName("our client talks to a server of the JDK's TLS")
    void jdkServer() throws Exception {
        client = client.tls(TestKeys.trusting());
        try (SSLServerSocket listener = (SSLServerSocket) TestKeys.LOCALHOST.context().getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> served = CompletableFuture.runAsync(() -> {
                try (SSLSocket accepted = (SSLSocket) listener.accept()) {
                    RawServer.Peer peer = new RawServer.Peer(accepted).request().accept();
                    assertEquals("hello", peer.text());
                    peer.send(WireBytes.unmasked(0x81, "hello".getBytes())).close();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            echoes(open(URI.create("wss://localhost:" + listener.getLocalPort() + "/")));
            served.get(5, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("a client of the JDK talks to our server")
    void jdkClient() throws Exception {
        CompletableFuture<String> text = new CompletableFuture<>();
        try (HttpClient http = HttpClient.newBuilder().sslContext(TestKeys.trusting()).build();
                TestServer server = secure(TestKeys.LOCALHOST)) {
            var socket = http.newWebSocketBuilder().buildAsync(wss(server), new java.net.http.WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(java.net.http.WebSocket socket, CharSequence data, boolean last) {
                    text.complete(data.toString());
                    socket.request(1);
                    return null;
                }
            }).get(10, TimeUnit.SECONDS);
            socket.sendText("hello", true).get(5, TimeUnit.SECONDS);
            assertEquals("hello", text.get(5, TimeUnit.SECONDS));
            socket.sendClose(1000, "").get(5, TimeUnit.SECONDS);
            http.shutdownNow();
        }
    }
}
