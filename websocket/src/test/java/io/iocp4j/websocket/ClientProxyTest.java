package io.iocp4j.websocket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iocp4j.core.IoError;
import io.iocp4j.core.IoException;
import io.iocp4j.websocket.handshake.HandshakeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Through a proxy")
class ClientProxyTest extends ClientFixture {
    private static final URI BEHIND = URI.create("ws://server.invalid:8080/chat");
    private static final RawServer.Script NOBODY = peer -> assertFalse(peer.socket.isClosed());

    private RawServer.Peer seen;

    private RawServer proxy(String answer, RawServer.Script behind) throws IOException {
        RawServer proxy = new RawServer(peer -> {
            seen = peer.request();
            String connect = peer.head;
            peer.send(answer);
            behind.run(peer);
            peer.head = connect;
        });
        client = client.proxy(proxy.address());
        return proxy;
    }

    @Test
    @DisplayName("a client asks for the server by name, and then speaks to it as if there were no proxy")
    void tunnel() throws Exception {
        client = client.header("Authorization", "for the server");
        try (RawServer proxy = proxy("HTTP/1.1 200 Connection established\r\n\r\n", peer -> {
            peer.request().send(peer.switching());
            assertEquals("for the server", peer.field("Authorization"));
            assertEquals("server.invalid:8080", peer.field("Host"));
            assertEquals("hello", peer.text());
            peer.close();
        })) {
            WebSocket socket = open(BEHIND);
            socket.trySend("hello");
            socket.close();
            assertTrue(socket.closed().get(5, TimeUnit.SECONDS).clean());
            assertFalse(proxy.uri("/").toString().isEmpty());
        }
        assertEquals("CONNECT server.invalid:8080 HTTP/1.1\r\nHost: server.invalid:8080\r\n\r\n", seen.head);
        assertNull(seen.field("Authorization"));
    }

    @Test
    @DisplayName("name and password go to the proxy, in UTF-8, and not to the server")
    void credentials() throws Exception {
        try (RawServer proxy = proxy("HTTP/1.0 299 Fine\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                peer -> {
                    peer.request().send(peer.switching());
                    assertNull(peer.field("Proxy-Authorization"));
                })) {
            client = client.proxy(proxy.address(), "M\u00fcller", "a:b");
            open(BEHIND);
        }
        assertEquals("Basic TcO8bGxlcjphOmI=", seen.field("Proxy-Authorization"));
    }

    @ParameterizedTest
    @DisplayName("a refusal of the proxy is shown with its status, fields and body, and followed nowhere")
    @ValueSource(ints = {101, 302, 403, 407, 502})
    void refusal(int status) throws Exception {
        client = client.maxRedirects(5);
        String answer = "HTTP/1.1 " + status + " No\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi";
        try (RawServer proxy = proxy(answer, NOBODY)) {
            HandshakeException refused = refused(HandshakeException.class, BEHIND);
            assertEquals(status, refused.status());
            assertEquals("/x", refused.headers().first("Location"));
            assertEquals(status == 101 ? "" : "hi", refused.bodyText());
            assertTrue(refused.getMessage().matches("the proxy for ws://\\S+:\\d+ answered " + status),
                    refused.getMessage());
            assertTrue(proxy.address().getPort() > 0);
        }
    }

    @Test
    @DisplayName("bytes behind the answer to CONNECT are refused: nobody there speaks first")
    void earlyBytes() throws Exception {
        try (RawServer proxy = proxy("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 S\r\n\r\n", NOBODY)) {
            assertEquals(200, refused(HandshakeException.class, BEHIND).status());
            assertTrue(proxy.address().getPort() > 0);
        }
    }

    @Test
    @DisplayName("a proxy that is no HTTP, hangs up, or is not there fails the opening")
    void broken() throws Exception {
        try (RawServer proxy = proxy("SOCKS\r\n", NOBODY)) {
            assertEquals(0, refused(HandshakeException.class, BEHIND).status());
            assertTrue(proxy.address().getPort() > 0);
        }
        InetSocketAddress gone;
        try (RawServer proxy = proxy("HTTP/1.1 2", peer -> peer.socket.shutdownOutput())) {
            assertEquals(IoError.EOF, refused(IoException.class, BEHIND).error());
            gone = proxy.address();
        }
        client = client.proxy(gone);
        assertEquals(IoError.CONNECTION_REFUSED, refused(IoException.class, BEHIND).error());
    }

    @Test
    @DisplayName("the time limit holds while the proxy is silent")
    void timedOut() throws Exception {
        try (RawServer proxy = new RawServer(RawServer.Peer::awaitEnd)) {
            client = client.connectTimeout(Duration.ofMillis(200)).proxy(proxy.address());
            assertEquals(IoError.TIMED_OUT, refused(IoException.class, BEHIND).error());
        }
    }
}
